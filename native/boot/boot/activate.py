"""Turns the running interpreter into the one of an installed environment.

Its bytecode is kept in the environment's record. At each start, `__main__.py` of the CZEX executes it in the interpreter
that reads the CZEX, or `__main__.py` of the environment does so in its own. It imports only modules that Python has loaded.
It knows the environment from `settings` alone, the record that `settings.py` makes.
"""

import os
import sys

from boot.enter import entry_point, execute
from boot.restart import (
    BY_HEADER,
    REEXECUTED,
    foreign_modules,
    has_other_standard_library,  # noqa: F401
    must_reexecute,
    reexecute,
    seldom,
    stash,
    unstash,
)

# What Python put there itself; anything else came with the machine's site-packages.
IMPORT_SYSTEM = (
    "_frozen_importlib",
    "_frozen_importlib_external",
    "importlib._bootstrap",
    "importlib._bootstrap_external",
    "zipimport",
)
# For the processes of a venv-mode app, as Pex has it.
EXTRA_SYS_PATH = "__PEX_EXTRA_SYS_PATH__"
# `os` of Python 2 lacks it; since 3.4 it is the rule.
CLOSES = {"linux2": 0o2000000, "darwin": 0o100000000}.get(sys.platform, 0)
# They remember where site-packages are; importing them again is right and costs nothing before.
FORGETFUL = ("distutils", "sysconfig")
# What a module from outside may have put in the place of Python's own.
HOOKS = ("breakpointhook", "displayhook", "excepthook", "unraisablehook")


def run(settings, app, is_environments_python=False):
    """Activate, and return the function that is to be called, whose result is the exit code.

    So nothing of the boot is on the stack, and in a traceback, between Python and the app. Where another interpreter is to
    run the app, this ends in an exec; where the cold path has to start it, in None.

    :param app: The CZEX, an absolute path; of a directory, the file `pex` in it.
    :param is_environments_python: Whether the environment's own interpreter was started, not one that reads the CZEX.
    """
    if is_for_cold_path(settings):
        return
    foreign = foreign_modules(settings)
    flags = settings["python_args"]
    reexecuted = os.environ.pop(REEXECUTED, None)
    app = os.path.realpath(app)
    if not reexecuted:
        for_title = settings["may_set_title"] and seldom(settings)["loses_first_variable"](
            settings, place(app)
        )
        in_own_python = flags or must_reexecute(settings, foreign)
        if in_own_python or for_title:
            stash(settings)
            os.environ[REEXECUTED] = "1"
            os.environ.update(settings["for_restart"])
            if for_title:
                seldom(settings)["put_first"]("PEX", place(app))
            # Only the running interpreter has what an app may inherit from the machine.
            reexecute(settings["python"] if in_own_python else sys.executable, flags)
    unstash()
    activate(settings, foreign)
    if settings["may_set_title"]:
        seldom(settings)["set_title"](settings, place(app))
    elif reexecuted or is_environments_python:
        show_in_ps(settings)
    set_environment(settings, app)
    wrap = settings["wrap"]
    if wrap:
        return lambda: wrap(execute, settings, app)
    return entry_point(settings, app)


def hold(venv):
    """Let `pexcz cache prune` see that this process uses an environment, and that it was used, to the day.

    The file stays open as long as the process lives. False where it is gone.
    """
    boot = os.path.join(venv, "boot")
    try:
        descriptor = os.open(boot, CLOSES)
    except OSError:
        return False
    try:
        import time

        if time.time() - os.fstat(descriptor).st_mtime > 86400:
            os.utime(boot, None)
    except (ImportError, OSError):
        # Another user's, or on a file system that is read-only. Python 2.7 may have to load a library for the time.
        pass
    return True


def is_for_cold_path(settings):
    """Whether the environment has just gone, a REPL is asked for, or an app that this one is composed with has changed."""
    if not hold(settings["venv"]) and not settings["modules"]:
        return True
    if wants_repl(settings) and not settings["repl"]:
        return True
    return any([stamp(path) != then for path, then in settings["composed"]])


def wants_repl(settings):
    return settings["entry"] is None and len(sys.argv) < 2


def stamp(path):
    """What tells a PEX or CZEX, a file or a directory, from its next version. None where there is none."""
    for file in (os.path.join(path, "PEX-INFO"), path):
        try:
            status = os.stat(file)
        except OSError:
            continue
        return [status.st_size, repr(status.st_mtime), status.st_ino]
    return None


def show_in_ps(settings):
    """Let `ps` show the CZEX and its arguments, not the environment that runs it.

    As setproctitle does it, in the memory that Linux shows; elsewhere, and where that isn't allowed, nothing happens. The
    arguments are one text there. So nothing is written unless its readers can split it at the spaces.
    """
    try:
        # A raw file costs four system calls here, a buffered one nine.
        with open("/proc/self/stat", "rb", 0) as stream:
            # The name of the process stands in parentheses, and may hold anything.
            fields = stream.read(4096).rpartition(b")")[2].split()
        start, end = int(fields[45]), int(fields[46])
        with open("/proc/self/mem", "r+b", 0) as stream:
            stream.seek(start)
            words = stream.read(end - start).split(b"\0")[:-1]
            words[0] = settings["interpreter"]
            if not isinstance(words[0], bytes):
                words[0] = os.fsencode(words[0])
            at = -1 - len(sys.argv)
            if words[at].endswith(BY_HEADER.encode("ascii")):
                del words[at]
            title = b" ".join(words)
            if title.split() == words and len(title) < end - start:
                stream.seek(start)
                # Without a NUL at the end, the kernel takes it for a title, and shows it up to the first one.
                stream.write(title.ljust(end - start - 1, b"\0") + b" ")
    except (EnvironmentError, IndexError, ValueError):
        pass


def activate(settings, foreign):
    """Make `sys` and `site` what they are in the environment's own interpreter."""
    venv = settings["venv"]
    # `site` has read what it reads in an environment.
    is_own = sys.prefix == venv and not foreign
    inherit = settings["inherit_path"]
    if not is_own:
        forget(foreign, inherit)
    own = tuple(settings["path_entries"])
    for entry in list(sys.path_importer_cache):
        if not entry.startswith(own) or "-packages" in entry and entry not in own:
            del sys.path_importer_cache[entry]
    customized = settings["pth"] or settings["sitecustomize"] or settings["system_site"]
    if inherit != "false":
        sys.path[:] = seldom(settings)["inherited_path"](settings)
    elif is_own and customized:
        main = place(os.path.realpath(sys.argv[0]))
        sys.path[:] = seldom(settings)["customized_path"](settings, main)
    else:
        sys.path[:] = settings["path_entries"]
    if settings["python_path"]:
        sys.path[:0] = [
            entry for entry in seldom(settings)["python_path"]() if entry not in sys.path
        ]
    vars(sys).update(settings["sys"])
    site = sys.modules.get("site")
    if site:
        if inherit == "false":
            site.PREFIXES[:] = [venv]
            site.ENABLE_USER_SITE = False
        elif venv not in site.PREFIXES:
            site.PREFIXES.insert(0, venv)
        if customized and not is_own:
            seldom(settings)["customize"](settings, site)
    extra_sys_path(settings)


def forget(foreign, inherit):
    """Take out what did not come with Python itself."""
    if foreign or "distutils" in sys.modules or "sysconfig" in sys.modules:
        for name in list(sys.modules):
            if name in foreign or name.partition(".")[0] in FORGETFUL:
                del sys.modules[name]
    if inherit == "false":
        for finders in (sys.meta_path, sys.path_hooks):
            finders[:] = [
                finder for finder in finders if getattr(finder, "__module__", "") in IMPORT_SYSTEM
            ]
    if foreign:
        for name in HOOKS:
            if hasattr(sys, name):
                setattr(sys, name, getattr(sys, "__{0}__".format(name)))


def extra_sys_path(settings):
    """Extend `sys.path` by PEX_EXTRA_SYS_PATH, here and in the processes that the app starts."""
    environ = os.environ
    extra = settings["extra_sys_path"]
    if not settings["venv_mode"]:
        if extra:
            inherited = environ.get("PYTHONPATH") if settings["inherit_path"] != "false" else None
            environ["PYTHONPATH"] = os.pathsep.join(([inherited] if inherited else []) + extra)
            sys.path.extend(extra)
        return
    if extra:
        sys.path.extend(extra)
    if EXTRA_SYS_PATH in environ:
        sys.path.extend(environ[EXTRA_SYS_PATH].split(os.pathsep))
    if extra and settings["strip_pex_env"]:
        environ[EXTRA_SYS_PATH] = os.pathsep.join(extra)


def place(app):
    """What a CZEX is as a whole: a file, or the directory that its file `pex` stands for."""
    directory, name = os.path.split(app)
    if name == "pex" and os.access(os.path.join(directory, "PEX-INFO"), os.F_OK):
        return directory
    return app


def put(name, value):
    """Set a variable, unless it has this value: that would move it in the process's memory."""
    if os.environ.get(name) != value:
        os.environ[name] = value


def set_environment(settings, app):
    environ = os.environ
    put("PEX", place(app))
    if settings["venv_mode"]:
        put("VIRTUAL_ENV", settings["venv"])
        order = settings["bin_path"]
        if order != "false":
            entries = environ.get("PATH", "").split(os.pathsep)
            entries.insert(0 if order == "prepend" else len(entries), settings["bin"])
            environ["PATH"] = os.pathsep.join(entries)
    if settings["strip_pex_env"]:
        for name in list(environ):
            if name.startswith("PEX_"):
                del environ[name]
    for name, value in settings["inject_env"]:
        environ.setdefault(name, value)
    for name, resource in settings["bind_resource_paths"]:
        put(name, resource_path(name, resource))


def resource_path(name, resource):
    relative = os.path.normpath(os.path.join(*resource.split("/")))
    if os.path.isabs(resource) or relative.startswith(os.pardir):
        sys.exit(
            "czex: can't bind the resource {0}={1}: {1} must be relative to sys.path".format(
                name, resource
            )
        )
    for entry in sys.path:
        path = os.path.join(entry, relative)
        if os.path.isfile(path):
            return path
    sys.exit(
        "czex: can't bind the resource {0}={1}: no file {1} was found on sys.path".format(
            name, resource
        )
    )
