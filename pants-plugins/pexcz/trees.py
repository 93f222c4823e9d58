"""Read files from a directory, a zip file, or a part of either. This module doesn't interpret the files."""

from __future__ import annotations

import copy
import errno
import os
import stat
import struct
import tempfile
import zipfile
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Dict, Iterator, NamedTuple, Protocol

import deflate

from pexcz import paths, zstd
from pexcz.errors import BadArchiveError, OutputError, unreadable

COPY_CHUNK_BYTES = 1 << 20
# The errors that zipfile and the decompressors raise for a damaged file.
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, zstd.Error),
    *(deflate.DeflateError, EOFError, RuntimeError, ValueError, struct.error),
)
# APPNOTE.TXT, 4.4.5. `pex --rc` writes this method; zipfile can read it only since Python 3.14.
ZIP_ZSTANDARD = 93
# APPNOTE.TXT, 4.3.7: without the name and the extra field.
_LOCAL_HEADER_BYTES = 30
# The place of the lengths of the name and of the extra field.
_LOCAL_NAME = 26
# Flags (APPNOTE.TXT, 4.4.4): the name is UTF-8; the entry is encrypted or a patch, which zipfile refuses.
_UTF8, _NOT_PLAIN = 0x800, 0x61
# Entries up to this size are decompressed at once, by libdeflate. It is more than twice as fast as zlib.
WHOLE_BYTES_MAX = 8 << 20


class File(NamedTuple):
    """One file of a tree. `size` is in bytes."""

    size: int
    executable: bool


def chunks_of(stream: IO[bytes], size_bytes: int) -> Iterator[bytes]:
    """Yield the next `size_bytes` of a stream, or fewer if it ends before."""
    while size_bytes > 0:
        chunk = stream.read(min(COPY_CHUNK_BYTES, size_bytes))
        if not chunk:
            return
        size_bytes -= len(chunk)
        yield chunk


class Tree(Protocol):
    """Files by their "/"-separated path."""

    @property
    def name(self) -> str:
        """The name for messages."""

    @property
    def files(self) -> Dict[str, File]: ...

    @property
    def empty_directories(self) -> frozenset[str]: ...

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield the content of a file. Raise BadArchiveError if its size or its checksum is wrong."""

    def __contains__(self, path: str) -> bool: ...

    def read(self, path: str) -> bytes: ...


class _Tree:
    name: str
    files: Dict[str, File]
    empty_directories: frozenset[str]

    def __contains__(self, path: str) -> bool:
        return path in self.files

    @contextmanager
    def _open(self, path: str) -> Iterator[IO[bytes]]:
        raise NotImplementedError

    def chunks(self, path: str) -> Iterator[bytes]:
        left = self.files[path].size
        with self._reading(path), self._open(path) as stream:
            for chunk in chunks_of(stream, left):
                left -= len(chunk)
                yield chunk
            if left or stream.read(1):
                raise self._wrong_size(path)

    def _wrong_size(self, path: str) -> BadArchiveError:
        return BadArchiveError(f"{self.name} is damaged: {path} is not as large as its entry says")

    @contextmanager
    def _reading(self, path: str) -> Iterator[None]:
        """Convert errors in the content of a file to BadArchiveError."""
        try:
            yield
        except _UNREADABLE as e:
            raise BadArchiveError(
                f"{self.name} is damaged: can't read {path}: {e}; download or build it again"
            ) from e
        except OSError as e:
            raise unreadable(f"{self.name}/{path}", e, BadArchiveError) from e

    def read(self, path: str) -> bytes:
        return b"".join(self.chunks(path))


class DirectoryTree(_Tree):
    """The files below a directory. Symbolic links are followed."""

    def __init__(self, root: Path) -> None:
        self.name = str(root)
        self._root = root
        self.files = {}
        empty = set()

        def fail(error: OSError) -> None:
            raise unreadable(error.filename or str(root), error, BadArchiveError) from error

        for directory, subdirectories, names in os.walk(root, onerror=fail, followlinks=True):
            subdirectories.sort()
            relative = os.path.relpath(directory, root).replace(os.sep, "/")
            if relative.count("/") > 100:
                raise BadArchiveError(
                    f"can't read {directory}: it is nested too deeply; does a symbolic link lead back into {root}?"
                )
            prefix = "" if relative == "." else relative + "/"
            if prefix and not subdirectories and not names:
                empty.add(paths.check(relative, self.name))
            for name in names:
                path = paths.check(prefix + name, self.name)
                try:
                    status = os.stat(os.path.join(directory, name))
                except FileNotFoundError as e:
                    raise BadArchiveError(
                        f"can't read {self.name}/{path}: it is a symbolic link that leads nowhere; remove it"
                    ) from e
                except OSError as e:
                    raise unreadable(f"{self.name}/{path}", e, BadArchiveError) from e
                if not stat.S_ISREG(status.st_mode):
                    raise BadArchiveError(
                        f"can't read {self.name}/{path}: it is not a regular file; remove it"
                    )
                self.files[path] = File(status.st_size, bool(status.st_mode & 0o111))
        self.empty_directories = frozenset(empty)

    @contextmanager
    def _open(self, path: str) -> Iterator[IO[bytes]]:
        with open(self._root / path, "rb") as stream:
            yield stream


class ZipTree(_Tree):
    """The files of a zip file. A path that may not be unpacked, or that two different files have, is an error."""

    def __init__(self, file: Path | IO[bytes], name: str) -> None:
        self.name = name
        try:
            self._zip = zipfile.ZipFile(file)
        except (*_UNREADABLE, OSError) as e:
            # zipfile raises EINVAL for wrong offsets in a damaged file. Other errors come from the disk.
            if isinstance(e, OSError) and e.errno != errno.EINVAL:
                raise unreadable(name, e, BadArchiveError) from e
            raise BadArchiveError(
                f"can't read {name}: it is not a whole zip file: {e}; download or build it again"
            ) from e
        self._check_places()
        self.files = {}
        self._infos: Dict[str, zipfile.ZipInfo] = {}
        directories = set()
        for info in self._zip.infolist():
            mode = info.external_attr >> 16
            # Not `filename`: it ends at a NUL, and on Windows has "/" instead of a backslash.
            path = info.orig_filename
            if path in ("./", "../"):
                # Pex 2.1 writes this entry into the zips of a packed layout, for the directory that they were made from.
                continue
            if path.endswith("/"):
                directories.add(paths.check(path.rstrip("/"), name))
                continue
            paths.check(path, name)
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, ZIP_ZSTANDARD):
                raise BadArchiveError(
                    f"can't unpack {path} from {name}: it is compressed by method {info.compress_type}, which no PEX and "
                    "no wheel uses; build it again"
                )
            if stat.S_ISLNK(mode):
                raise BadArchiveError(
                    f"can't unpack {path} from {name}: it is a symbolic link, which no PEX and no wheel may contain"
                )
            known = self._infos.get(path)
            if known and (known.CRC, known.file_size) != (info.CRC, info.file_size):
                raise BadArchiveError(
                    f"can't unpack {path} from {name}: two different entries have that name"
                )
            self.files[path] = File(info.file_size, bool(mode & 0o111))
            self._infos[path] = info
        parents: set[str] = set()
        for path in [*self.files, *directories]:
            parent = path.rpartition("/")[0]
            while parent and parent not in parents:
                parents.add(parent)
                parent = parent.rpartition("/")[0]
        for path in parents.intersection(self.files):
            raise BadArchiveError(
                f"can't unpack {path} from {name}: it is both a file and a directory"
            )
        self.empty_directories = frozenset(directories - parents)

    def __del__(self) -> None:
        # An error on closing loses nothing here, because the file was only read. `ZipFile` would print a traceback.
        with suppress(OSError, AttributeError):
            self._zip.close()

    def _check_places(self) -> None:
        """Check that entries don't overlap. A zip bomb is a small file whose entries share the same large content."""
        end = 0
        for info in sorted(self._zip.infolist(), key=lambda info: info.header_offset):
            if info.header_offset < end:
                raise BadArchiveError(
                    f"can't unpack {info.filename} from {self.name}: it overlaps another entry; download or build it again"
                )
            end = info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size
        if end > self._zip.start_dir:
            raise BadArchiveError(
                f"can't read {self.name}: it is not a whole zip file: an entry is missing; download or build it again"
            )

    @contextmanager
    def _open(self, path: str) -> Iterator[IO[bytes]]:
        info = self._infos[path]
        if info.compress_type == ZIP_ZSTANDARD:
            with self._zip.open(_as_stored(info)) as packed:
                yield zstd.reader(packed)
        else:
            with self._zip.open(info) as stream:
                yield stream

    def chunks(self, path: str) -> Iterator[bytes]:
        info = self._infos[path]
        if _is_small(info):
            return self._checked(path, self._whole(path, info), info.CRC)
        if info.compress_type == ZIP_ZSTANDARD:
            return self._checked(path, super().chunks(path), info.CRC)
        return super().chunks(path)

    def _whole(self, path: str, info: zipfile.ZipInfo) -> Iterator[bytes]:
        with self._reading(path):
            stream = self._zip.fp
            assert stream
            stream.seek(info.header_offset)
            header = stream.read(_LOCAL_HEADER_BYTES)
            name_bytes, extra_bytes = struct.unpack_from("<HH", header, _LOCAL_NAME)
            name = stream.read(name_bytes).decode("utf-8" if info.flag_bits & _UTF8 else "cp437")
            if not header.startswith(b"PK\3\4") or name != info.orig_filename:
                raise zipfile.BadZipFile("its entry and its place differ")
            stream.seek(extra_bytes, os.SEEK_CUR)
            content = deflate.deflate_decompress(stream.read(info.compress_size), info.file_size)
        if len(content) != info.file_size:
            raise self._wrong_size(path)
        yield bytes(content)

    def _checked(self, path: str, chunks: Iterator[bytes], expected: int) -> Iterator[bytes]:
        crc32 = 0
        for chunk in chunks:
            crc32 = deflate.crc32(chunk, crc32)
            yield chunk
        if crc32 != expected:
            raise BadArchiveError(
                f"{self.name} is damaged: the checksum of {path} is wrong; download or build it again"
            )


def _is_small(info: zipfile.ZipInfo) -> bool:
    if info.flag_bits & _NOT_PLAIN:
        return False
    sizes = (info.compress_size, info.file_size)
    return (
        info.compress_type == zipfile.ZIP_DEFLATED
        and 0 < min(sizes)
        and max(sizes) <= WHOLE_BYTES_MAX
    )


def _as_stored(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """Return an entry by which zipfile reads the compressed bytes. The checksum is of the content, so it must not check it."""
    stored = copy.copy(info)
    stored.compress_type, stored.file_size = zipfile.ZIP_STORED, info.compress_size
    del stored.CRC
    return stored


class SubTree(_Tree):
    """The part of a tree below a directory. `subtrees` makes it."""

    def __init__(self, tree: Tree, directory: str) -> None:
        self.name = f"{tree.name}/{directory}"
        self._tree = tree
        self._prefix = directory + "/"
        self.files = {}
        self.empty_directories = frozenset()

    def chunks(self, path: str) -> Iterator[bytes]:
        return self._tree.chunks(self._prefix + path)


def subtrees(tree: Tree, directory: str) -> Dict[str, SubTree]:
    """Return name → tree of each directory in `directory` that has files below it."""
    found: Dict[str, SubTree] = {}
    prefix = directory + "/"
    for path, file in tree.files.items():
        if path.startswith(prefix):
            name, slash, rest = path[len(prefix) :].partition("/")
            if slash:
                if name not in found:
                    found[name] = SubTree(tree, prefix + name)
                found[name].files[rest] = file
    for path in tree.empty_directories:
        name, _, rest = path[len(prefix) :].partition("/")
        if path.startswith(prefix) and rest and name in found:
            found[name].empty_directories |= {rest}
    return found


def nested_zip(tree: Tree, path: str) -> ZipTree:
    """Open a zip file that is a file of `tree`. Copy it to a temporary file for this."""
    try:
        copy = tempfile.TemporaryFile()
        for chunk in tree.chunks(path):
            copy.write(chunk)
        copy.flush()
    except OSError as e:
        raise OutputError(f"can't write to {tempfile.gettempdir()}: {e.strerror}") from e
    return ZipTree(copy, f"{tree.name}/{path}")
