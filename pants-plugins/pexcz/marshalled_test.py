"""`loads` reads values as `marshal` does, and refuses content that would crash `marshal` or fill the memory."""

from __future__ import annotations

import marshal
import struct
import zlib

import pytest

from pexcz import marshalled

VALUE = {
    "a": [1, -1, 2**31, -(2**31), 2**40, -(2**70), 0.5],
    "b\xe9": {"c": [], "d": {}, "": ""},
    "e": [None, True, False],
}


def test_loads_returns_the_same_value_as_marshal() -> None:
    assert marshalled.loads(zlib.compress(marshal.dumps(VALUE, 2))) == VALUE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        # A tuple, or a list, whose items would take 16 GiB.
        b"(" + struct.pack("<I", 2**31 - 1),
        b"[" + struct.pack("<I", 2**31 - 1),
        b"[\1\0\0\0" * 100_000,
        b"{[\0\0\0\0N0",
        b"l" + struct.pack("<i", -(2**31)),
        b"u\x09\0\0\0abc",
        b"NN",
        marshal.dumps((lambda: 1).__code__),
    ],
)
def test_malformed_value_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        marshalled.loads(zlib.compress(content))


def test_size_of_inflated_content_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marshalled, "BYTES_MAX", 100)
    with pytest.raises(ValueError):
        marshalled.loads(zlib.compress(marshal.dumps("x" * 1000, 2)))
