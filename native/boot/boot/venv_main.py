"""Runs the app of the environment that this file is in, for the sh header of its CZEX.

The header gives the CZEX as it was called as the first argument. Every start compiles this file, so it does no more than
find the bytecode of `venv_start.py`.
"""

if __name__ == "__main__":
    import marshal
    import os
    import sys

    BOOT = ()
    if sys.version == "@version@":
        try:
            with open(__file__[:-11] + "boot", "rb") as stream:
                BOOT = marshal.loads(stream.read())
            exec(BOOT[3])
        except Exception:
            BOOT = ()
    if not BOOT:
        # Damaged, not to be trusted, or the interpreter was replaced in its place. The header finds out what to do instead.
        environ = dict(os.environ, _CZEX_COLD_SH_PYTHON="?")
        os.execve("/bin/sh", ["sh"] + sys.argv[1:], environ)
    # The app takes this namespace over.
    sys.exit(START()())  # noqa: F821
