"""The seal of a CZEX file: a digest of all that the digests in its manifest leave out, so of all but the packs.

It is the comment of the last entry in the zip file's directory, which no reader looks at. So every byte of the file counts, also
those that no checksum of a zip file is about: names, sizes and times before the entries, the directory, padding.
"""

from __future__ import annotations

import hashlib
import os
from typing import IO, Iterable, Tuple

from pexcz.trees import chunks_of
from pexcz.zipwriter import END_BYTES

SEAL_BYTES = 64
UNSEALED = b"0" * SEAL_BYTES


def seal(stream: IO[bytes], packs: Iterable[Tuple[int, int]]) -> None:
    """Put the seal into a file that has UNSEALED in its place.

    :param packs: Where packs are: offset and size.
    """
    digest = _digest(stream, packs)
    stream.seek(-END_BYTES - SEAL_BYTES, os.SEEK_END)
    stream.write(digest)


def is_whole(stream: IO[bytes], packs: Iterable[Tuple[int, int]]) -> bool:
    """Whether a file has the seal that it should have."""
    digest = _digest(stream, packs)
    stream.seek(-END_BYTES - SEAL_BYTES, os.SEEK_END)
    return stream.read(SEAL_BYTES) == digest


def _digest(stream: IO[bytes], packs: Iterable[Tuple[int, int]]) -> bytes:
    end = stream.seek(0, os.SEEK_END)
    left_out = [*packs, (end - END_BYTES - SEAL_BYTES, SEAL_BYTES), (end, 0)]
    digest, position = hashlib.sha256(), 0
    for start, size in sorted(left_out):
        stream.seek(position)
        for chunk in chunks_of(stream, start - position):
            digest.update(chunk)
        position = start + size
    return digest.hexdigest().encode("ascii")
