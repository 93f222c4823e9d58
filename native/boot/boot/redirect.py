"""Goes on in the interpreter that an earlier start chose, as long as the choice would be the same again.

Kept as bytecode where the environment of an interpreter that can't run the app would be, and executed in the place of
`activate.py`, so that other starts carry nothing of it. Imports only what Python has loaded.
"""

import os
import sys


def run(settings, app):
    """Start over in the interpreter of `settings`. Returns where it has to be chosen again."""
    for name, value in settings["environ"]:
        if os.environ.get(name) != value:
            return
    for path, known in settings["watched"]:
        if signature(path) != known:
            return
    if settings["directory"] in (None, working_directory()):
        try:
            restart(settings["python"])
        except OSError:
            return


def signature(path):
    """What changes with a file, or with the entries of a directory. None where there is neither."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mode, status.st_size, status.st_mtime


def working_directory():
    try:
        return os.getcwd()
    except OSError:
        return None


def restart(python):
    """Start over in another interpreter, with the flags that this one was given."""
    argv = [python] + given_flags() + sys.argv
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":
        import subprocess

        sys.exit(subprocess.call(argv))
    os.execv(python, argv)


def given_flags():
    """What stood between the interpreter and the file name on the command line."""
    argv = getattr(sys, "orig_argv", None)
    if argv is None:
        try:
            with open("/proc/self/cmdline", "rb") as stream:
                argv = stream.read().split(b"\0")[:-1]
        except EnvironmentError:
            import subprocess

            return subprocess._args_from_interpreter_flags()
    flags = argv[1 : -len(sys.argv)]
    return [os.fsdecode(flag) if hasattr(os, "fsdecode") else flag for flag in flags]
