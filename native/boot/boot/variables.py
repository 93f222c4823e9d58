"""The PEX_* variables, as the rest of the boot asks for them.

https://docs.pex-tool.org/api/vars.html
"""

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
