"""Run the app of the environment that contains this file, for the sh header of its CZEX.

The header runs it by a path with `/./`, and passes the typed path of the CZEX as the first argument. If the path has no `/./`, the
app starts itself again, with its own arguments. Every start compiles this file, so it only finds the bytecode of `venv_start.py`.
"""

if __name__ == "__main__":
    import marshal
    import os  # noqa: F401
    import sys

    ENVIRONMENT = {}
    # The environment is damaged or not trusted, or its interpreter was replaced: start the CZEX, which decides again. This is a
    # text, because few starts need to compile it.
    LOST = """
if "/./" not in __file__:
    app = os.environ.get("PEX") or APP
    argv = [sys.executable, app] + sys.argv[1:]
    if os.name == "nt":
        import subprocess
        sys.exit(subprocess.call(argv))
    os.execv(sys.executable, argv)
environ = dict(os.environ, _CZEX_COLD_SH_PYTHON="?")
os.execve("/bin/sh", ["sh"] + sys.argv[1:], environ)
"""
    APP = "@app@"
    if sys.version == "@version@":
        try:
            with open(__file__[:-11] + "record", "rb") as stream:
                ENVIRONMENT = marshal.loads(stream.read())
            exec(ENVIRONMENT["venv_start"])
        except Exception:
            ENVIRONMENT = {}
    if not ENVIRONMENT:
        exec(LOST)
    # The app takes over this namespace.
    _()  # type: ignore[name-defined]  # noqa: F821
