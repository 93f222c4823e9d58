"""Start the app over in a new process, if the running one can't become the environment's own interpreter.

pexcz puts the text of this module into that of `activate.py`.
"""

import os
import sys

# These variables change the standard library of a process from its beginning.
STDLIB_VARIABLES = ("PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHONEXECUTABLE")
STASH = "_CZEX_STASH_"
REEXECUTED = "_CZEX_REEXECUTED"
# The end of the path by which the sh header calls the environment's `__main__.py`. An app that starts itself again calls it by
# another path.
BY_HEADER = "/./__main__.py"


def reexecute(python=None, more_flags=()):
    """Start over in this or another interpreter, with additional flags before the given ones."""
    replace_process([python or sys.executable] + list(more_flags) + given_flags() + sys.argv)


def given_flags():
    """Return the flags between the interpreter and the file name on the command line.

    The length of `sys.argv` gives the number of arguments after the flags.
    """
    argv = getattr(sys, "orig_argv", None)
    if argv is None:
        try:
            with open("/proc/self/cmdline", "rb") as stream:
                argv = stream.read().split(b"\0")[:-1]
        except EnvironmentError:
            import subprocess

            return subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    flags = argv[1 : -len(sys.argv)]
    if hasattr(os, "fsdecode"):
        flags = [os.fsdecode(flag) for flag in flags]
    if flags and flags[-1].endswith(BY_HEADER):  # type: ignore[arg-type]
        # The environment's `__main__.py`, which was removed from `sys.argv`.
        del flags[-1]
    return flags


def replace_process(argv):
    for stream in (sys.stdout, sys.stderr):
        # `pythonw` has no streams.
        if stream:
            stream.flush()
    if os.name == "nt":
        import signal
        import subprocess

        # The console sends Ctrl-C to both processes.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.exit(subprocess.call(argv))
    os.execv(argv[0], argv)


def stash(settings):
    """Hide variables that would disturb the next process of this start."""
    unstash()
    for name in STDLIB_VARIABLES + ("PYTHONPATH",):
        if name in os.environ and not (name == "PYTHONPATH" and settings["python_path"]):
            os.environ[STASH + name] = os.environ.pop(name)


def unstash():
    for name in STDLIB_VARIABLES + ("PYTHONPATH",):
        if STASH + name in os.environ:
            os.environ[name] = os.environ.pop(STASH + name)


def must_reexecute(settings, foreign, python_path):
    """Return whether only a new process can become the environment's interpreter.

    :param python_path: The entries of PYTHONPATH that the app has on its `sys.path`.
    """
    if has_other_standard_library(settings, foreign):
        return True
    is_own = sys.prefix == settings["venv"]
    # A subinterpreter has its own `sys.path`, which activation doesn't change.
    if settings["subinterpreters"] and not is_own:
        return True
    if settings["python_path"]:
        # Only the environment's own interpreter applies PYTHONPATH from its beginning.
        if STASH + "PYTHONPATH" in os.environ or python_path and not is_own:
            return True
    # An app that inherits the machine's packages may keep their modules.
    if settings["inherit_path"] != "false" or not foreign:
        return False
    # In the environment's own interpreter, foreign modules can only be from PYTHONPATH.
    if is_own and not settings["system_site"]:
        return True
    # These modules may have changed anything.
    if "sitecustomize" in foreign or "usercustomize" in foreign:
        return True
    return any(path.endswith((".so", ".pyd")) for path in foreign.values())


def has_other_standard_library(settings, foreign):
    """Return whether a variable, or a module on PYTHONPATH, has changed the standard library of this process."""
    if any(name in os.environ for name in STDLIB_VARIABLES):
        return True
    for name, path in foreign.items():
        if path and "." not in name:
            for directory in settings["stdlib"]:
                own = os.path.join(directory, name)
                if os.access(own + ".py", os.F_OK) or os.path.isdir(own):
                    return True
    return False


def foreign_modules(settings, python_path=()):
    """Return name -> file of the loaded modules that belong neither to Python itself, nor to the environment or `python_path`."""
    own = tuple(entry + os.sep for entry in settings["stdlib"])
    environment = tuple([entry + os.sep for entry in [settings["venv"]] + list(python_path)])
    packages = "-packages" + os.sep
    foreign = {}  # type: dict
    if settings["inherit_path"] == "prefer":
        return foreign
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path:
            if path.startswith(own) and packages not in path or path.startswith(environment):
                continue
            foreign[name] = path
        # A namespace package. A built-in module lacks both attributes.
        elif hasattr(module, "__path__"):
            portions = list(module.__path__)
            if not portions or not all([str(p).startswith(environment) for p in portions]):
                foreign[name] = ""
    foreign.pop("__main__", None)
    if foreign:
        # Modules that a foreign package has made without a file, such as `six.moves`.
        for name in list(sys.modules):
            if name not in foreign and name.partition(".")[0] in foreign:
                foreign[name] = ""
    return foreign
