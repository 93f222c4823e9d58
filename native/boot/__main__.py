# The warm path: finds the environment this CZEX was installed into, and runs the app in it.
#
# It is compiled at every start, so it is short, has comments for docstrings, is stored uncompressed, and imports
# nothing that Python has not loaded by itself. The cold path (`.czex/boot`) takes what it needs from here.
# Python 2.7 and 3.5+, CPython and PyPy.
import marshal
import os
import sys

FINGERPRINT = "@fingerprint@"
PEX_ROOT = "@pex_root@"


# The directory that environments are installed into, whether it exists or not.
def cache_root(environ):
    root = environ.get("PEXCZ_ROOT")
    if not root:
        home = environ.get("PEX_ROOT") or PEX_ROOT or environ.get("XDG_CACHE_HOME")
        if sys.platform in ("darwin", "win32") and not (environ.get("PEX_ROOT") or PEX_ROOT):
            windows = environ.get("LOCALAPPDATA") or "~\\AppData\\Local"
            home = "~/Library/Caches" if sys.platform == "darwin" else windows
        root = (home or "~/.cache") + os.sep + "czex"
    return os.path.abspath(os.path.expanduser(root))


# All that tells this interpreter from another one, upgrades in place included.
def interpreter_text():
    base = getattr(sys, "real_prefix", None) or getattr(sys, "base_exec_prefix", sys.exec_prefix)
    machine = os.uname()[4] if hasattr(os, "uname") else ""
    return "\n".join((sys.version, base, getattr(sys, "abiflags", ""), machine))


# Where the environment for an interpreter is. The hash is 64-bit FNV-1a, which needs no import.
def venv_dir(root, text):
    value = 0xCBF29CE484222325
    for character in text:
        value = (value ^ ord(character)) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    name = "pypy" if "__pypy__" in sys.builtin_module_names else "cpython"
    name += "-%d.%d.%d-%016x" % (sys.version_info[:3] + (value,))
    return os.sep.join((root, "venvs", FINGERPRINT, name))


# The files that can set PEX_* variables; later ones win.
def rc_files(app):
    return "/etc/pexrc", os.path.expanduser("~/.pexrc"), os.path.dirname(app) + "/.pexrc"


# An environment's settings, and the namespace of `activate.py`; None where there is none for this interpreter.
def load(venv, text):
    try:
        with open(venv + os.sep + "boot", "rb") as stream:
            interpreter, settings, code = marshal.loads(stream.read())
    except (EnvironmentError, EOFError, ValueError, TypeError):
        return None
    activation = {"__name__": "czex_activate"}
    exec(code, activation)
    return (settings, activation) if interpreter == text else None


def main():
    app = os.path.abspath(sys.argv[0])
    text = interpreter_text()
    for name in os.environ:
        # Something asks for more than the app as it is.
        if name.startswith(("PEX_", "_CZEX_COLD_")) and name != "PEX_ROOT":
            break
    else:
        if not any([os.access(path, os.F_OK) for path in rc_files(app)]):
            found = load(venv_dir(cache_root(os.environ), text), text)
            if found:
                # Returns only where the environment turns out not to fit any more.
                found[1]["run"](found[0], app, {})
    # Spelled as zipimport knows it, so that it doesn't read the directory of the zip file again.
    sys.path.insert(0, os.path.join(__loader__.archive, ".czex"))
    from boot import start

    start.start(app, globals())


# The import hook wants only what is above.
if __name__ != "czex_main":
    main()
