"""The PEX_* variables: from the environment and the rc files, checked.

https://docs.pex-tool.org/api/vars.html
"""

import os

from boot.fail import CannotStart

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
VALUES = {"1": True, "true": True, "0": False, "false": False}


class Variables(object):
    """PEX_* variables by name, without the prefix in the accessors' arguments."""

    def __init__(self, values):
        self._values = values

    @property
    def given(self):
        """Whether there is any."""
        return bool(self._values)

    def text(self, name):
        return self._values.get("PEX_" + name) or None

    def flag(self, name, default=False):
        value = self._values.get("PEX_" + name)
        if value is None or value == "":
            return default
        return boolean("PEX_" + name, value)

    def number(self, name, default=0):
        value = self._values.get("PEX_" + name)
        try:
            return int(value) if value else default
        except ValueError:
            raise CannotStart("PEX_{0} must be a whole number, not {1!r}".format(name, value))


def boolean(name, value):
    try:
        return VALUES[value.lower()]
    except KeyError:
        raise CannotStart(
            "{0} must be one of 0, 1, false or true, not {1!r}".format(name, value)
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
