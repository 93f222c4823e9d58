"""The rest of the environment's `__main__.py`, which executes it in its own namespace, and calls START for the app's function.

It is kept in the environment as bytecode.
"""

import os
import sys

BOOT = globals()["BOOT"]


def START():
    settings, code = BOOT[1:3]
    activation = {"__name__": "czex_activate"}
    exec(code, activation)
    # The environment is not part of the command line that the app, or a restart, is to see.
    if hasattr(sys, "orig_argv"):
        del sys.orig_argv[-len(sys.argv)]
    del sys.argv[0]
    app = os.path.abspath(sys.argv[0])
    return activation["run"](settings, app, True) or activation["reexecute"]
