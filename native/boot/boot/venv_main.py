"""Runs the app of the environment that this file is in, for the sh header of its CZEX.

The header gives the CZEX as it was called as the first argument.
"""

if __name__ == "__main__":
    import marshal
    import os
    import sys

    if sys.version != "@version@":
        # The interpreter was replaced in its place. The header finds out what to do instead.
        environ = dict(os.environ, _CZEX_COLD_SH_PYTHON="?")
        os.execve("/bin/sh", ["sh"] + sys.argv[1:], environ)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "boot"), "rb") as stream:
        settings, code = marshal.loads(stream.read())[1:]
    activation = {"__name__": "czex_activate"}
    exec(code, activation)
    # This file is not part of the command line that the app, or a restart, is to see.
    if hasattr(sys, "orig_argv"):
        del sys.orig_argv[-len(sys.argv)]
    del sys.argv[0]
    app = os.path.abspath(sys.argv[0])
    # The app takes this namespace over.
    sys.exit((activation["run"](settings, app, True) or activation["reexecute"])())
