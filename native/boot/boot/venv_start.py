"""The rest of the environment's `__main__.py`, which executes it in its own namespace. START returns the app's function.

The environment's record holds it as bytecode, with the texts of `room.py` and `trust.py` instead of the imports.
"""

import os
import sys

from room import make_room
from trust import distrusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boot import activate  # noqa: F401

ENVIRONMENT = globals().get("ENVIRONMENT", {})

# `<cache>/venvs/<app>/<environment>/__main__.py`, for the header with `/./` before the name. This check can't stop users who
# can change this file, or `record` beside it.
if distrusted(globals()["__file__"].replace("/./", "/").rsplit("/", 4)[0]):
    ENVIRONMENT = {}


def START():
    settings = ENVIRONMENT
    global activate
    activate = type(sys)("czex_activate")
    # Python 2 clears the namespace of a module that has no reference.
    vars(activate).update(itself=activate)
    exec(settings["activate"], activate.__dict__)
    if sys.argv[0].endswith(activate.BY_HEADER):
        # The app and a restart must not see the environment in the command line.
        if hasattr(sys, "orig_argv"):
            del sys.orig_argv[-len(sys.argv)]
        del sys.argv[0]
    else:
        # The app starts itself again, by `__main__.__file__`.
        activate.load_seldom(settings)
        app = activate.seldom.find_app(settings)
        sys.argv[0] = app or settings["app"]
        # A composed environment runs itself, because PEX_PATH, which names the other apps, was removed.
        if app and not settings["composed"]:
            return activate.reexecute
    app = os.path.abspath(sys.argv[0])
    return activate.run(settings, app, True) or activate.reexecute


def _():
    """Find the function that runs the app, and call it."""
    sys.exit(START()())


_ = make_room(_)
