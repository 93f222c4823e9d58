"""The environment of an app for an interpreter: what is in it, as a plan for the runtime (docs/format.md)."""

import marshal
import os
import sys

from boot import interpreter

SHEBANG_MAX_BYTES = 127
# Of every implementation, as pip has it.
HEADERS = "include/site/python{0}.{1}/"
CODING = "# -*- coding: utf-8 -*-"
FUNCTION_SCRIPT = """\
#!{shebang}
{coding}
import sys
from {module} import {first}

if __name__ == "__main__":
    sys.exit({function}())
"""
MODULE_SCRIPT = """\
#!{shebang}
{coding}
import runpy

if __name__ == "__main__":
    runpy.run_module("{module}", run_name="__main__", alter_sys=True)
"""
PYVENV_CFG = """\
home = {home}
include-system-site-packages = {system_site}
version = {version}
executable = {executable}
"""


# Lets the processes that a venv-mode app starts have its PEX_EXTRA_SYS_PATH.
EXTRA_SYS_PATH_PTH = (
    "import os, sys; [sys.path.extend(os.environ[n].split(os.pathsep)) "
    "for n in ('PEX_EXTRA_SYS_PATH', '__PEX_EXTRA_SYS_PATH__') if os.environ.get(n)]\n"
)


def encode(path):
    """A path of the file system as bytes."""
    if isinstance(path, bytes):
        return path
    return path.encode(sys.getfilesystemencoding() or "utf-8", "surrogateescape")


class Plan(object):
    """The records of a plan, as bytes."""

    def __init__(self):
        self._parts = []

    def add(self, *fields):
        for field in fields:
            # Paths of the file system come as Python decoded them, content as UTF-8.
            field = encode(field)
            self._parts.append(("%d:" % len(field)).encode("ascii") + field + b",")

    def add_file(self, mode, path, content):
        if not isinstance(content, bytes):
            content = content.encode("utf-8", "surrogateescape")
        self.add("file", mode, path, content)

    def dump(self):
        return b"".join(self._parts)


class Environment(object):
    """An environment to install: where it goes, and what is in it.

    :param packs: The packs to install, from `resolve.resolve`; `archive` holds them.
    :param composition: The other apps whose distributions are added, or None.
    """

    def __init__(self, root, venv, text, archive, info, packs, composition=None):
        self.root = root
        self.venv = venv
        self.info = info
        self.packs = packs
        self._text = text
        self._archive = archive
        self._composition = composition
        self._bin = "Scripts" if interpreter.IS_WINDOWS else "bin"
        self.python = os.path.join(venv, self._bin, "python" + (".exe" if os.name == "nt" else ""))

    @property
    def is_composed(self):
        """Whether other apps add distributions to it."""
        return self._composition is not None

    def settings(self):
        """What `activate.py` needs to know, and nothing that it would have to find out."""
        info = self.info
        site_packages = os.path.join(self.venv, *interpreter.site_packages().split("/"))
        standard_library = interpreter.standard_library()
        venv_entries = [self.venv] if interpreter.IS_WINDOWS else []
        venv_mode = bool(info.get("venv"))
        sources = os.path.join(self.root, "sources", self.packs[0]["sha256"][:40], "lib")
        composition = self._composition
        first = []
        if not venv_mode:
            first = composition.sources(self) if composition else []
            first += [sources] if self._hides_a_module(standard_library) else []
        read_by_site = sorted(name for pack in self.packs for name in pack["pth"])
        pth = [name for name in read_by_site if name.endswith(".pth")]
        return {
            "bin": os.path.join(self.venv, self._bin),
            "bin_path": info.get("venv_bin_path") or "false",
            "bind_resource_paths": sorted((info.get("bind_resource_paths") or {}).items()),
            "composed": composition.stamps if composition else [],
            "entry": self._entry(),
            "has_setproctitle": any(p.get("project") == "setproctitle" for p in self.packs),
            "inherit_path": "false" if venv_mode else inherit_path(info),
            "inject_args": self._inject_args(),
            "inject_env": sorted((info.get("inject_env") or {}).items()),
            "path_entries": first + standard_library + venv_entries + [site_packages],
            "pth": pth + ([composition.PTH] if composition else []),
            "python": self.python,
            "python_args": info.get("inject_python_args") or [],
            "site_packages": site_packages,
            "sitecustomize": len(pth) < len(read_by_site),
            "sources": sources,
            "stdlib": standard_library,
            "strip_pex_env": info.get("strip_pex_env", True) is not False,
            "sys": self._sys(),
            "system_site": interpreter.system_site_packages() if self._has_system_site else [],
            "venv": self.venv,
            "venv_mode": venv_mode,
        }

    def _sys(self):
        """What `sys` says of itself in the environment's own interpreter."""
        executable = interpreter.base_executable()
        facts = {"executable": self.python, "prefix": self.venv, "exec_prefix": self.venv}
        if sys.version_info[0] == 2:
            facts["real_prefix"] = interpreter.base_prefix()
        else:
            facts["_home"] = os.path.dirname(executable)
        if hasattr(sys, "_base_executable"):
            knows_base = interpreter.IS_WINDOWS or sys.version_info >= (3, 11)
            facts["_base_executable"] = executable if knows_base else self.python
        return facts

    def _hides_a_module(self, standard_library):
        """Whether one of the app's own files has the name of a module of the standard library.

        In zipapp mode it takes its place. An entry of `sys.path` for that costs each import, so few apps get it.
        """
        entries = [entry for entry in standard_library if os.path.isdir(entry)]
        names = [name for entry in entries for name in os.listdir(entry)]
        modules = set(name.split(".")[0] for name in names).union(sys.builtin_module_names)
        return not modules.isdisjoint(self.packs[0]["names"])

    @property
    def _has_system_site(self):
        return bool(self.info.get("venv") and self.info.get("venv_system_site_packages"))

    @property
    def _shares_site_packages(self):
        """Whether the processes that the app starts have the machine's site-packages."""
        inherits = not self.info.get("venv") and inherit_path(self.info) != "false"
        return self._has_system_site or inherits

    def _inject_args(self):
        """The arguments to inject, in which `{pex.env.NAME}` is to be filled in."""
        args = self.info.get("inject_args") or []
        if "bind_resource_paths" in self.info:
            return args
        # A Pex from before that field takes them as they are.
        return [arg.replace("{", "{{").replace("}", "}}") for arg in args]

    def _entry(self):
        if self.info.get("script"):
            return self.script_entry(self.info["script"])
        if self.info.get("entry_point"):
            return entry_of(self.info["entry_point"])
        return None

    def script_entry(self, name):
        """The entry for a console script or a script of a wheel."""
        path = os.path.join(self.venv, self._bin, name)
        composition = self._composition
        packs = self.packs + (composition.packs if composition else [])
        for pack in packs:
            for group in ("console_scripts", "gui_scripts"):
                target = pack.get("entry_points", {}).get(group, {}).get(name)
                if target:
                    return entry_of(target, path)
        for pack in packs:
            if name in pack.get("scripts", ()):
                kind = "script" if name in pack["python_scripts"] else "binary"
                return (kind, path)
        return composition and composition.script_entry(name) or ("missing", name)

    def plan(self, code, main_source):
        """The plan for the runtime.

        :param code: The code of `activate.py`.
        :param main_source: The source of the environment's `__main__.py`.
        """
        plan = Plan()
        plan.add("czex-plan", "1")
        plan.add("store", self.root)
        plan.add("venv", self.venv)
        plan.add("shebang", "#!" + self._shebang())
        plan.add("copy", "1" if self.info.get("venv_site_packages_copies") else "0")
        self._add_interpreter(plan)
        plan.add_file("644", "boot", marshal.dumps((self._text, self.settings(), code)))
        plan.add_file("644", "__main__.py", main_source)
        self.add_console_scripts(plan, self.packs)
        if self.info.get("venv"):
            plan.add_file("644", interpreter.site_packages() + "/czex.pth", EXTRA_SYS_PATH_PTH)
        self.add_packs(plan, self._archive, self.packs, interpreter.site_packages())
        if self._composition:
            self._composition.add_to(plan, self)
        return plan.dump()

    def add_packs(self, plan, archive, packs, library):
        """Add packs of `archive`, with what goes to site-packages in the directory `library`."""
        plan.add("archive", archive.path)
        for pack in packs:
            plan.add(
                "pack",
                pack["kind"],
                pack["sha256"][:40],
                str(pack["offset"]),
                str(pack["size"]),
            )
            plan.add("mount", "lib", library)
            if pack["kind"] == "wheel":
                plan.add("mount", "scripts", self._bin)
                if pack["headers"]:
                    plan.add(
                        "mount", "headers", HEADERS.format(*sys.version_info) + pack["headers"]
                    )
                plan.add("mount", "data", "")

    def _add_interpreter(self, plan):
        executable = interpreter.base_executable()
        version = interpreter.version_text()
        plan.add_file(
            "644",
            "pyvenv.cfg",
            PYVENV_CFG.format(
                home=os.path.dirname(executable),
                system_site=str(self._shares_site_packages).lower(),
                version=version,
                executable=executable,
            ),
        )
        if interpreter.IS_WINDOWS:
            from boot import windows

            windows.add_interpreter(plan, self._bin)
            return
        if sys.version_info[0] == 2:
            from boot import python2

            python2.add_interpreter(plan, executable, interpreter.standard_library())
            if self._shares_site_packages:
                python2.add_system_site_packages(plan)
        elif self.info.get("venv_copies"):
            with open(executable, "rb") as stream:
                plan.add_file("755", "bin/python", stream.read())
        else:
            plan.add("link", "bin/python", executable)
        aliases = [
            "python{0}".format(sys.version_info[0]),
            "python{0}.{1}".format(*sys.version_info),
        ]
        if interpreter.IS_PYPY:
            aliases += [
                name.format(*sys.version_info) for name in ("pypy", "pypy{0}", "pypy{0}.{1}")
            ]
        for alias in aliases:
            plan.add("link", "bin/" + alias, "python")
        if sys.maxsize > 2**32 and sys.platform != "darwin":
            plan.add("link", "lib64", "lib")

    def add_console_scripts(self, plan, packs):
        shebang = self._shebang()
        names = set()
        for pack in packs:
            for group in ("console_scripts", "gui_scripts"):
                for name, target in sorted(pack.get("entry_points", {}).get(group, {}).items()):
                    if name in names or "/" in name:
                        continue
                    names.add(name)
                    module, _, function = target.partition(":")
                    script = (FUNCTION_SCRIPT if function else MODULE_SCRIPT).format(
                        shebang=shebang,
                        coding=CODING,
                        module=module,
                        first=function.partition(".")[0],
                        function=function,
                    )
                    plan.add_file("755", "{0}/{1}".format(self._bin, name), script)

    def _shebang(self):
        """The text after `#!` for scripts of this environment, by way of sh where a kernel would not take it."""
        flags = ""
        if self.info.get("venv_hermetic_scripts", True) is not False:
            flags = " -sE" if sys.version_info < (3, 4) else " -I"
        line = self.python + flags
        encoded = encode(line)
        # Python 2 wants to know the encoding of a file that isn't ASCII.
        is_readable = sys.version_info[0] > 2 or len(encoded) == len(
            encoded.decode("utf-8", "ignore")
        )
        if len(self.python.split()) == 1 and len(encoded) + 3 <= SHEBANG_MAX_BYTES and is_readable:
            return line
        quoted = "'{0}'".format(self.python.replace("'", "'\"'\"'"))
        return "/bin/sh\n{0}\n'''exec' {1}{2} \"$0\" \"$@\"\n' '''".format(CODING, quoted, flags)


def inherit_path(info):
    """`inherit_path` of PEX-INFO: false, prefer or fallback. Old Pexes wrote a boolean."""
    value = info.get("inherit_path") or "false"
    return "prefer" if value is True else value


def entry_of(target, argv0=None):
    """An entry point of `module` or `module:function`. `argv0` is what venv mode shows for it."""
    module, _, function = target.partition(":")
    return ("function", module, function, argv0) if function else ("module", module)
