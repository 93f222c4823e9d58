"""What PEX_* variables ask for instead of what the app would do by itself."""

import os

from boot.environment import entry_of
from boot.fail import CannotStart


def overrides(variables, environment):
    """What `activate.run` takes: `entry`, `extra_sys_path` and `bin_path`, where they are asked for."""
    overrides = {}
    module, script = variables.text("MODULE"), variables.text("SCRIPT")
    interpret = variables.flag("INTERPRETER")
    if module and script or environment.info.get("venv") and (module or script) and interpret:
        raise CannotStart("only one of PEX_INTERPRETER, PEX_MODULE and PEX_SCRIPT can be set")
    if interpret:
        overrides["entry"] = None
    elif module:
        overrides["entry"] = entry_of(module)
    elif script:
        overrides["entry"] = environment.script_entry(script)
    extra = variables.text("EXTRA_SYS_PATH")
    if extra:
        overrides["extra_sys_path"] = extra.split(os.pathsep)
    order = variables.text("VENV_BIN_PATH")
    if order:
        if order not in ("false", "prepend", "append"):
            raise CannotStart(
                "PEX_VENV_BIN_PATH must be false, prepend or append, not {0!r}".format(order)
            )
        overrides["bin_path"] = order
    return overrides
