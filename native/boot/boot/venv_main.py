"""Runs the app of the environment that this file is in, for the sh header of its CZEX.

The header calls it by a path with `/./`, and gives the CZEX as it was called as the first argument. By any other path it is
the app that starts itself again, with its own arguments. Every start compiles this file, so it does no more than find
the bytecode of `venv_start.py`.
"""

if __name__ == "__main__":
    import marshal
    import os  # noqa: F401
    import sys

    ENVIRONMENT = {}
    # Damaged, not to be trusted, or the interpreter was replaced in its place: the CZEX finds out what to do instead. This is a
    # text because few starts compile it.
    LOST = """
if "/./" not in __file__:
    app = os.environ.get("PEX") or APP
    os.execv(sys.executable, [sys.executable, app] + sys.argv[1:])
environ = dict(os.environ, _CZEX_COLD_SH_PYTHON="?")
os.execve("/bin/sh", ["sh"] + sys.argv[1:], environ)
"""
    APP = "@app@"
    if sys.version == "@version@":
        try:
            with open(__file__[:-11] + "boot", "rb") as stream:
                ENVIRONMENT = marshal.loads(stream.read())
            exec(ENVIRONMENT["venv_start"])
        except Exception:
            ENVIRONMENT = {}
    if not ENVIRONMENT:
        exec(LOST)
    # The app takes this namespace over.
    sys.exit(START()())  # noqa: F821
