"""Read PEX_* variables from the environment and the rc files, and check them. Most starts don't load this module."""

from boot.fail import CannotStart, tell
from boot.variables import Variables

# Pex reads these at every start, and therefore rejects invalid values.
BOOLEANS = ("EMIT_WARNINGS", "IGNORE_ERRORS", "TOOLS", "UNZIP", "VENV")
ZIPAPP_BOOLEANS = ("COVERAGE", "INTERPRETER", "PROFILE")
# In venv mode, the environment of a PEX reads these: it ignores rc files, and takes any invalid value as false.
VENV_VARIABLES = (
    "EXTRA_SYS_PATH",
    "INTERPRETER",
    "INTERPRETER_HISTORY",
    "INTERPRETER_HISTORY_FILE",
    "MODULE",
    "SCRIPT",
    "VENV_BIN_PATH",
)
VENV_BOOLEANS = ("INTERPRETER", "INTERPRETER_HISTORY")
# These count only in zipapp mode.
ZIPAPP_VARIABLES = (
    "COVERAGE",
    "COVERAGE_FILENAME",
    "PROFILE",
    "PROFILE_FILENAME",
    "PROFILE_SORT",
)
DEPRECATED = {
    "ALWAYS_CACHE": "what an app needs is always installed into the cache",
    "FORCE_LOCAL": "an app is always unpacked before it runs",
    "TEARDOWN_VERBOSE": "an app exits like any Python program",
    "UNZIP": "an app is always unpacked before it runs",
}


def read_variables(own, rc_files, info, is_first=True):
    """Merge the rc files and the environment, which wins. Raises CannotStart for an invalid value.

    :param own: The PEX_* variables of the environment.
    :param info: PEX-INFO.
    :param is_first: Whether this is the first process of a start, which prints the warnings.
    """
    given = Variables(own)
    if given.flag("DISABLE_VARIABLES"):
        return Variables({})
    values = {}
    if not given.flag("IGNORE_RCFILES"):
        for path in rc_files:
            values.update(read_rc_file(path))
    from_files = set(values) - set(own)
    values.update(own)
    variables = Variables(values)
    for name in BOOLEANS:
        variables.flag(name)
    jobs = variables.number("MAX_INSTALL_JOBS")
    if jobs < -1:
        raise CannotStart("PEX_MAX_INSTALL_JOBS must be -1 or greater, not {0}".format(jobs))
    if not variables.flag("TOOLS") and variables.flag("VENV", bool(info.get("venv"))):
        keep_for_venv_mode(values, from_files)
    else:
        values.pop("PEX_VENV_BIN_PATH", None)
        for name in ZIPAPP_BOOLEANS:
            variables.flag(name)
    if is_first:
        warn(variables, info)
    return variables


def keep_for_venv_mode(values, from_files):
    """Remove the variables that have no effect in venv mode."""
    for name in ZIPAPP_VARIABLES:
        values.pop("PEX_" + name, None)
    for name in VENV_VARIABLES:
        if "PEX_" + name in from_files:
            del values["PEX_" + name]
    for name in VENV_BOOLEANS:
        if values.get("PEX_" + name, "1").lower() not in ("1", "true"):
            values["PEX_" + name] = "0"


def warn(variables, info):
    """Warn about deprecated variables, if warnings are enabled."""
    wanted = variables.flag("EMIT_WARNINGS", info.get("emit_warnings", True) is not False)
    if variables.number("VERBOSE") > 0 or wanted:
        for name in sorted(DEPRECATED):
            if variables.has(name):
                tell(
                    "czex: PEX_{0} is deprecated and has no effect: {1}; unset it".format(
                        name, DEPRECATED[name]
                    )
                )


def read_rc_file(path):
    """Return the variables in the `NAME=value` lines of an rc file; no variables if the file can't be read.

    As in Pex, quotes and references are not expanded, and a line without both a name and a value is ignored.
    """
    values = {}  # type: dict
    try:
        with open(path) as stream:
            lines = list(stream)
    except EnvironmentError:
        return values
    except ValueError as error:
        raise CannotStart("{0} can't be read as text: {1}".format(path, error))
    for line in lines:
        parts = line.strip().split("=")
        if len([part for part in parts if part]) != 2:
            continue
        if len(parts) != 2:
            raise CannotStart(
                "{0} has the line {1!r}, which is not NAME=value".format(path, line.strip())
            )
        if parts[0].startswith("PEX_"):
            values[parts[0]] = parts[1]
    return values
