"""The parts of activation that few starts need.

Python builds every function of `activate.py` at each start. An environment keeps these as bytes in its settings instead, and
`activate.load_seldom` makes a module of them where one is needed. They know nothing of `activate.py`.
"""

import os
import sys

# This number of bytes at the end of a CZEX contains its `__main__.py`, which has the fingerprint.
END_BYTES = 1 << 18


def set_title(settings, czex):
    """Set the title to the CZEX and its arguments by the app's own setproctitle, as Pex does."""
    try:
        from setproctitle import setproctitle
    except ImportError:
        return
    setproctitle(" ".join([settings["interpreter"], czex] + sys.argv[1:]))


def loses_first_variable(settings, czex):
    """Return whether this start would change the first variable in the process's memory.

    :param czex: The path of the CZEX, which PEX will contain.

    setproctitle searches for the arguments before this variable, and does nothing if the variable was changed.
    """
    try:
        with open("/proc/self/environ", "rb") as stream:
            first = stream.read().partition(b"\0")[0]
    except EnvironmentError:
        return False
    # Python 2 has no `os.fsdecode`.
    name, _, value = getattr(os, "fsdecode", str)(first).partition("=")
    if name == "PEX":
        return value != czex
    # The environment may be empty: then the name is empty.
    changed = [""] + [resource[0] for resource in settings["bind_resource_paths"]]
    if settings["venv_mode"]:
        changed.append("VIRTUAL_ENV")
        if settings["bin_path"] != "false":
            changed.append("PATH")
    if settings["extra_sys_path"]:
        changed += ["PYTHONPATH", "__PEX_EXTRA_SYS_PATH__"]
    is_stripped = settings["strip_pex_env"] and name.startswith("PEX_")
    return is_stripped or name in changed or name.startswith("_CZEX_")


def put_first(name, value):
    """Put a variable before all others, in the order that the next process gets."""
    others = dict(os.environ)
    os.environ.clear()
    os.environ[name] = value
    others.pop(name, None)
    os.environ.update(others)


def customize(settings, site):
    """Read the files that `site` reads at the start of the environment's own interpreter."""
    read_as_site(site, settings["site_packages"], settings["pth"], settings["system_site"])
    if settings["sitecustomize"]:
        site.execsitecustomize()


def read_as_site(site, directory, names, directories=()):
    """Read `.pth` files, and since Python 3.15 `.start` files, as `site` does.

    :param names: The files in `directory`.
    :param directories: Other directories, whose files are all read.
    """
    known = set(sys.path)
    if not hasattr(site, "StartupState"):
        for name in names:
            site.addpackage(directory, name, known)
        for other in directories:
            site.addsitedir(other)
        return
    # PEP 829: all paths are added before any code runs, and a `.start` file disables the code of the `.pth` file with its name.
    state = site.StartupState(known)
    for name in names:
        read = state._read_start_file if name.endswith(".start") else state._read_pth_file
        read(directory, name)
    for other in directories:
        state.addsitedir(other)
    state.process()


def customized_path(settings, czex):
    """Return `sys.path` as `site` has left it, without PYTHONPATH, the user's site-packages, the executed file and `czex`."""
    outside = os.environ.get("PYTHONPATH", "").split(os.pathsep)  # type: list
    outside += [settings["venv"], sys.argv[0], czex]
    outside += [getattr(sys.modules.get("site"), "USER_SITE", None)]
    outside = [os.path.abspath(entry) for entry in outside if entry is not None]
    entries = settings["path_entries"]
    if settings["site_packages"] not in sys.path:
        return entries
    # `site` doesn't know the entries for app code that hides a standard module, and for packs that are apart.
    before, after = beside(settings)
    path = [
        entry
        for entry in sys.path
        if entry not in before
        and entry not in after
        and (entry in entries or os.path.abspath(entry) not in outside)
    ]
    last = path.index(settings["site_packages"]) + 1
    path[last:last] = after
    first = path.index(settings["stdlib"][0])
    path[first:first] = before
    return path


def python_path():
    """Return the entries of PYTHONPATH; an empty list if Python ignores the variable."""
    if sys.flags.ignore_environment or not os.environ.get("PYTHONPATH"):
        return []
    return [os.path.abspath(entry) for entry in os.environ["PYTHONPATH"].split(os.pathsep)]


def beside(settings):
    """Return the entries of `sys.path` before the standard library, and the entries after site-packages."""
    entries = settings["path_entries"]
    first, last = entries.index(settings["stdlib"][0]), entries.index(settings["site_packages"])
    return entries[:first], entries[last + 1 :]


def inherited_path(settings):
    """Return `sys.path` for an app that inherits the machine's site-packages and PYTHONPATH, in Pex's order."""
    environ, own = os.environ, settings["stdlib"]
    python_path = [os.path.abspath(e) for e in environ.get("PYTHONPATH", "").split(os.pathsep) if e]
    # The first entry is the CZEX itself, or the directory of `__main__.py`.
    machine = [
        entry
        for entry in sys.path[1:]
        if entry not in settings["path_entries"] and entry not in python_path
    ]
    before, after = beside(settings)
    packages = [settings["site_packages"]] + after
    if settings["inherit_path"] == "fallback":
        return packages + before + own + machine + python_path
    before += [entry for entry in [settings["sources"]] if entry not in before]
    return python_path + before + own + machine + packages


def find_app(settings):
    """Return the CZEX of this environment: the path in PEX, or the path it was installed from. `None` if it no longer exists."""
    fingerprint = os.path.basename(os.path.dirname(settings["venv"])).encode("ascii")
    for path in (os.environ.get("PEX", ""), settings["app"]):
        try:
            path = os.path.join(path, "pex") if os.path.isdir(path) else path
            with open(path, "rb") as stream:
                stream.seek(0, 2)
                stream.seek(max(stream.tell() - END_BYTES, 0))
                if fingerprint in stream.read():
                    return path
        except (AttributeError, EnvironmentError, TypeError):
            pass
    return None
