"""The rest of the environment's `__main__.py`, which executes it in its own namespace, and calls START for the app's function.

It is kept in the environment as bytecode, and has a copy of `trust.py` in the place of its import.
"""

import os
import sys

from trust import distrusted

ENVIRONMENT = globals().get("ENVIRONMENT", {})

# `<cache>/venvs/<app>/<environment>/__main__.py`, for the header with `/./` before the name. Whoever can change this file, or
# `boot` beside it, isn't stopped by this check.
if distrusted(globals()["__file__"].replace("/./", "/").rsplit("/", 4)[0]):
    ENVIRONMENT = {}


def START():
    settings = ENVIRONMENT
    activation = {"__name__": "czex_activate"}
    exec(settings["activate"], activation)
    if sys.argv[0].endswith(activation["BY_HEADER"]):
        # The environment is not part of the command line that the app, or a restart, is to see.
        if hasattr(sys, "orig_argv"):
            del sys.orig_argv[-len(sys.argv)]
        del sys.argv[0]
    else:
        # The app starts itself again, by `__main__.__file__`.
        app = activation["seldom"](settings)["find_app"](settings)
        sys.argv[0] = app or settings["app"]
        # An environment that other apps add to runs itself: the variable that names them is gone.
        if app and not settings["composed"]:
            return activation["reexecute"]
    app = os.path.abspath(sys.argv[0])
    return activation["run"](settings, app, True) or activation["reexecute"]
