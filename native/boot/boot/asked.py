"""Apply the PEX_* variables, which change how the app is installed and started."""

import os

from boot.fail import CannotStart
from boot.settings import entry_of, includes_tools, inherit_path, script_entry

# Each of these variables runs the app under `measure`.
MEASURING = ("COVERAGE", "COVERAGE_FILENAME", "PROFILE", "PROFILE_FILENAME")


def info(variables, info):
    """Return PEX-INFO as the variables change it, and a text that distinguishes the environment, "" if nothing changes."""
    variant = ""
    inherit = variables.choice("INHERIT_PATH", ("false", "prefer", "fallback"))
    if inherit not in (None, "false", inherit_path(info)):
        variant += "\ninherit_path=" + inherit
        info = dict(info, inherit_path=inherit)
    was_venv = bool(info.get("venv"))
    venv = variables.flag("VENV", was_venv)
    if venv and not includes_tools(info):
        raise CannotStart(
            "PEX_VENV is set, but the PEX was built without venv support; unset it, or build the PEX with --venv or "
            '--include-tools (in Pants: execution_mode="venv" or include_tools=True on its pex_binary)'
        )
    if venv != was_venv:
        variant += "\nvenv={0}".format(venv)
        info = dict(info, venv=venv)
    if variables.flag("IGNORE_ERRORS") and not info.get("ignore_errors"):
        # This environment may lack distributions that a start which doesn't ignore errors needs.
        variant += "\nignore_errors"
    others = variables.paths("PATH", empty_is_here=False)
    if others:
        from boot.composition import built_in_path

        variant += "\npex_path"
        info = dict(info, pex_paths=built_in_path(info) + others)
    return info, variant


def adapt(settings, variables, environment):
    """Change the settings of an installed environment as the variables request."""
    module, script = variables.text("MODULE"), variables.text("SCRIPT")
    interpret = variables.flag("INTERPRETER")
    asked = [name for name in ("INTERPRETER", "MODULE", "SCRIPT") if variables.has(name)]
    if module and script or settings["venv_mode"] and len(asked) > 1:
        raise CannotStart("only one of PEX_INTERPRETER, PEX_MODULE and PEX_SCRIPT can be set")
    if interpret or module or script:
        settings["inject_args"] = []
    if interpret:
        settings["entry"] = None
    elif module:
        settings["entry"] = entry_of(module)
    elif script:
        settings["entry"] = script_entry(environment, script)
    extra = variables.text("EXTRA_SYS_PATH")
    if extra:
        settings["may_set_title"] = settings["needs_seldom"] = True
    if settings["venv_mode"]:
        orders = ("false", "prepend", "append")
        settings["bin_path"] = variables.choice("VENV_BIN_PATH", orders, settings["bin_path"])
        # The entries are not normalised, because the environment's own interpreter doesn't normalise them.
        settings["extra_sys_path"] = extra.split(os.pathsep) if extra else []
    else:
        settings["extra_sys_path"] = variables.paths("EXTRA_SYS_PATH")
        if any(variables.has(name) for name in MEASURING):
            from boot import measure

            settings["wrap"] = measure.wrapper(variables)
