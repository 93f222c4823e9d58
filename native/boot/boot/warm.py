"""The warm path: find the environment that this CZEX was installed into, and run the app in it.

Each start by `__main__.py` executes it in the namespace of that file, from bytecode in the cache if possible. If there is no
environment, it goes on to the cold path, which imports it as `boot.warm`. It imports only modules that Python has loaded.
"""

import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    # `run` and `start_installed` make these modules from code in a record.
    from boot import activate, redirect  # noqa: F401

# `quick.py` sets these: the fingerprint of the CZEX, and the record of the environment that this start will most likely need.
# It may have failed before it has set the record.
FINGERPRINT = globals().get("FINGERPRINT", "")
LIKELY = globals().get("LIKELY")


def interpreter_text():
    """Return a text that differs for each interpreter, also after an upgrade in place."""
    base = getattr(sys, "real_prefix", None) or getattr(sys, "base_exec_prefix", sys.exec_prefix)
    machine = os.uname()[4] if hasattr(os, "uname") else ""
    parts = sys.version, base, getattr(sys, "abiflags", ""), machine
    return "\n".join(parts)  # type: ignore[arg-type]


def venv_dir(root, text):
    """Return the directory of the environment for an interpreter. The hash is 64-bit FNV-1a, which needs no import.

    Files in an environment contain paths of this cache. Therefore a cache that is mounted in two places has separate environments.
    """
    value = 0xCBF29CE484222325
    for character in root + text:
        value = (value ^ ord(character)) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    name = "pypy" if "__pypy__" in sys.builtin_module_names else "cpython"
    name += "-%d.%d.%d-%016x" % (sys.version_info[:3] + (value,))
    return os.sep.join((root, "venvs", FINGERPRINT, name))


def rc_files(app):
    """Return the files that can set PEX_* variables; later ones win."""
    return "/etc/pexrc", os.path.expanduser("~/.pexrc"), os.path.dirname(app) + "/.pexrc"


def load(venv, text, name="record"):
    """Return the record in the file `name` of an environment, or `None` if it has no record for this interpreter."""
    try:
        with open(os.path.join(venv, name), "rb") as stream:
            found = marshal.loads(stream.read())
        return found if is_for(text, found) else None
    except (EnvironmentError, EOFError, LookupError, ValueError, TypeError):
        return None


def is_for(text, record):
    """Return whether a record is for this interpreter, and the interpreter that it names still exists."""
    return record["interpreter_text"] == text and os.access(record["python"], os.X_OK)


def main():
    """Return the function that runs the app; its result is the exit code. Without an environment, it is from the cold path."""
    if not hasattr(globals().get("__loader__"), "archive"):
        # A directory. As in Pex, `sys.argv[0]` names its file `pex`. If `pex` itself or a link to it was started, the name is kept.
        directory, name = os.path.split(globals()["__file__"])
        sys.argv[0] = os.path.join(directory, "pex" if name == "__main__.py" else name)
    app = os.path.abspath(sys.argv[0])
    text = interpreter_text()
    for name in os.environ:
        # A variable changes the start.
        if name.startswith(("PEX_", "_CZEX_COLD_")) and name != "PEX_ROOT":
            break
    else:
        if not any([os.access(path, os.F_OK) for path in rc_files(app)]):
            start = None
            root = globals().get("root")
            if LIKELY and is_for(text, LIKELY):
                start = run(LIKELY, app)
            elif root and not globals().get("problem"):
                start = start_installed(venv_dir(os.path.abspath(root), text), text, app)
            if start:
                return start
    return start_cold_path().start(app)


def start_installed(venv, text, app):
    """Return the function that runs the app of the environment `venv`, or `None` if it is missing or outdated.

    A redirect in the place of an environment starts the app in another interpreter.
    """
    record = load(venv, text)
    if record:
        return run(record, app)
    record = load(venv, text, "redirect")
    if record:
        global redirect
        redirect = type(sys)("czex_redirect")
        exec(record["redirect"], redirect.__dict__)
        redirect.follow(record)


def run(record, app):
    """Return the function that runs the app of an environment. The record holds the code of the module `activate`."""
    global activate
    activate = type(sys)("czex_activate")
    # Python 2 clears the namespace of a module that has no reference.
    vars(activate).update(itself=activate)
    exec(record["activate"], activate.__dict__)
    return activate.run(record, app)


def start_cold_path():
    """Load the boot from the CZEX, check it for damage, and return the module `boot.start`."""
    if "COLD_PATH" not in globals():
        try:
            exec(globals()["COLD"], globals())
        except Exception as error:
            sys.exit(
                "czex: can't start %s: it is damaged: %s; download or build it again"
                % (sys.argv[0], error)
            )
    package = sys.modules["boot"] = type(sys)("boot")
    package.__path__ = []
    found = globals()["COLD_PATH"]
    if "__init__" not in found["code"]:
        text, file = found["sources"]["__init__"], "<czex>/boot/__init__.py"
        found["code"]["__init__"] = compile(text, file, "exec", 0, True)
    exec(found["code"]["__init__"], package.__dict__)
    package.begin(globals())
    from boot import start

    return start


def _():
    """Run the app, except for the import hook. Afterwards no code uses this namespace, which the app takes over."""
    if __name__ != "czex_main":
        sys.exit(main()())


# The text of this module follows here. On CPython 3.11 to 3.13, a traceback names one line of it.
from room import make_room  # noqa: E402

_ = make_room(_)
