"""Write files and directories whole or not at all.

A writer works in a directory beside the output, `.NAME.XXXXXXXX.tmp`, and holds a lock on it. The lock ends with its process,
so the next writer of the same output can tell which directories are abandoned, and removes them.
"""

from __future__ import annotations

import errno
import glob
import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Callable, Iterator

from pexcz.errors import OutputError

try:
    import fcntl
except ImportError:
    # Windows. There, and on a file system without locks, a directory is abandoned after some time.
    fcntl = None  # type: ignore[assignment]

OLD = "old"
DEAD_SECONDS = 86400
RIVALS_MAX = 100


@contextmanager
def whole_file(path: Path, mode: int) -> Iterator[IO[bytes]]:
    """Write the file at `path` whole or not at all."""
    if path.exists() and not path.is_file() and not path.is_dir():
        # A rename would replace a device such as /dev/null for all processes.
        raise OutputError(f"can't write {path}: it is not a file; choose another name")
    with room_beside(path) as room:
        temporary = room / "new"
        with open(temporary, "w+b") as stream:
            yield stream
        temporary.chmod(mode)
        os.replace(temporary, path)


@contextmanager
def whole_directory(path: Path, may_replace: Callable[[Path], bool]) -> Iterator[Path]:
    """Write the directory at `path` whole or not at all.

    :param may_replace: Returns whether a directory that isn't empty may be replaced.
    """
    path = Path(os.path.abspath(path))
    if path.is_symlink() or path.exists() and not path.is_dir():
        raise OutputError(
            f"can't write {path}: it is not a directory; remove it, or choose another name"
        )
    with room_beside(path) as room:
        if path.is_dir() and any(path.iterdir()) and not may_replace(path):
            raise OutputError(
                f"can't write {path}: it is a directory with other files; choose another name"
            )
        temporary, old = room / "new", room / OLD
        temporary.mkdir()
        yield temporary
        temporary.chmod(0o755)
        for attempt in range(RIVALS_MAX):
            with suppress(FileNotFoundError):
                path.rename(old)
            is_there = _put(temporary, path)
            # The old directory was replaced, by this writer or a rival. Without a rename, `_remove` could put it back.
            with suppress(OSError if is_there else FileNotFoundError):
                old.rename(room / f"{OLD}.{attempt}")
            if is_there:
                return
        raise OutputError(
            f"can't write {path}: other processes keep replacing it; wait for them to end"
        )


@contextmanager
def room_beside(path: Path) -> Iterator[Path]:
    """Yield an empty directory beside `path` to write to, and remove it in the end."""
    path = Path(os.path.abspath(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_dead(path)
        room, lock = _make_room(path)
        try:
            yield room
        finally:
            with suppress(OSError):
                _remove(room, path)
            if lock is not None:
                # An error here loses nothing: the descriptor was only for the lock.
                with suppress(OSError):
                    os.close(lock)
    except OSError as e:
        raise OutputError(f"can't write {path}: {e.strerror}") from e


def _put(directory: Path, path: Path) -> bool:
    """Rename a directory to its final name. Return False if another process was faster."""
    try:
        directory.rename(path)
    except OSError as e:
        if e.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        return False
    return True


def _make_room(path: Path) -> tuple[Path, int | None]:
    while True:
        room = Path(tempfile.mkdtemp(".tmp", f".{path.name}.", path.parent))
        if fcntl is None:
            return room, None
        # Until it is locked, another process may take it for abandoned and remove it.
        with suppress(FileNotFoundError):
            lock = os.open(room, os.O_RDONLY)
            with suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX)
            if os.path.lexists(room):
                return room, lock
            os.close(lock)


def _remove_dead(path: Path) -> None:
    for room in path.parent.glob(f".{glob.escape(path.name)}.{'[a-z0-9_]' * 8}.tmp"):
        with suppress(OSError):
            if fcntl is None:
                _remove_if_old(room, path)
                continue
            lock = os.open(room, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(room, path)
            except BlockingIOError:
                # Its writer still runs.
                pass
            except OSError:
                _remove_if_old(room, path)
            finally:
                os.close(lock)


def _remove_if_old(room: Path, path: Path) -> None:
    if room.lstat().st_mtime < time.time() - DEAD_SECONDS:
        _remove(room, path)


def _remove(room: Path, path: Path) -> None:
    """Remove a directory of a writer. If the old output was moved there but not yet replaced, put it back."""
    if (room / OLD).exists() and not path.exists():
        (room / OLD).rename(path)
    shutil.rmtree(room, ignore_errors=True)
