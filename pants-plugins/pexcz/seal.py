"""The seal of a CZEX: digests of all its bytes except for the packs, which have digests in the manifest.

The seal of a zip file is a SHA-256 in the comment of the last entry in its directory, which readers ignore. It also covers bytes
that no checksum of a zip file covers: names, sizes and times before the entries, the directory, padding.

The seal of a directory is a file with the SHA-256 of each other file, in the format of `sha256sum`.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import IO, Dict, Iterable, Tuple

from pexcz.trees import chunks_of
from pexcz.zipwriter import END_BYTES

SEAL_BYTES = 64
UNSEALED = b"0" * SEAL_BYTES
_LINES = re.compile(rb"(?:[0-9a-f]{64}  [!-~]+\n)+")


def listed(digests: Dict[str, str]) -> bytes:
    """Return the seal of a directory with these files."""
    lines = [f"{digest}  {file}\n" for file, digest in sorted(digests.items())]
    return "".join(lines).encode("utf-8")


def parse_listed(content: bytes, last: str) -> Dict[str, str]:
    """Return the digests in the seal of a directory. Raises ValueError if the seal is malformed.

    :param last: The file in the last line, which a truncated seal lacks.
    """
    if not (_LINES.fullmatch(content) and content.endswith(f"  {last}\n".encode("utf-8"))):
        raise ValueError
    lines = [line.split("  ", 1) for line in content.decode("utf-8").splitlines()]
    return {file: digest for digest, file in lines}


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
