"""Access to the PEX_* variables.

https://docs.pex-tool.org/api/vars.html
"""

import os

from boot.fail import CannotStart

VALUES = {"1": True, "true": True, "0": False, "false": False}


class Variables(object):
    """The PEX_* variables by name; the accessors take names without the prefix."""

    def __init__(self, values):
        self._values = values

    @property
    def given(self):
        """Whether any variable is set, except PEX_ROOT, which the warm path can handle."""
        return bool(set(self._values) - {"PEX_ROOT"})

    def has(self, name):
        """Return whether a variable is set, even if it is empty."""
        return "PEX_" + name in self._values

    def text(self, name):
        """Return the value; `None` if it is not set or empty."""
        return self._values.get("PEX_" + name) or None

    def flag(self, name, default=False):
        value = self._values.get("PEX_" + name)
        return default if value is None else boolean("PEX_" + name, value)

    def choice(self, name, choices, default=None):
        """Return the value, which must be one of `choices`."""
        value = self.text(name) or default
        if value not in choices and value is not None:
            raise CannotStart(
                "PEX_{0} must be {1} or {2}, not {3!r}".format(
                    name, ", ".join(choices[:-1]), choices[-1], value
                )
            )
        return value

    def path(self, name):
        """Return an absolute path, or `None`."""
        value = self.text(name)
        return os.path.realpath(os.path.expanduser(value)) if value else None

    def number(self, name, default=0):
        value = self._values.get("PEX_" + name)
        try:
            return default if value is None else int(value)
        except ValueError:
            raise CannotStart("PEX_{0} must be a whole number, not {1!r}".format(name, value))

    def paths(self, name, empty_is_here=True):
        """Return the normalised paths in a value, without duplicates.

        :param empty_is_here: Whether an empty value means the working directory; else it means no path.
        """
        value = self._values.get("PEX_" + name)
        if value is None or not (value or empty_is_here):
            return []
        paths = []
        for entry in value.split(os.pathsep):
            path = os.path.normpath(os.path.expanduser(entry))
            if path not in paths:
                paths.append(path)
        return paths


def boolean(name, value):
    try:
        return VALUES[value.lower()]
    except KeyError:
        raise CannotStart("{0} must be one of 0, 1, false or true, not {1!r}".format(name, value))
