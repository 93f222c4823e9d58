"""Read plain values in version 2 of Python's `marshal`, compressed by zlib, such as `.czex/start`.

The module `marshal` is unsafe for input of unknown origin: some bytes crash it, others make it allocate all memory.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, Dict

BYTES_MAX = 256 << 20
_CONSTANTS = {b"N": None, b"F": False, b"T": True}
_FORMATS = {b"i": "<i", b"g": "<d"}
# A long number is a list of digits of 15 bits; the sign of their count is its sign.
_DIGIT_BITS = 15


def loads(content: bytes) -> Any:
    """Return the value. Raise ValueError for malformed content."""
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(content, BYTES_MAX)
        value, end = _read(raw, 0)
    except (zlib.error, struct.error, TypeError, RecursionError) as e:
        raise ValueError(str(e)) from e
    if end != len(raw) or not inflater.eof:
        raise ValueError("it ends too late")
    return value


def _read(raw: bytes, at: int) -> Any:
    """Return the value that begins at an offset, and the offset of its end."""
    kind = raw[at : at + 1]
    at += 1
    if kind in _CONSTANTS:
        return _CONSTANTS[kind], at
    if kind in _FORMATS:
        layout = _FORMATS[kind]
        return struct.unpack_from(layout, raw, at)[0], at + struct.calcsize(layout)
    if kind == b"{":
        return _read_dict(raw, at)
    if kind not in (b"[", b"u", b"l"):
        raise ValueError(f"it has a value of kind {kind!r}")
    (count,) = struct.unpack_from("<i", raw, at)
    at += 4
    if kind == b"u":
        return raw[at : at + count].decode("utf-8"), at + count
    if kind == b"l":
        found = struct.unpack_from(f"<{abs(count)}H", raw, at)
        number = sum(digit << _DIGIT_BITS * place for place, digit in enumerate(found))
        return number if count > 0 else -number, at + 2 * len(found)
    items = []
    for _ in range(count):
        item, at = _read(raw, at)
        items.append(item)
    return items, at


def _read_dict(raw: bytes, at: int) -> Any:
    found: Dict[Any, Any] = {}
    while raw[at : at + 1] != b"0":
        key, at = _read(raw, at)
        found[key], at = _read(raw, at)
    return found, at + 1
