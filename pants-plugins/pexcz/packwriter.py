"""Write packs (docs/format.md).

At any time only a few frames of 8 MiB are in memory, for wheels of any size. The bytes of a pack depend on its content and the
compression level only, not on the number of threads or on earlier packs.
"""

from __future__ import annotations

import json
import tempfile
import threading
import zlib
from collections import deque
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Deque, Dict, Iterable, Iterator, List, Tuple

from pexcz import paths, zstd
from pexcz.errors import BadArchiveError, PexczError
from pexcz.libraries import Libraries
from pexcz.mentions import Mentions
from pexcz.pack import (
    COPY_CHUNK_BYTES,
    COUNT,
    FRAME,
    FRAME_RAW_MAX,
    HEADER,
    MAGIC,
    OUTWARD,
    SECTION_RAW_MAX,
    VERSION,
    Entry,
    File,
    PackInfo,
    encoded,
    outline_of,
)

if TYPE_CHECKING:
    from concurrent.futures import Future

# Threads are started for a larger content. To import and start them takes as long as to compress this much.
ONE_THREAD_BYTES = 512 << 10
# The meta section of a pack, and its entries.
Content = Tuple[Dict[str, Any], Iterable[Entry]]


class FinishedPack:
    """A pack whose frames are compressed. They are in a temporary file, because the index precedes them in the pack."""

    def __init__(
        self, meta: Dict[str, Any], entries: Iterable[Entry], scratch: Path | None
    ) -> None:
        self._meta = meta
        self._frames: List[Tuple[int, int]] = []
        self._body = tempfile.TemporaryFile(dir=scratch)
        self.libraries = Libraries()
        self.mentions = Mentions(meta.get("project"))
        entries = list(entries)
        name = meta.get("name", "the app")
        for entry in entries:
            paths.check(entry.path, name)
        self.entries = sorted(entries, key=lambda entry: paths.sort_key(entry.path))
        for one, other in zip(self.entries, self.entries[1:]):
            if f"{other.path}/".startswith(f"{one.path}/"):
                raise BadArchiveError(
                    f"can't pack {one.path} of {name}: it is both a file and a directory"
                )

    def add(self, raw_size: int, packed: bytes) -> None:
        self._frames.append((len(packed), raw_size))
        self._body.write(packed)

    def write(self, output: IO[bytes], level: int) -> None:
        """Write the pack to `output`. Call this or `write_file`, once only."""
        for chunk in self._chunks(level):
            output.write(chunk)

    def write_file(self, path: Path, level: int) -> PackInfo:
        """Write the pack to a file. Return what `read_pack_info` would read there again."""
        # A step of a build needs no digest, and so no OpenSSL.
        import hashlib

        digest, crc32 = hashlib.sha256(), 0
        with open(path, "wb") as stream:
            for chunk in self._chunks(level):
                stream.write(chunk)
                digest.update(chunk)
                crc32 = zlib.crc32(chunk, crc32)
            size = stream.tell()
        return PackInfo(
            *(json.loads(self._meta_raw), digest.hexdigest(), crc32, size, self._content_bytes()),
            files=tuple(self._files),
            frames=tuple(self._frames),
        )

    @cached_property
    def _meta_raw(self) -> bytes:
        meta = {**self._meta, **self.mentions.meta(entry.path for entry in self.entries)}
        return json.dumps(meta, sort_keys=True, separators=(",", ":")).encode("utf-8")

    @cached_property
    def _files(self) -> List[File]:
        outward = self.libraries.outward(entry.path for entry in self.entries)
        return [
            (entry.path, entry.size, entry.flags | (OUTWARD if entry.path in outward else 0))
            for entry in self.entries
        ]

    def _content_bytes(self) -> int:
        return sum(raw_size for _, raw_size in self._frames)

    def _chunks(self, level: int) -> Iterator[bytes]:
        files = self._files
        index_raw = COUNT.pack(len(self._frames))
        index_raw += b"".join(FRAME.pack(*frame) for frame in self._frames)
        index_raw += encoded(files)
        if len(index_raw) > SECTION_RAW_MAX:
            raise BadArchiveError(
                f"can't pack {self._meta.get('name', 'the app')}: it has {len(files)} files, more than a pack can hold; "
                "put them into an archive"
            )
        compress = zstd.compressor(level)
        sections = [
            (compress(raw), raw) for raw in (encoded(outline_of(files)), self._meta_raw, index_raw)
        ]
        sizes = [size for packed, raw in sections for size in (len(packed), len(raw))]
        yield HEADER.pack(MAGIC, VERSION, 0, *sizes, self._content_bytes())
        for packed, _ in sections:
            yield packed
        with self._body as body:
            body.seek(0)
            yield from iter(lambda: body.read(COPY_CHUNK_BYTES), b"")


def write_pack(
    output: IO[bytes],
    meta: Dict[str, Any],
    entries: Iterable[Entry],
    level: int,
    threads: int,
    scratch: Path | None = None,
) -> None:
    """Write a pack to `output`.

    :param level: A zstd compression level, 1 to 22.
    :param threads: The number of frames that are compressed at once.
    :param scratch: The directory for temporary files; None for the system's.
    """
    for pack in finished_packs([(meta, entries)], level, threads, scratch):
        pack.write(output, level)


def finished_packs(
    contents: Iterable[Content], level: int, threads: int, scratch: Path | None = None
) -> Iterator[FinishedPack]:
    """Yield packs in the order of their contents. Read the next content while earlier frames are compressed."""

    def frames() -> Iterator[Tuple[FinishedPack, bytes]]:
        for meta, entries in contents:
            pack = FinishedPack(meta, entries, scratch)
            for frame in _frames(pack.entries, pack.libraries, pack.mentions):
                yield pack, frame
            # An empty frame marks the end of a pack.
            yield pack, b""

    for pack, raw_size, packed in _compressed(frames(), level, threads):
        if raw_size:
            pack.add(raw_size, packed)
        else:
            yield pack


def _compressed(
    frames: Iterator[Tuple[FinishedPack, bytes]], level: int, threads: int
) -> Iterator[Tuple[FinishedPack, int, bytes]]:
    """Yield pack, raw size and compressed bytes of each frame, in order."""
    compress = zstd.compressor(level)
    raw_size = 0
    for pack, frame in frames:
        raw_size += len(frame)
        if raw_size > ONE_THREAD_BYTES and threads > 1:
            yield from _compressed_by_threads(chain([(pack, frame)], frames), level, threads)
        else:
            yield pack, len(frame), compress(frame)


def _compressed_by_threads(
    frames: Iterator[Tuple[FinishedPack, bytes]], level: int, threads: int
) -> Iterator[Tuple[FinishedPack, int, bytes]]:
    """Yield the same as `_compressed`, with `threads` + 1 frames in flight."""
    from concurrent.futures import ThreadPoolExecutor

    thread = threading.local()

    def set_up() -> None:
        # One for each thread, not for each frame: its tables are larger than most wheels.
        thread.compress = zstd.compressor(level)

    def compress(pack: FinishedPack, frame: bytes) -> Tuple[FinishedPack, int, bytes]:
        return pack, len(frame), thread.compress(frame)

    with ThreadPoolExecutor(threads, initializer=set_up) as pool:
        running: Deque[Future[Tuple[FinishedPack, int, bytes]]] = deque()
        for pack, frame in frames:
            try:
                running.append(pool.submit(compress, pack, frame))
            except RuntimeError as e:
                raise PexczError(f"can't start a thread: {e}; allow more by `ulimit -u`") from e
            if len(running) > threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _frames(entries: Iterable[Entry], libraries: Libraries, mentions: Mentions) -> Iterator[bytes]:
    """Yield the content in frames. A frame has as many files as fit; a large file spans several frames."""
    pending: List[bytes] = []
    pending_bytes = 0
    for entry in entries:
        if pending and pending_bytes + entry.size > FRAME_RAW_MAX:
            yield b"".join(pending)
            pending, pending_bytes = [], 0
        chunks = libraries.watch(entry.path, entry.chunks())
        for chunk in mentions.watch(entry.path, chunks):
            pending.append(chunk)
            pending_bytes += len(chunk)
            while pending_bytes >= FRAME_RAW_MAX:
                content = b"".join(pending)
                yield content[:FRAME_RAW_MAX]
                pending = [content[FRAME_RAW_MAX:]]
                pending_bytes = len(pending[0])
    if pending_bytes:
        yield b"".join(pending)
