"""Make the record of an environment: all values that a start reads from it, by name.

The record is a dict in the environment's file `record`. `warm.py` and the environment's `__main__.py` read it, and hand it
to `activate.py`, where it is called `settings`.
"""

import marshal
import os
import sys

import boot
from boot import interpreter

# Whether `site` reads `.start` files (PEP 829).
KNOWS_START = sys.version_info >= (3, 15)


def record(environment, interpreter_text):
    """Return the whole record of an environment.

    :param interpreter_text: The text that identifies its interpreter.
    """
    return dict(
        settings(environment),
        activate=boot.code_of("activate"),
        # Few starts need these two codes, so they stay bytes.
        imports=marshal.dumps(boot.code_of("imports")) if _has_table() else b"",
        interpreter_text=interpreter_text,
        seldom=marshal.dumps(boot.code_of("seldom")),
        venv_start=boot.code_of("venv_start"),
    )


def _has_table():
    """Return whether the environment of this interpreter may have an import table."""
    return sys.version_info >= (3, 6) and not interpreter.IS_WINDOWS


def settings(environment):
    """Return the part of the record that describes the app and its environment.

    The last entries are values for a plain start. The cold path puts others in their place for one start.
    """
    info = environment.info
    site_packages = environment.path(interpreter.site_packages())
    standard_library = interpreter.standard_library()
    venv_entries = [environment.venv] if interpreter.IS_WINDOWS else []
    venv_mode = bool(info.get("venv"))
    sources = os.path.join(environment.directory(environment.packs[0]), "lib")
    composition, apart = environment.composition, environment.apart
    first, last = [], []
    if composition and not venv_mode:
        first, last = composition.sources(environment), composition.hidden(environment)
    merged = environment.packs
    if apart:
        first, last = first + apart.before, apart.after + last
        sources = (apart.before + [sources])[0]
        merged = [pack for pack in merged if pack["fingerprint"] not in apart.mounts]
    read_by_site = sorted(name for pack in merged for name in pack["pth"])
    pth = [name for name in read_by_site if name.endswith(".pth")] + (apart.pth if apart else [])
    pth += [composition.PTH] if composition else []
    pth += [name for name in read_by_site if name.endswith(".start")] if KNOWS_START else []
    sitecustomize = any(name.startswith("sitecustomize") for name in read_by_site)
    inherit = "false" if venv_mode else inherit_path(info)
    system_site = interpreter.system_site_packages() if _has_system_site(info) else []
    inherits = bool(composition or system_site or inherit != "false")
    may_set_title = inherits or environment.has("title")
    python_path = venv_mode and not is_hermetic(info)
    return {
        "app": environment.app,
        "bin": os.path.join(environment.venv, environment.bin),
        "bin_path": info.get("venv_bin_path") or "false",
        "bind_resource_paths": sorted((info.get("bind_resource_paths") or {}).items()),
        "composed": composition.stamps if composition else [],
        "entry": _entry(environment),
        "has_preamble": boot.has_preamble,
        "inherit_path": inherit,
        "inject_args": _inject_args(info),
        "inject_env": sorted((info.get("inject_env") or {}).items()),
        "interpreter": interpreter.base_executable(),
        "may_set_title": may_set_title,
        # Whether a start calls a function of `seldom.py`.
        "needs_seldom": bool(may_set_title or python_path or pth or sitecustomize),
        "path_entries": first + standard_library + venv_entries + [site_packages] + last,
        "pth": pth,
        "python": environment.python,
        "python_args": info.get("inject_python_args") or [],
        "python_path": python_path,
        "site_packages": site_packages,
        "sitecustomize": sitecustomize,
        "sources": sources,
        "stdlib": standard_library,
        "strip_pex_env": info.get("strip_pex_env", True) is not False,
        "sys": _sys(environment),
        "subinterpreters": venv_mode
        and sys.version_info >= (3, 12)
        and environment.has("subinterpreters"),
        "system_site": system_site,
        "venv": environment.venv,
        "venv_mode": venv_mode,
        # The entries of PEX_EXTRA_SYS_PATH.
        "extra_sys_path": [],
        # (name, value) of variables for the process that a restart makes.
        "for_restart": [],
        # Whether the start may write an import table.
        "learns": True,
        # The function that logs a message.
        "log": None,
        # The modules of the cold path, which must live as long as the functions that it hands over.
        "modules": [],
        # The function that runs the interactive interpreter.
        "repl": None,
        # The function that calls `activate.execute`, to measure the app.
        "wrap": None,
    }


def _sys(environment):
    """Return the attributes that `sys` has in the environment's own interpreter."""
    executable = interpreter.base_executable()
    facts = {
        "executable": environment.python,
        "prefix": environment.venv,
        "exec_prefix": environment.venv,
    }
    if sys.version_info[0] == 2:
        facts["real_prefix"] = interpreter.base_prefix()
    else:
        facts["_home"] = os.path.dirname(executable)
    if hasattr(sys, "_base_executable"):
        knows_base = interpreter.IS_WINDOWS or sys.version_info >= (3, 11)
        facts["_base_executable"] = executable if knows_base else environment.python
    return facts


def hides_a_module(environment):
    """Return whether one of the app's own files hides a module of the standard library, as is possible in zipapp mode.

    The entry of `sys.path` for this slows each import, so only these apps get it.
    """
    names = environment.packs[0]["names"]
    if environment.info.get("venv") or not names:
        return False
    entries = [entry for entry in interpreter.standard_library() if os.path.isdir(entry)]
    found = [name for entry in entries for name in os.listdir(entry)]
    modules = set(name.split(".")[0] for name in found).union(sys.builtin_module_names)
    return not modules.isdisjoint(names)


def may_be_apart(info, packs):
    """Return whether some of these packs must not be merged into one directory. In venv mode, Pex merges them, too."""
    return not info.get("venv") and any(pack["pth"] or pack.get("clashes") for pack in packs)


def customizes(wheel):
    """Return whether a wheel has a `sitecustomize` or a `usercustomize`, which Pex runs only in venv mode."""
    return any(not name.endswith((".pth", ".start")) for name in wheel["pth"])


def _has_system_site(info):
    return bool(info.get("venv") and info.get("venv_system_site_packages"))


def is_hermetic(info):
    """Return whether an app in venv mode and its scripts ignore PYTHON* variables."""
    return info.get("venv_hermetic_scripts", True) is not False


def shares_site_packages(info):
    """Return whether child processes of the app find the machine's site-packages."""
    inherits = not info.get("venv") and inherit_path(info) != "false"
    return _has_system_site(info) or inherits


def _inject_args(info):
    """Return the arguments to inject, as format strings with `{pex.env.NAME}`."""
    args = info.get("inject_args") or []
    if "bind_resource_paths" in info:
        return args
    # A version of Pex without this field passes them unchanged.
    return [arg.replace("{", "{{").replace("}", "}}") for arg in args]


def _entry(environment):
    info = environment.info
    if info.get("script"):
        return script_entry(environment, info["script"])
    if info.get("entry_point"):
        return entry_of(info["entry_point"])
    return None


def script_entry(environment, name):
    """Return the entry for a console script, as `entry_of` does, or for a script of a wheel.

    The latter has the kind "script" for Python, or "binary" for another program; its target is a path. Without either, the kind
    is "missing" and the target the name.
    """
    path = os.path.join(environment.venv, environment.bin, name)
    composition = environment.composition
    packs = environment.packs + (composition.packs if composition else [])
    for pack in packs:
        for group in ("console_scripts", "gui_scripts"):
            target = pack.get("entry_points", {}).get(group, {}).get(name)
            if target:
                return entry_of(target, path)
    for pack in packs:
        if name in pack.get("scripts", ()):
            kind = "script" if name in pack["python_scripts"] else "binary"
            return {"kind": kind, "target": path}
    found = composition and composition.script_entry(name)
    return found or {"kind": "missing", "target": name}


def puts_last_first(info):
    """Return whether a PEX puts later wheels before earlier ones on `sys.path`, and all before the app's own code."""
    return not info.get("venv") and inherit_path(info) == "fallback"


def includes_tools(info):
    """Return `includes_tools` of PEX-INFO. Without this field, a PEX for venv mode includes the tools."""
    return info.get("includes_tools", info.get("venv"))


def inherit_path(info):
    """Return `inherit_path` of PEX-INFO: false, prefer or fallback. Old versions of Pex wrote a boolean."""
    value = info.get("inherit_path") or "false"
    return "prefer" if value is True else value


def entry_of(target, argv0=None):
    """Return the entry for `module` or `module:function`, of the kind "module" or "function". Its target is the module.

    :param argv0: The `sys.argv[0]` for a function in venv mode; `None` for the path of the CZEX.
    """
    module, _, function = target.partition(":")
    if function:
        return {"kind": "function", "target": module, "function": function, "argv0": argv0}
    return {"kind": "module", "target": module}
