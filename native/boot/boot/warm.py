"""The warm path: finds the environment this CZEX was installed into, and runs the app in it.

`quick.py` executes it in the namespace of `__main__.py`, from bytecode in the cache where it can. It imports nothing that
Python has not loaded by itself. The cold path takes what it needs from here.
"""

import marshal
import os
import sys

# Of `quick.py`, which may not have got as far as the last one.
FINGERPRINT = globals()["FINGERPRINT"]
LIKELY = globals().get("LIKELY")


def interpreter_text():
    """All that tells this interpreter from another one, upgrades in place included."""
    base = getattr(sys, "real_prefix", None) or getattr(sys, "base_exec_prefix", sys.exec_prefix)
    machine = os.uname()[4] if hasattr(os, "uname") else ""
    return "\n".join((sys.version, base, getattr(sys, "abiflags", ""), machine))


def venv_dir(root, text):
    """Where the environment for an interpreter is. The hash is 64-bit FNV-1a, which needs no import.

    Files in an environment have paths of this cache in them: where it is mounted in two places, each has environments of its own.
    """
    value = 0xCBF29CE484222325
    for character in root + text:
        value = (value ^ ord(character)) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    name = "pypy" if "__pypy__" in sys.builtin_module_names else "cpython"
    name += "-%d.%d.%d-%016x" % (sys.version_info[:3] + (value,))
    return os.sep.join((root, "venvs", FINGERPRINT, name))


def rc_files(app):
    """The files that can set PEX_* variables; later ones win."""
    return "/etc/pexrc", os.path.expanduser("~/.pexrc"), os.path.dirname(app) + "/.pexrc"


def load(venv, text):
    """An environment's settings, and the namespace of `activate.py`.

    None where there is none for this interpreter.
    """
    try:
        with open(os.path.join(venv, "boot"), "rb") as stream:
            found = unpacked(marshal.loads(stream.read()), text)
        # An interpreter may be gone although its like is running.
        return found if found and os.access(found[0]["python"], os.X_OK) else None
    except (EnvironmentError, EOFError, ValueError, TypeError):
        return None


def unpacked(boot, text):
    interpreter, settings, code = boot[:3]
    if interpreter != text:
        return None
    activation = {"__name__": "czex_activate"}
    exec(code, activation)
    return settings, activation


def main():
    """The function that runs the app; what it returns is the exit code."""
    if not hasattr(globals().get("__loader__"), "archive"):
        # A directory: as in Pex, `pex` is what was started. Where that or a link to it really was, its name stays.
        directory, name = os.path.split(globals()["__file__"])
        sys.argv[0] = os.path.join(directory, "pex" if name == "__main__.py" else name)
    app = os.path.abspath(sys.argv[0])
    text = interpreter_text()
    for name in os.environ:
        # Something asks for more than the app as it is.
        if name.startswith(("PEX_", "_CZEX_COLD_")) and name != "PEX_ROOT":
            break
    else:
        if not any([os.access(path, os.F_OK) for path in rc_files(app)]):
            found = LIKELY and os.access(LIKELY[1]["python"], os.X_OK) and unpacked(LIKELY, text)
            if not found:
                root = globals().get("root")
                if root and not globals().get("problem"):
                    found = load(venv_dir(os.path.abspath(root), text), text)
            if found:
                start = found[1]["run"](found[0], app)
                # There is none where the environment turns out not to fit any more.
                if start:
                    return start
    return start_cold_path().start(app, globals())


def start_cold_path():
    """The module `boot.start`. What the CZEX carries for it is checked for damage on the way."""
    if "CARRIED" not in globals():
        try:
            exec(globals()["BOOT"], globals())
        except Exception as error:
            sys.exit(
                "czex: can't start %s: it is damaged: %s; download or build it again"
                % (sys.argv[0], error)
            )
    package = type(sys)("boot")
    package.__dict__.update(globals()["CARRIED"], __path__=[])
    package.about, package.carried = globals()["ABOUT"], globals()["carried"]
    sys.modules["boot"] = package
    if "__init__" not in package.code:
        text, file = package.sources["__init__"], "<czex>/boot/__init__.py"
        package.code["__init__"] = compile(text, file, "exec", 0, 1)
    exec(package.code["__init__"], package.__dict__)
    from boot import start

    return start


def _():
    """Run the app, but for the import hook. Nothing is looked up in this namespace any more when the app has taken over."""
    if __name__ != "czex_main":
        sys.exit(main()())
