"""The pack: one wheel's files, or an app's sources, as docs/format.md describes it.

Written by streaming: at any time a few frames of 8 MiB are in memory, whatever the size of the wheel. The bytes
depend on the content and the compression level alone, not on the number of threads.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import tempfile
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Callable, Deque, Dict, Iterable, Iterator, List, Sequence, Tuple

import zstandard

from pexcz import paths
from pexcz.errors import BadPackError

MAGIC = b"CZEXPACK"
VERSION = 1
HEADER = struct.Struct("<8sIIIIIIQ")
FRAME = struct.Struct("<II")
ENTRY = struct.Struct("<BHQ")
COUNT = struct.Struct("<I")

EXECUTABLE = 1
SHEBANG = 2
DIRECTORY = 4

FRAME_RAW_MAX = 8 << 20
SECTION_RAW_MAX = 256 << 20
FINGERPRINT_DIGITS = 40
COPY_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Entry:
    """A file or an empty directory to pack. `chunks` gives `size` bytes, each time it is called."""

    path: str
    size: int
    flags: int
    chunks: Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class PackInfo:
    """What a pack says of itself. Sizes are in bytes."""

    meta: Dict[str, Any]
    sha256: str
    size: int
    content_size: int
    files: Tuple[Tuple[str, int, int], ...]
    frames: Tuple[Tuple[int, int], ...]

    @property
    def fingerprint(self) -> str:
        return self.sha256[:FINGERPRINT_DIGITS]


def write_pack(
    output: IO[bytes], meta: Dict[str, Any], entries: Iterable[Entry], level: int, threads: int
) -> None:
    """Write a pack to `output`.

    :param level: A zstd compression level, 1 to 22.
    :param threads: How many frames are compressed at once.
    """
    ordered = sorted(entries, key=lambda entry: paths.sort_key(entry.path))
    frames: List[Tuple[int, int]] = []
    with tempfile.TemporaryFile() as body:
        for raw_size, packed in _compressed(_frames(ordered), level, threads):
            frames.append((len(packed), raw_size))
            body.write(packed)
        meta_raw = json.dumps(meta, sort_keys=True, separators=(",", ":")).encode("utf-8")
        index_raw = _index(frames, ordered)
        compress = _compressor(level).compress
        meta_packed, index_packed = compress(meta_raw), compress(index_raw)
        output.write(
            HEADER.pack(
                MAGIC,
                VERSION,
                len(meta_packed),
                len(meta_raw),
                len(index_packed),
                len(index_raw),
                0,
                sum(entry.size for entry in ordered),
            )
        )
        output.write(meta_packed)
        output.write(index_packed)
        body.seek(0)
        for chunk in iter(lambda: body.read(COPY_CHUNK_BYTES), b""):
            output.write(chunk)


def _compressor(level: int) -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(level=level, write_checksum=True, write_content_size=True)


def _index(frames: Sequence[Tuple[int, int]], entries: Sequence[Entry]) -> bytes:
    parts = [COUNT.pack(len(frames))]
    parts.extend(FRAME.pack(*frame) for frame in frames)
    parts.append(COUNT.pack(len(entries)))
    for entry in entries:
        path = entry.path.encode("utf-8")
        parts.append(ENTRY.pack(entry.flags, len(path), entry.size))
        parts.append(path)
    return b"".join(parts)


def _frames(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The content, cut into frames: files together while they fit, a large file over several."""
    pending: List[bytes] = []
    pending_bytes = 0
    for entry in entries:
        if pending and pending_bytes + entry.size > FRAME_RAW_MAX:
            yield b"".join(pending)
            pending, pending_bytes = [], 0
        for chunk in entry.chunks():
            pending.append(chunk)
            pending_bytes += len(chunk)
            while pending_bytes >= FRAME_RAW_MAX:
                content = b"".join(pending)
                yield content[:FRAME_RAW_MAX]
                pending = [content[FRAME_RAW_MAX:]]
                pending_bytes = len(pending[0])
    if pending_bytes:
        yield b"".join(pending)


def _compressed(frames: Iterator[bytes], level: int, threads: int) -> Iterator[Tuple[int, bytes]]:
    """Raw size and compressed bytes of each frame, in order, with `threads` + 1 frames in flight."""

    def compress(frame: bytes) -> Tuple[int, bytes]:
        return len(frame), _compressor(level).compress(frame)

    with ThreadPoolExecutor(threads) as pool:
        running: Deque[Future[Tuple[int, bytes]]] = deque()
        for frame in frames:
            running.append(pool.submit(compress, frame))
            if len(running) > threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def read_pack_info(path: Path) -> PackInfo:
    """Read and check everything of a pack but the content of its frames.

    Raises BadPackError if it isn't a pack or contradicts itself.
    """
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for chunk in iter(lambda: stream.read(COPY_CHUNK_BYTES), b""):
            digest.update(chunk)
        size = stream.tell()
        stream.seek(0)
        return parse_pack(stream, size, str(path), digest.hexdigest())


def parse_pack(stream: IO[bytes], size: int, name: str, sha256: str) -> PackInfo:
    """Parse the pack of `size` bytes at the position of `stream`."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size or not header.startswith(MAGIC):
        raise BadPackError(f"{name} is not a pack.")
    _, version, meta_packed, meta_raw, index_packed, index_raw, _, content = HEADER.unpack(header)
    if version != VERSION:
        raise BadPackError(f"{name} is a pack of version {version}; this pexcz reads {VERSION}.")
    try:
        meta = json.loads(_section(stream, meta_packed, meta_raw))
        index = _section(stream, index_packed, index_raw)
        frames, files = _parse_index(index)
    except (zstandard.ZstdError, ValueError, struct.error) as e:
        raise BadPackError(f"{name} is damaged: {e}") from e
    stored = HEADER.size + meta_packed + index_packed + sum(packed for packed, _ in frames)
    raw = sum(raw for _, raw in frames)
    if stored != size or raw != content or sum(size for _, size, _ in files) != content:
        raise BadPackError(f"{name} is damaged: its sizes contradict each other.")
    for path, _, _ in files:
        paths.check(path, name)
    return PackInfo(meta, sha256, size, content, files, tuple(frames))


def contents(path: Path, info: PackInfo) -> Iterator[Tuple[str, bytes]]:
    """The path and content of each entry of a pack, in order; one frame and one file are in memory at a time."""
    with open(path, "rb") as stream:
        stream.seek(info.size - sum(packed for packed, _ in info.frames))
        frames = iter(info.frames)
        pending = b""
        for name, size, _ in info.files:
            parts = [pending[:size]]
            missing, pending = size - len(parts[0]), pending[size:]
            while missing > 0:
                raw = _section(stream, *next(frames))
                parts.append(raw[:missing])
                missing, pending = missing - len(parts[-1]), raw[missing:]
            yield name, b"".join(parts)


def _section(stream: IO[bytes], packed_bytes: int, raw_bytes: int) -> bytes:
    packed = stream.read(packed_bytes)
    if len(packed) < packed_bytes or raw_bytes > SECTION_RAW_MAX:
        raise ValueError("it ends in its header")
    if zstandard.frame_content_size(packed) != raw_bytes:
        raise ValueError("a section is not as large as the header says")
    return zstandard.ZstdDecompressor().decompress(packed)


def _parse_index(
    index: bytes,
) -> Tuple[List[Tuple[int, int]], Tuple[Tuple[str, int, int], ...]]:
    (count,) = COUNT.unpack_from(index)
    position = COUNT.size
    frames = []
    for _ in range(count):
        frames.append(FRAME.unpack_from(index, position))
        position += FRAME.size
    (count,) = COUNT.unpack_from(index, position)
    position += COUNT.size
    files = []
    for _ in range(count):
        flags, length, size = ENTRY.unpack_from(index, position)
        position += ENTRY.size
        files.append((index[position : position + length].decode("utf-8"), size, flags))
        position += length
    if position != len(index):
        raise ValueError("its index is not as long as its entries")
    return frames, tuple(files)


def default_threads() -> int:
    """As many threads as this process has CPUs."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
