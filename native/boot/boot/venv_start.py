"""The rest of the environment's `__main__.py`, which executes it in its own namespace, and calls START for the app's function.

It is kept in the environment as bytecode, and has a copy of `trust.py` in the place of its import.
"""

import os
import sys

from trust import distrusted

BOOT = globals()["BOOT"]
# `<cache>/venvs/<app>/<environment>/__main__.py`. Who can change this file, or `boot` beside it, has none of this read.
if distrusted(globals()["__file__"].rsplit("/", 4)[0]):
    BOOT = ()


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
