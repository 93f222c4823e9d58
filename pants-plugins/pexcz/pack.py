"""Read packs, which contain the files of a wheel or the sources of an app (docs/format.md).

`packwriter` writes them.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path
from typing import IO, Any, Callable, Dict, Iterator, List, NamedTuple, Sequence, Tuple

from pexcz import paths, zstd
from pexcz.errors import BadPackError

MAGIC = b"CZEXPACK"
VERSION = 2
# Magic, version, zero; stored and raw sizes of the outline, the meta section and the index; size of the content.
HEADER = struct.Struct("<8s8IQ")
FRAME = struct.Struct("<II")
ENTRY = struct.Struct("<BHQ")
COUNT = struct.Struct("<I")

EXECUTABLE = 1
SHEBANG = 2
DIRECTORY = 4
OUTWARD = 8
RECORD = 16

_CUSTOMIZE = ("sitecustomize", "usercustomize")
MODULE_SUFFIXES = (".py", ".pyc", ".so", ".pyd")

FRAME_RAW_MAX = 8 << 20
# The runtime refuses larger sections.
SECTION_RAW_MAX = 64 << 20
FINGERPRINT_DIGITS = 40
COPY_CHUNK_BYTES = 1 << 20
DEFAULT_LEVEL = 9


class Entry(NamedTuple):
    """A file or an empty directory to pack. Each call of `chunks` yields `size` bytes."""

    path: str
    size: int
    flags: int
    chunks: Callable[[], Iterator[bytes]]


# Path, size in bytes, flags.
File = Tuple[str, int, int]


class PackInfo(NamedTuple):
    """The meta section and the index of a pack, and its digests. Sizes are in bytes."""

    meta: Dict[str, Any]
    sha256: str
    crc32: int
    size: int
    content_size: int
    files: Tuple[File, ...]
    frames: Tuple[Tuple[int, int], ...]

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.sha256)

    @property
    def header_size(self) -> int:
        """The size of the header and the sections before the first frame."""
        return self.size - sum(packed for packed, _ in self.frames)


def fingerprint(sha256: str) -> str:
    """Return the first digits of a SHA-256, which name a pack, an app, or a directory of the cache."""
    return sha256[:FINGERPRINT_DIGITS]


def read_pack_info(path: Path) -> PackInfo:
    """Read and check a pack, except for the content of its frames.

    Raise BadPackError if it isn't a pack, or is damaged.
    """
    # A process that only writes a pack needs no OpenSSL.
    import hashlib

    digest, crc32 = hashlib.sha256(), 0
    with open(path, "rb") as stream:
        for chunk in iter(lambda: stream.read(COPY_CHUNK_BYTES), b""):
            digest.update(chunk)
            crc32 = zlib.crc32(chunk, crc32)
        size = stream.tell()
        stream.seek(0)
        return parse_pack(stream, size, str(path), digest.hexdigest(), crc32)


def parse_pack(stream: IO[bytes], size: int, name: str, sha256: str, crc32: int) -> PackInfo:
    """Parse the pack of `size` bytes at the position of `stream`."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size or not header.startswith(MAGIC):
        raise BadPackError(f"can't read {name}: it is not a pack")
    _, version, zero, *sizes, content = HEADER.unpack(header)
    if version != VERSION:
        raise BadPackError(
            f"can't read {name}: it is a pack of version {version}, but this pexcz reads {VERSION}; start the build again"
        )
    try:
        outline, meta, index = (_section(stream, *sizes[at : at + 2]) for at in (0, 2, 4))
        frames, files = _parse_index(index)
        if outline != encoded(outline_of(files)):
            raise ValueError("its outline and its index differ")
        meta = json.loads(meta)
        if not isinstance(meta, dict):
            raise ValueError("its meta section is not an object")
    except (zstd.Error, ValueError, RecursionError, struct.error) as e:
        raise BadPackError(f"{name} is damaged: {e}") from e
    stored = HEADER.size + sum(sizes[::2]) + sum(packed for packed, _ in frames)
    raw = sum(raw for _, raw in frames)
    if zero or stored != size or raw != content or sum(size for _, size, _ in files) != content:
        raise BadPackError(f"{name} is damaged: its sizes contradict each other")
    for path, _, _ in files:
        paths.check(path, name)
    return PackInfo(meta, sha256, crc32, size, content, files, tuple(frames))


def contents(path: Path, info: PackInfo, offset: int = 0) -> Iterator[Tuple[str, bytes]]:
    """Yield the path and content of each entry of a pack, in order, with one frame and one file in memory at a time.

    :param offset: Where the pack begins in the file at `path`.
    """
    with open(path, "rb") as stream:
        stream.seek(offset + info.header_size)
        frames = iter(info.frames)
        raw, position = b"", 0
        for name, size, _ in info.files:
            parts = []
            while size:
                if position == len(raw):
                    raw, position = _frame(stream, *next(frames), str(path)), 0
                parts.append(raw[position : position + size])
                position += len(parts[-1])
                size -= len(parts[-1])
            yield name, b"".join(parts)


def _frame(stream: IO[bytes], packed_bytes: int, raw_bytes: int, name: str) -> bytes:
    try:
        return _section(stream, packed_bytes, raw_bytes)
    except (zstd.Error, ValueError) as e:
        raise BadPackError(f"{name} is damaged: {e}") from e


def _section(stream: IO[bytes], packed_bytes: int, raw_bytes: int) -> bytes:
    packed = stream.read(packed_bytes)
    if len(packed) < packed_bytes or raw_bytes > SECTION_RAW_MAX:
        raise ValueError("it ends before a section does")
    return zstd.decompressed(packed, raw_bytes)


def encoded(files: Sequence[File]) -> bytes:
    """Encode entries as in an outline and an index."""
    parts = [COUNT.pack(len(files))]
    for path, size, flags in files:
        name = path.encode("utf-8")
        parts += (ENTRY.pack(flags, len(name), size), name)
    return b"".join(parts)


def outline_of(files: Sequence[File]) -> List[File]:
    """Return the files and directories to link so that an environment has the whole tree.

    A link to a directory covers all files below it. Real directories are needed above a script or a RECORD, which the
    environment writes itself, and above a library that loads libraries of other wheels. The directory of a scheme is
    always real. All this assumes that no other pack has files in the same directory.
    """
    real = {path.split("/", 1)[0] for path, _, _ in files}
    for path, _, flags in files:
        if flags & (SHEBANG | OUTWARD | RECORD):
            real.update(directories(path))
    outline: List[File] = []
    for path, size, flags in files:
        directory = next((parent for parent in directories(path) if parent not in real), None)
        if directory is None:
            outline.append((path, size, flags))
        elif not outline or outline[-1][0] != directory:
            outline.append((directory, 0, DIRECTORY))
    return outline


def directories(path: str) -> Iterator[str]:
    """Yield the directories above a path, the outermost first."""
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)


def _parse_index(index: bytes) -> Tuple[List[Tuple[int, int]], Tuple[File, ...]]:
    (count,) = COUNT.unpack_from(index)
    position = COUNT.size
    frames = []
    for _ in range(count):
        frames.append(FRAME.unpack_from(index, position))
        position += FRAME.size
        if not 0 < frames[-1][1] <= FRAME_RAW_MAX:
            raise ValueError("one of its frames is too large")
    (count,) = COUNT.unpack_from(index, position)
    position += COUNT.size
    files = []
    for _ in range(count):
        flags, length, size = ENTRY.unpack_from(index, position)
        position += ENTRY.size
        files.append((index[position : position + length].decode("utf-8"), size, flags))
        position += length
    keys = [paths.sort_key(path) for path, _, _ in files]
    if any(one >= other for one, other in zip(keys, keys[1:])):
        raise ValueError("its entries are not sorted")
    if position != len(index):
        raise ValueError("its index is not as long as its entries")
    return frames, tuple(files)


def read_by_site(targets: List[str]) -> List[str]:
    """Return the files that `site` reads at a start: `.pth`, `.start` (PEP 829), `sitecustomize` and `usercustomize`."""
    names = (target.split("/", 1)[1] for target in targets if target.startswith("lib/"))
    return sorted(
        name
        for name in names
        if _import_name(name) in _CUSTOMIZE
        or "/" not in name
        and (name.endswith(".pth") or name.endswith(".start") and not name.startswith("."))
    )


def _import_name(path: str) -> str | None:
    """Return the name of the module, or of the package, that a file at the top of a directory defines."""
    top, _, rest = path.partition("/")
    is_module = (rest or top).endswith(MODULE_SUFFIXES)
    return top.split(".")[0] if is_module and (not rest or rest.startswith("__init__.")) else None


def default_threads() -> int:
    """Return the number of CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
