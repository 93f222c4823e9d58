"""The rest of the environment's `__main__.py`, which executes it in its own namespace. START returns the app's function.

The environment's record holds it as bytecode, with the text of `trust.py` instead of the import.
"""

import os
import sys

from trust import distrusted

ENVIRONMENT = globals().get("ENVIRONMENT", {})

# `<cache>/venvs/<app>/<environment>/__main__.py`, for the header with `/./` before the name. This check can't stop users who
# can change this file, or `record` beside it.
if distrusted(globals()["__file__"].replace("/./", "/").rsplit("/", 4)[0]):
    ENVIRONMENT = {}


def START():
    settings = ENVIRONMENT
    activation = {"__name__": "czex_activate"}  # type: dict
    exec(settings["activate"], activation)
    if sys.argv[0].endswith(activation["BY_HEADER"]):
        # The app and a restart must not see the environment in the command line.
        if hasattr(sys, "orig_argv"):
            del sys.orig_argv[-len(sys.argv)]
        del sys.argv[0]
    else:
        # The app starts itself again, by `__main__.__file__`.
        app = activation["seldom"](settings)["find_app"](settings)
        sys.argv[0] = app or settings["app"]
        # A composed environment runs itself, because PEX_PATH, which names the other apps, was removed.
        if app and not settings["composed"]:
            return activation["reexecute"]
    app = os.path.abspath(sys.argv[0])
    return activation["run"](settings, app, True) or activation["reexecute"]
