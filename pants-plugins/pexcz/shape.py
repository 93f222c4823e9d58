"""Whether a value out of JSON has the shape that a reader counts on. A file may say anything."""

from __future__ import annotations

import re
from typing import Any, Callable

IsRight = Callable[[Any], bool]


def text(value: Any) -> bool:
    return isinstance(value, str)


def size(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value < 1 << 63


def digits(count: int) -> IsRight:
    """Of a digest."""
    pattern = re.compile("[0-9a-f]{%d}" % count)
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value))


def optional(is_right: IsRight) -> IsRight:
    return lambda value: value is None or is_right(value)


def list_of(is_right: IsRight) -> IsRight:
    return lambda value: isinstance(value, list) and all(map(is_right, value))


def dict_of(is_right: IsRight) -> IsRight:
    """With any keys."""
    return lambda value: isinstance(value, dict) and all(map(is_right, value.values()))


def record(**fields: IsRight) -> IsRight:
    """A dict with these keys, and perhaps others."""
    return lambda value: isinstance(value, dict) and all(
        is_right(value.get(key)) for key, is_right in fields.items()
    )
