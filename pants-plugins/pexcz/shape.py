"""Check that a value from JSON has the form that a reader expects."""

from __future__ import annotations

import re
from typing import Any, Callable

IsRight = Callable[[Any], bool]


def text(value: Any) -> bool:
    return isinstance(value, str)


def size(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value < 1 << 63


def digits(count: int) -> IsRight:
    """Check for a number of hexadecimal digits."""
    pattern = re.compile("[0-9a-f]{%d}" % count)
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value))


def optional(is_right: IsRight) -> IsRight:
    return lambda value: value is None or is_right(value)


def list_of(is_right: IsRight) -> IsRight:
    return lambda value: isinstance(value, list) and all(map(is_right, value))


def dict_of(is_right: IsRight) -> IsRight:
    """Check the values of a dict, with any keys."""
    return lambda value: isinstance(value, dict) and all(map(is_right, value.values()))


def record(**fields: IsRight) -> IsRight:
    """Check the values of these keys in a dict, which may have others."""
    return lambda value: isinstance(value, dict) and all(
        is_right(value.get(key)) for key, is_right in fields.items()
    )
