"""Write the packs of a CZEX as entries of its zip file, or before the zip file if they are too large for it.

Python can import zip64 files only since 3.13. All versions can import a zip file that follows other data: the offsets in its
directory count from its own start.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Dict, Sequence, Tuple

from pexcz.pack import COPY_CHUNK_BYTES, PackInfo
from pexcz.zipwriter import SIZE_MAX, ZipWriter

# All other entries together, mostly runtimes, are far smaller than the 64 MiB that are left for them.
PACKS_IN_ZIP_BYTES_MAX = SIZE_MAX - (64 << 20)


def pack_file(fingerprint: str) -> str:
    """Return the name of a pack's entry in a zip file, which is also its path in a directory."""
    return f".czex/packs/{fingerprint}.pack"


def write_packs(
    stream: IO[bytes], packs: Sequence[Tuple[Path, PackInfo]]
) -> Tuple[ZipWriter, Dict[str, int]]:
    """Write packs at the end of a file, as entries of a zip file or before it.

    Return the writer of the zip file, and SHA-256 → absolute offset of each pack.
    """
    offsets = {}
    if sum(info.size for _, info in packs) <= PACKS_IN_ZIP_BYTES_MAX:
        writer = ZipWriter(stream)
        for path, info in packs:
            writer.begin_stored(pack_file(info.fingerprint), info.size, info.crc32)
            offsets[info.sha256] = _append(stream, path, info)
    else:
        for path, info in packs:
            offsets[info.sha256] = _append(stream, path, info)
        writer = ZipWriter(stream, stream.tell())
    return writer, offsets


def _append(stream: IO[bytes], path: Path, info: PackInfo) -> int:
    """Copy a pack to the end of a file, and return its offset there."""
    offset = stream.tell()
    with open(path, "rb") as source:
        for chunk in iter(lambda: source.read(COPY_CHUNK_BYTES), b""):
            stream.write(chunk)
    assert stream.tell() == offset + info.size, path
    return offset
