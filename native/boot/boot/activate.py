"""Turns the running interpreter into the one of an installed environment, and runs the app.

Compiled when the environment is installed, kept in it as bytecode, and executed at every start: by
`__main__.py` of the CZEX in the interpreter that reads the CZEX, or by `__main__.py` of the environment
in its own. So it imports nothing but what Python has loaded. It knows the environment from `settings`
alone, the record that `settings.py` makes.
"""

import os
import sys

# What Python put there itself; anything else came with the machine's site-packages.
IMPORT_SYSTEM = (
    "_frozen_importlib",
    "_frozen_importlib_external",
    "importlib._bootstrap",
    "importlib._bootstrap_external",
    "zipimport",
)
# These change the standard library itself, for this process from its start.
STDLIB_VARIABLES = ("PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHONEXECUTABLE")
STASH = "_CZEX_STASH_"
REEXECUTED = "_CZEX_REEXECUTED"
# How the sh header calls the environment's `__main__.py`. By every other path, it is an app that starts itself again.
BY_HEADER = "/./__main__.py"
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


def seldom(settings):
    """The namespace of `seldom.py`."""
    import marshal

    namespace = {"__name__": "czex_seldom"}
    exec(marshal.loads(settings["seldom"]), namespace)
    return namespace


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


def stash(settings):
    """Hide from the next process of this start the variables that would disturb it."""
    unstash()
    for name in STDLIB_VARIABLES + ("PYTHONPATH",):
        if name in os.environ and not (name == "PYTHONPATH" and settings["python_path"]):
            os.environ[STASH + name] = os.environ.pop(name)


def unstash():
    for name in STDLIB_VARIABLES + ("PYTHONPATH",):
        if STASH + name in os.environ:
            os.environ[name] = os.environ.pop(STASH + name)


def reexecute(python=None, more_flags=()):
    """Start over in this or another interpreter, with some more flags before those that this one was given."""
    replace_process([python or sys.executable] + list(more_flags) + given_flags() + sys.argv)


def given_flags():
    """What stood between the interpreter and the file name on the command line.

    `sys.argv` tells how many arguments follow the file name.
    """
    argv = getattr(sys, "orig_argv", None)
    if argv is None:
        try:
            with open("/proc/self/cmdline", "rb") as stream:
                argv = stream.read().split(b"\0")[:-1]
        except EnvironmentError:
            import subprocess

            return subprocess._args_from_interpreter_flags()
    flags = argv[1 : -len(sys.argv)]
    if hasattr(os, "fsdecode"):
        flags = [os.fsdecode(flag) for flag in flags]
    if flags and flags[-1].endswith(BY_HEADER):
        # The environment's own, of which `sys.argv` tells nothing any more.
        del flags[-1]
    return flags


def replace_process(argv):
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":
        import subprocess

        sys.exit(subprocess.call(argv))
    os.execv(argv[0], argv)


def foreign_modules(settings):
    """Name → file of the loaded modules that came neither from Python itself nor from the environment."""
    own = tuple(entry + os.sep for entry in settings["stdlib"])
    environment = (settings["venv"] + os.sep,)
    if settings["python_path"]:
        environment += tuple(entry + os.sep for entry in seldom(settings)["python_path"]())
    packages = "-packages" + os.sep
    foreign = {}
    if settings["inherit_path"] == "prefer":
        return foreign
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path:
            if path.startswith(own) and packages not in path or path.startswith(environment):
                continue
            foreign[name] = path
        # A namespace package. What is built into Python has neither.
        elif hasattr(module, "__path__"):
            portions = list(module.__path__)
            if not portions or not all([str(p).startswith(environment) for p in portions]):
                foreign[name] = ""
    foreign.pop("__main__", None)
    if foreign:
        # What a foreign package made up without a file, such as `six.moves`.
        for name in list(sys.modules):
            if name not in foreign and name.partition(".")[0] in foreign:
                foreign[name] = ""
    return foreign


def must_reexecute(settings, foreign):
    """Whether this process can't become what a new one would be."""
    if has_other_standard_library(settings, foreign):
        return True
    is_own = sys.prefix == settings["venv"]
    # A subinterpreter finds its modules by itself, and not as this process has been told to.
    if settings["subinterpreters"] and not is_own:
        return True
    if settings["python_path"]:
        # Only the environment's own interpreter takes from it all that one may.
        if STASH + "PYTHONPATH" in os.environ or seldom(settings)["python_path"]() and not is_own:
            return True
    # What comes from the machine is welcome in an app that inherits.
    if settings["inherit_path"] != "false" or not foreign:
        return False
    # Nothing but PYTHONPATH reaches into the environment's own interpreter.
    if is_own and not settings["system_site"]:
        return True
    # They may have changed anything.
    if "sitecustomize" in foreign or "usercustomize" in foreign:
        return True
    return any(path.endswith((".so", ".pyd")) for path in foreign.values())


def has_other_standard_library(settings, foreign):
    """Whether a variable, or a module on PYTHONPATH, has changed the standard library of this process."""
    if any(name in os.environ for name in STDLIB_VARIABLES):
        return True
    for name, path in foreign.items():
        if path and "." not in name:
            for directory in settings["stdlib"]:
                own = os.path.join(directory, name)
                if os.access(own + ".py", os.F_OK) or os.path.isdir(own):
                    return True
    return False


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


class Variables(object):
    """Fills in `{pex.env.NAME}`; a variable that isn't set is empty."""

    def __getattr__(self, name):
        return self if name == "env" else os.environ.get(name, "")


def execute(settings, app):
    return entry_point(settings, app)()


def entry_point(settings, app):
    """The app's entry point, as a function without arguments."""
    entry = settings["entry"]
    if entry is None:
        return lambda: interpret(settings, app)
    sys.argv[1:1] = [arg.format(pex=Variables()) for arg in settings["inject_args"]]
    kind, target = entry[0], entry[1]
    if kind == "missing":
        sys.exit("czex: can't start {0}: the app has no script {1!r}".format(app, target))
    if kind == "binary":
        try:
            replace_process([target] + sys.argv[1:])
        except OSError as error:
            stop_if_damaged(settings, app, error)
            raise
    main_namespace(settings)
    if kind == "module":
        return lambda: execute_module(target, settings, app)
    if kind == "script":
        sys.argv[0] = target if settings["venv_mode"] else os.path.basename(target)
        with open(target, "rb") as stream:
            content = stream.read()
        # With `settings`, which keeps the modules of a cold start, and so these functions of theirs.
        return lambda: execute_code(content, target, main_namespace(settings))
    if settings["venv_mode"]:
        sys.argv[0] = entry[3] or app
    elif sys.version_info >= (3, 9) and not os.path.isabs(sys.argv[0]):
        # Since then Python gives the zip file the working directory, and Pex passes it on.
        sys.argv[0] = os.path.join(os.getcwd(), sys.argv[0])
    try:
        __import__(target)
        function = sys.modules[target]
        for attribute in entry[2].split("."):
            function = getattr(function, attribute)
    except Exception as error:
        stop_if_damaged(settings, app, error)
        raise
    return function


def stop_if_damaged(settings, app, error):
    """Where importing the app has failed because of its cache, say so: `damage.py` does, which the environment has."""
    import marshal

    try:
        with open(settings["venv"] + "/packs", "rb") as stream:
            packs, source = marshal.loads(stream.read())
    except (EnvironmentError, EOFError, ValueError, TypeError):
        return
    namespace = {"__name__": "czex_damage"}
    exec(source, namespace)
    namespace["stop"](packs, settings, app, error)


def main_namespace(settings):
    """`__main__` as the app finds it: as if the environment's own `__main__.py` were running.

    A child of multiprocessing runs that file again under another name, where it does nothing.
    """
    namespace = sys.modules["__main__"].__dict__
    # With a preamble, the boot has a namespace of its own. The names here are the preamble's, whose functions may still be called.
    for name in () if settings["has_preamble"] else list(namespace):
        if not name.startswith("__"):
            del namespace[name]
    namespace.update(
        __cached__=None,
        __doc__=None,
        __file__=os.path.join(settings["venv"], "__main__.py"),
        __loader__=None,
        __package__=None,
        __spec__=None,
    )
    return namespace


def execute_module(name, settings, app):
    import runpy

    try:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    except Exception as error:
        stop_if_damaged(settings, app, error)
        raise
    return 0


def execute_code(content, name, namespace):
    program = compile(content, name, "exec", 0, 1)
    namespace["__file__"] = name
    exec(program, namespace)
    return 0


def interpret(settings, app):
    """Be a Python: a CZEX without entry point, or PEX_INTERPRETER."""
    args = sys.argv[1:]
    if args and args[0].startswith("-") and args[0] not in ("-", "-c", "-m"):
        replace_process([settings["python"]] + args)
    sys.path.insert(0, "")
    if not args:
        return settings["repl"]()
    if args[0] in ("-c", "-m") and len(args) < 2:
        sys.stderr.write("Argument expected for the {0} option\n".format(args[0]))
        return 2
    if args[0] == "-m":
        sys.argv = args[1:]
        main_namespace(settings)
        return execute_module(args[1], settings, app)
    if args[0] == "-c":
        sys.argv = ["-c"] + args[2:]
        return execute_code(args[1], "-c <cmd>", main_namespace(settings))
    sys.argv = args
    if args[0] == "-":
        content = sys.stdin.read()
    else:
        path = os.path.join(args[0], "__main__.py") if os.path.isdir(args[0]) else args[0]
        try:
            with open(path, "rb") as stream:
                content = stream.read()
        except EnvironmentError as error:
            return "czex: can't open {0}: {1}".format(path, error.strerror)
    return execute_code(content, args[0], main_namespace(settings))
