"""Enter the cold path: make sure that it imports Python's own modules, and start it.

Until now, PYTHONPATH and the machine's site-packages are on `sys.path`, and may contain another `json`.
"""

import gc
import os
import sys

import boot
from boot import activate, interpreter

CLEANED = "_CZEX_COLD_CLEANED"


def start(app):
    """Install `app` if need be, and return the function that runs it."""
    # Compilation makes many objects but no garbage. `ColdStart.run` enables the collector again.
    gc.disable()
    own = interpreter.standard_library()
    settings = {"inherit_path": "false", "python_path": False, "stdlib": own, "venv": app}
    foreign = activate.foreign_modules(settings)
    if not os.environ.pop(CLEANED, None):
        if activate.has_other_standard_library(settings, foreign):
            # PYTHONEXECUTABLE only sets `sys.executable`, so the real interpreter is found by /proc.
            is_renamed = "PYTHONEXECUTABLE" in os.environ and os.access("/proc/self/exe", os.X_OK)
            python = os.path.realpath("/proc/self/exe") if is_renamed else sys.executable
            activate.stash(settings)
            os.environ[CLEANED] = "1"
            activate.reexecute(python)
    path = sys.path[:]
    sys.path[:] = own
    from boot import cold

    return cold.start(app, path)


def start_for_import(app, alias):
    """Install `app` if need be, and make its wheels and sources importable here.

    :param alias: The package that stands for the app's modules, `__pex__`.
    """
    path = sys.path[:]
    sys.path[:] = interpreter.standard_library()
    try:
        from boot import cold, hook

        settings = cold.settings_for_import(app)
        activate.hold(settings)
    finally:
        sys.path[:] = path
    boot.forget()
    hook.install(settings, alias)
