"""Where the packs of a CZEX stand: in its zip file, or, where they are too large for one, before it.

Zip64 would do for the latter, but no Python before 3.13 can import it. That something stands before a zip file is no
matter to any of them: the offsets in its directory count from its own start.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Dict, Sequence, Tuple

from pexcz.pack import COPY_CHUNK_BYTES, FINGERPRINT_DIGITS, PackInfo
from pexcz.zipwriter import SIZE_MAX, ZipWriter

# What else is in the zip file, runtimes above all, is far smaller than the rest.
PACKS_IN_ZIP_BYTES_MAX = SIZE_MAX - (64 << 20)


def pack_file(sha256: str) -> str:
    """The entry that a pack is, or the file in a directory, by its digest."""
    return f".czex/packs/{sha256[:FINGERPRINT_DIGITS]}.pack"


def write_packs(
    stream: IO[bytes], packs: Sequence[Tuple[Path, PackInfo]]
) -> Tuple[ZipWriter, Dict[str, int]]:
    """Write packs at the end of a file, as entries of a zip file or before it.

    Returns the writer of the zip file, and the absolute offset of each pack by its SHA-256.
    """
    offsets = {}
    if sum(info.size for _, info in packs) <= PACKS_IN_ZIP_BYTES_MAX:
        writer = ZipWriter(stream)
        for path, info in packs:
            writer.begin_stored(pack_file(info.sha256), info.size, info.crc32)
            offsets[info.sha256] = _append(stream, path, info)
    else:
        for path, info in packs:
            offsets[info.sha256] = _append(stream, path, info)
        writer = ZipWriter(stream, stream.tell())
    return writer, offsets


def _append(stream: IO[bytes], path: Path, info: PackInfo) -> int:
    """Copy a pack to the end of a file, and return where it begins there."""
    offset = stream.tell()
    with open(path, "rb") as source:
        for chunk in iter(lambda: source.read(COPY_CHUNK_BYTES), b""):
            stream.write(chunk)
    assert stream.tell() == offset + info.size, path
    return offset
