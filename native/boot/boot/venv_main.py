"""Runs the app of the environment that this file is in, for the sh header of its CZEX.

The header gives the CZEX as it was called as the first argument.
"""

if __name__ == "__main__":
    import marshal
    import os
    import sys

    venv = os.path.dirname(os.path.abspath(__file__))
    if sys.version != "@version@":
        # Another interpreter has taken the place of the one that this environment is for.
        os.environ["_CZEX_COLD_STALE"] = venv
        python = os.path.realpath(sys.executable)
        import subprocess

        os.execv(python, [python] + subprocess._args_from_interpreter_flags() + sys.argv[1:])
    with open(os.path.join(venv, "boot"), "rb") as stream:
        settings, code = marshal.loads(stream.read())[1:]
    activation = {"__name__": "czex_activate"}
    exec(code, activation)
    # This file is not part of the command line that the app, or a restart, is to see.
    if hasattr(sys, "orig_argv"):
        del sys.orig_argv[-len(sys.argv)]
    del sys.argv[0]
    activation["run"](settings, os.path.abspath(sys.argv[0]), True)
    import subprocess

    flags = subprocess._args_from_interpreter_flags()
    activation["replace_process"]([sys.executable] + flags + sys.argv)
