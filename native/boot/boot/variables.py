"""The PEX_* variables, as the rest of the boot asks for them.

https://docs.pex-tool.org/api/vars.html
"""

import os

from boot.fail import CannotStart

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

    def choice(self, name, choices, default=None):
        """One of `choices`."""
        value = self.text(name) or default
        if value not in choices and value is not None:
            raise CannotStart(
                "PEX_{0} must be {1} or {2}, not {3!r}".format(
                    name, ", ".join(choices[:-1]), choices[-1], value
                )
            )
        return value

    def path(self, name):
        """A path as an absolute one, or None."""
        value = self.text(name)
        return os.path.realpath(os.path.expanduser(value)) if value else None

    def paths(self, name):
        """The entries of a path such as PEX_PATH."""
        entries = []
        for entry in (self.text(name) or "").split(os.pathsep):
            entry = os.path.normpath(os.path.expanduser(entry)) if entry else entry
            if entry and entry not in entries:
                entries.append(entry)
        return entries

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
        raise CannotStart("{0} must be one of 0, 1, false or true, not {1!r}".format(name, value))
