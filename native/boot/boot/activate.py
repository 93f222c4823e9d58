"""Turn the running interpreter into the interpreter of an installed environment.

The environment's record holds the bytecode of this module. At each start, `__main__.py` of the CZEX executes it in the interpreter
that reads the CZEX, or `__main__.py` of the environment executes it in the environment's own. It imports only modules that Python
has loaded. `settings`, the record that `settings.py` makes, is all it knows of the environment.
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
    stash,
    unstash,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boot import imports, seldom

# Python itself has installed finders and hooks of these modules; all others are from the machine's site-packages.
IMPORT_SYSTEM = (
    "_frozen_importlib",
    "_frozen_importlib_external",
    "importlib._bootstrap",
    "importlib._bootstrap_external",
    "zipimport",
)
# For child processes of an app in venv mode, with the same name as in Pex.
EXTRA_SYS_PATH = "__PEX_EXTRA_SYS_PATH__"
# O_CLOEXEC, which `os` of Python 2 lacks, and which Python sets by itself since 3.4.
CLOSES = {"linux2": 0o2000000, "darwin": 0o100000000}.get(sys.platform, 0)
# These modules remember the place of site-packages, so they must be imported again.
FORGETFUL = ("distutils", "sysconfig")
# The mode of the record has this bit if the environment has an import table.
HAS_TABLE = 0o100
# If a start searches for so many modules outside of packages, it learns an import table.
MANY = 30
# A foreign module may have replaced these hooks of `sys`.
HOOKS = ("breakpointhook", "displayhook", "excepthook", "unraisablehook")


def run(settings, app, is_environments_python=False):
    """Activate the environment, and return the function that runs the app; its result is the exit code.

    The caller runs the function, so that the boot has few frames in the app's tracebacks. If another interpreter must run the
    app, this function starts over by exec. If the cold path must start the app, it returns `None`.

    :param app: The absolute path of the CZEX; for a directory, of the file `pex` in it.
    :param is_environments_python: Whether the running interpreter is the environment's own, not one that reads the CZEX.
    """
    mode = hold(settings)
    if is_for_cold_path(settings, mode):
        return
    if settings["needs_seldom"]:
        load_seldom(settings)
    python_path = seldom.python_path() if settings["python_path"] else []
    foreign = foreign_modules(settings, python_path)
    flags = settings["python_args"]
    reexecuted = os.environ.pop(REEXECUTED, None)
    app = os.path.realpath(app)
    if not reexecuted:
        for_title = settings["may_set_title"] and seldom.loses_first_variable(
            settings, czex_path(app)
        )
        in_own_python = flags or must_reexecute(settings, foreign, python_path)
        if in_own_python or for_title:
            stash(settings)
            os.environ[REEXECUTED] = "1"
            os.environ.update(settings["for_restart"])
            if for_title:
                seldom.put_first("PEX", czex_path(app))
            # An app that inherits the machine's packages finds them only in the running interpreter.
            reexecute(settings["python"] if in_own_python else sys.executable, flags)
    unstash()
    activate(settings, foreign)
    if settings["may_set_title"]:
        seldom.set_title(settings, czex_path(app))
    elif reexecuted or is_environments_python:
        show_in_ps(settings)
    set_environment(settings, app)
    wrap = settings["wrap"]
    if wrap:
        return lambda: wrap(execute, settings, app)
    if mode & HAS_TABLE and settings["imports"]:
        load_imports(settings)
        imports.begin(settings)
    elif settings["learns"] and settings["imports"]:
        tables = watch(settings)
        start = entry_point(settings, app)
        for table in tables:
            # If a signal ends the app, this is its only chance.
            table.learn()
        return start
    return entry_point(settings, app)


def load_seldom(settings):
    """Make `seldom` the module whose code the record holds."""
    global seldom
    seldom = carried_module(settings, "seldom")


def load_imports(settings):
    """Make `imports` the module whose code the record holds."""
    global imports
    imports = carried_module(settings, "imports")


def carried_module(settings, name):
    import marshal

    module = type(sys)("czex_" + name)
    exec(marshal.loads(settings[name]), module.__dict__)
    return module


def watch(settings):
    """Learn an import table at the end of this start if it imports many modules. Return a list, which then gets the table.

    Each search for a module outside of packages begins with the finder of the standard library.
    """
    tables, names = [], []  # type: ignore[var-annotated]
    finder = sys.path_importer_cache.get(os.path.dirname(os.__file__))
    if not finder:
        return tables
    find_spec = finder.find_spec
    before = len(sys.modules)

    def watched(name, target=None):
        names.append(name)
        if len(names) == MANY:
            vars(finder).pop("find_spec", None)
            load_imports(settings)
            tables.append(imports.learn_later(settings, before))
        return find_spec(name, target)

    vars(finder)["find_spec"] = watched
    return tables


def hold(settings):
    """Show `pexcz cache prune` that this process uses an environment, and on which day it was used.

    Keep its record open as long as the process lives. Return the record's mode; 0 if it no longer exists.
    """
    file = os.path.join(settings["venv"], "record")
    try:
        descriptor = settings["held"] = os.open(file, CLOSES)
    except OSError:
        return 0
    mode = 1
    try:
        status = os.fstat(descriptor)
        mode = status.st_mode
        import time

        if time.time() - status.st_mtime > 86400:
            os.utime(file, None)
    except (ImportError, OSError):
        # Another user owns the file, or the file system is read-only. In Python 2.7, `time` may be a library that can't be loaded.
        pass
    return mode


def is_for_cold_path(settings, mode):
    """Return whether the environment was just removed, a REPL is wanted, or an app on PEX_PATH has changed.

    :param mode: The mode of the environment's record; 0 if it was removed.
    """
    if not mode and not settings["modules"]:
        return True
    if wants_repl(settings) and not settings["repl"]:
        return True
    return any([stamp(path) != then for path, then in settings["composed"]])


def wants_repl(settings):
    return settings["entry"] is None and len(sys.argv) < 2


def stamp(path):
    """Return values that differ for the next version of a PEX or CZEX, or `None` if the path doesn't exist."""
    for file in (os.path.join(path, "PEX-INFO"), path):
        try:
            status = os.stat(file)
        except OSError:
            continue
        return [status.st_size, repr(status.st_mtime), status.st_ino]
    return None


def show_in_ps(settings):
    """Make `ps` show the CZEX and its arguments, not the environment that runs it.

    Like setproctitle, write into the memory that Linux shows; do nothing on other systems, or if that isn't allowed. The memory
    then holds all arguments as one text, which readers split at the spaces. If an argument contains white space, write nothing.
    """
    try:
        # A raw file costs four system calls here, a buffered one nine.
        with open("/proc/self/stat", "rb", 0) as stream:
            # The name of the process is in parentheses, and may contain any characters.
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
                # If the memory doesn't end with a NUL, the kernel takes it as a title, and shows it up to the first NUL.
                stream.write(title.ljust(end - start - 1, b"\0") + b" ")
    except (EnvironmentError, IndexError, ValueError):
        pass


def activate(settings, foreign):
    """Give `sys` and `site` the values that they have in the environment's own interpreter."""
    venv = settings["venv"]
    # In the environment's own interpreter, `site` has read the environment's files already.
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
        sys.path[:] = seldom.inherited_path(settings)
    elif is_own and customized:
        main = czex_path(os.path.realpath(sys.argv[0]))
        sys.path[:] = seldom.customized_path(settings, main)
    else:
        sys.path[:] = settings["path_entries"]
    if settings["python_path"]:
        sys.path[:0] = [entry for entry in seldom.python_path() if entry not in sys.path]
    vars(sys).update(settings["sys"])
    site = sys.modules.get("site")
    if site:
        if inherit == "false":
            site.PREFIXES[:] = [venv]
            site.ENABLE_USER_SITE = False  # type: ignore[attr-defined]
        elif venv not in site.PREFIXES:
            site.PREFIXES.insert(0, venv)
        if customized and not is_own:
            seldom.customize(settings, site)
    extra_sys_path(settings)


def forget(foreign, inherit):
    """Remove modules, finders and hooks that don't belong to Python itself."""
    if foreign or "distutils" in sys.modules or "sysconfig" in sys.modules:
        for name in list(sys.modules):
            if name in foreign or name.partition(".")[0] in FORGETFUL:
                del sys.modules[name]
    if inherit == "false":
        for finders in (sys.meta_path, sys.path_hooks):
            finders[:] = [
                finder  # type: ignore[misc]
                for finder in finders
                if getattr(finder, "__module__", "") in IMPORT_SYSTEM
            ]
    if foreign:
        for name in HOOKS:
            if hasattr(sys, name):
                setattr(sys, name, getattr(sys, "__{0}__".format(name)))


def extra_sys_path(settings):
    """Extend `sys.path` by PEX_EXTRA_SYS_PATH, here and in child processes of the app."""
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


def czex_path(app):
    """Return the path of the whole CZEX: the file, or the directory that contains its file `pex`."""
    directory, name = os.path.split(app)
    if name == "pex" and os.access(os.path.join(directory, "PEX-INFO"), os.F_OK):
        return directory
    return app


def put(name, value):
    """Set a variable, unless it has this value already: setting it would move it in the process's memory."""
    if os.environ.get(name) != value:
        os.environ[name] = value


def set_environment(settings, app):
    environ = os.environ
    put("PEX", czex_path(app))
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
