"""Apps that rows share. Each is built once for each version of Pex."""

from __future__ import annotations

from parity.row import App
from support.workshop import COW
from testing.differences import NOT_FOR_APPS

# An app that executes its first argument as code; the code can import the app's modules and wheels.
RUNNER = """\
import sys

def main():
    exec(sys.argv.pop(1), {"__name__": "given"})
"""
# Print all facts about its surroundings that an app may depend on, one in a line. It runs on every Python.
SURROUNDINGS = """\
from __future__ import print_function
import gc, os, signal, site, sys
NOT_FOR_APPS = %r

def show():
    main = sys.modules["__main__"]
    own = os.path.dirname(os.__file__)
    facts = {
        "argv": sys.argv,
        "bytecode": sys.dont_write_bytecode,
        "finders": [type(finder).__name__ for finder in sys.meta_path],
        "cwd": os.getcwd(),
        "encoding": [getattr(sys.stdout, "encoding", None), sys.getfilesystemencoding()],
        "executable": sys.executable,
        "garbage": gc.isenabled(),
        "hooks": [sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__],
        "isolated": [sys.flags.no_user_site, sys.flags.ignore_environment],
        "main": main.__name__,
        "optimize": sys.flags.optimize,
        "prefix": [sys.prefix, sys.exec_prefix],
        "recursion": sys.getrecursionlimit(),
        "signals": [str(signal.getsignal(number)) for number in range(1, 20)],
        "user site": site.ENABLE_USER_SITE,
        "version": sys.version,
        "warnings": sys.warnoptions,
    }
    for name, value in os.environ.items():
        if name not in NOT_FOR_APPS:
            facts["environment " + name] = value
    for name in sorted(facts):
        print(name + ":", facts[name])
"""


def runner(*options: str, **kwargs: object) -> App:
    """Return the app that executes its first argument, built with further options."""
    sources = {"runner.py": RUNNER, "surroundings.py": SURROUNDINGS % (NOT_FOR_APPS,)}
    sources.update(kwargs.pop("sources", {}))  # type: ignore[call-overload]
    return App(sources=sources, options=("-m", "runner:main", *options), **kwargs)  # type: ignore[arg-type]


COW_APP = App(("cow",), (COW,), options=("-c", "cow"))
COW_VENV = App(("cow",), (COW,), options=("-c", "cow", "--venv"))
PLAIN = runner()
VENV = runner("--venv")
INTERPRETER = App(("cow",), (COW,))
INTERPRETER_VENV = App(("cow",), (COW,), options=("--venv",))
PREPENDING = runner("--venv", "prepend", requirements=("cow",), wheels=(COW,))
COW_AS_CHILD = "import os, subprocess; os._exit(subprocess.call(['cow', 'x']))"
ARGV = "import sys; print(sys.argv)"
