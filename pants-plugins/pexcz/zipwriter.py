"""Write the zip file of a CZEX.

`zipfile` compresses with the machine's zlib. Some machines have zlib-ng, which gives other bytes. libdeflate (the `deflate`
package) gives the same bytes everywhere. Every entry has the date 1980-01-01 and mode 0644. See PKWARE's APPNOTE.TXT, 4.3 and
4.4.
"""

from __future__ import annotations

import struct
import zlib
from typing import IO, List, Tuple

import deflate

STORED = 0
DEFLATED = 8
DEFLATE_LEVEL = 12
# Larger sizes need zip64, which a CZEX doesn't use (docs/format.md).
SIZE_MAX = 0xFFFFFFFE

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s4B4H3I5H2I")
_END = struct.Struct("<4s4H2IH")
END_BYTES = _END.size
_COMMENT_BYTES_AT = 32
_VERSION = 20
_UNIX = 3
_DATE = (1980 - 1980) << 9 | 1 << 5 | 1
_MODE = 0o100644 << 16


class ZipWriter:
    """Append a zip file to `stream`, at its position.

    Offsets in the directory count from `base`. It is not 0 if other data is before the zip file.
    """

    def __init__(self, stream: IO[bytes], base: int = 0) -> None:
        self._stream = stream
        self._base = base
        self._directory: List[bytes] = []

    def add(self, name: str, content: bytes, compress: bool = True) -> None:
        """Add an entry, deflated if that makes it smaller."""
        method, stored = STORED, content
        if compress:
            deflated = bytes(deflate.deflate_compress(content, DEFLATE_LEVEL))
            if len(deflated) < len(content):
                method, stored = DEFLATED, deflated
        self._header(name, method, zlib.crc32(content), len(stored), len(content))
        self._stream.write(stored)

    def begin_stored(self, name: str, size: int, crc32: int) -> None:
        """Begin a large entry. Its content is the next `size` bytes that the caller writes to the stream."""
        self._header(name, STORED, crc32, size, size)

    def finish(self, comment: bytes = b"") -> None:
        """Write the directory. Don't add entries after that.

        :param comment: The comment of the last entry.
        """
        start = self._stream.tell() - self._base
        last = bytearray(self._directory[-1])
        struct.pack_into("<H", last, _COMMENT_BYTES_AT, len(comment))
        directory = b"".join([*self._directory[:-1], last, comment])
        self._stream.write(directory)
        count = len(self._directory)
        self._stream.write(_END.pack(b"PK\5\6", 0, 0, count, count, len(directory), start, 0))

    def _header(self, name: str, method: int, crc32: int, stored: int, size: int) -> None:
        encoded = name.encode("ascii")
        offset = self._stream.tell() - self._base
        assert offset + len(encoded) + stored <= SIZE_MAX, name
        common: Tuple[int, ...] = (0, method, 0, _DATE, crc32, stored, size, len(encoded), 0)
        self._stream.write(_LOCAL.pack(b"PK\3\4", _VERSION, *common) + encoded)
        self._directory.append(
            _CENTRAL.pack(b"PK\1\2", _VERSION, _UNIX, _VERSION, 0, *common, 0, 0, 0, _MODE, offset)
            + encoded
        )
