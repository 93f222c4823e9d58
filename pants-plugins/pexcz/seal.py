"""The seal of a CZEX file: a digest of all its bytes except for the packs, which have digests in the manifest.

It is the comment of the last entry in the zip file's directory, which readers ignore. It also covers bytes that no checksum of a
zip file covers: names, sizes and times before the entries, the directory, padding.
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
    """Write the seal into a file that has UNSEALED in its place.

    :param packs: Offset and size of each pack.
    """
    digest = _digest(stream, packs)
    stream.seek(-END_BYTES - SEAL_BYTES, os.SEEK_END)
    stream.write(digest)


def is_whole(stream: IO[bytes], packs: Iterable[Tuple[int, int]]) -> bool:
    """Return whether a file has the right seal."""
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
