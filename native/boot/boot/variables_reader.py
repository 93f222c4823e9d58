"""Reads PEX_* variables from the environment and the rc files, and checks them. Most starts have none."""

import os

from boot.variables import Variables, boolean

BOOLEANS = frozenset(
    (
        "PEX_ALWAYS_CACHE",
        "PEX_COVERAGE",
        "PEX_DISABLE_VARIABLES",
        "PEX_EMIT_WARNINGS",
        "PEX_FORCE_LOCAL",
        "PEX_IGNORE_ERRORS",
        "PEX_IGNORE_RCFILES",
        "PEX_INTERPRETER",
        "PEX_INTERPRETER_HISTORY",
        "PEX_PROFILE",
        "PEX_TEARDOWN_VERBOSE",
        "PEX_TOOLS",
        "PEX_UNZIP",
        "PEX_VENV",
    )
)


def read_variables(environ, rc_files):
    """Merge the rc files and the environment, which wins. Raises CannotStart for a value that isn't one."""
    own = dict((name, value) for name, value in environ.items() if name.startswith("PEX_"))
    if boolean("PEX_DISABLE_VARIABLES", own.get("PEX_DISABLE_VARIABLES") or "0"):
        return Variables({})
    values = {}
    if not boolean("PEX_IGNORE_RCFILES", own.get("PEX_IGNORE_RCFILES") or "0"):
        for path in rc_files:
            values.update(read_rc_file(path))
    values.update(own)
    for name in sorted(BOOLEANS.intersection(values)):
        if values[name]:
            boolean(name, values[name])
    return Variables(values)


def read_rc_file(path):
    """The `PEX_NAME=value` lines of an rc file; none where it can't be read."""
    values = {}
    try:
        with open(path) as stream:
            lines = stream.read().splitlines()
    except EnvironmentError:
        return values
    for line in lines:
        name, equals, value = line.partition("=")
        if equals and name.strip().startswith("PEX_"):
            values[name.strip()] = os.path.expandvars(value.strip().strip("'\""))
    return values
