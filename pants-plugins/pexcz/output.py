"""Files and directories that are written whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Callable, Iterator

from pexcz.errors import OutputError


@contextmanager
def whole_file(path: Path, mode: int) -> Iterator[IO[bytes]]:
    """Write a file that is at `path` whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "w+b") as stream:
            yield stream
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError as e:
        raise OutputError(f"{path} can't be written: {e.strerror}.") from e
    finally:
        if temporary.exists():
            temporary.unlink()


@contextmanager
def whole_directory(path: Path, may_replace: Callable[[Path], bool]) -> Iterator[Path]:
    """Fill a directory that is at `path` whole or not at all.

    :param may_replace: Tells whether a directory with something in it may give its place up. All else is left alone.
    """
    path = Path(os.path.abspath(path))
    if path.is_symlink() or path.is_file():
        raise OutputError(f"{path} is not a directory; remove it, or give another name.")
    if path.is_dir() and any(path.iterdir()) and not may_replace(path):
        raise OutputError(f"{path} is a directory with other files; give another name.")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    old = path.with_name(f".{path.name}.{os.getpid()}.old")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        temporary.chmod(0o755)
        if path.exists():
            path.rename(old)
        try:
            temporary.rename(path)
        except BaseException:
            if old.exists():
                old.rename(path)
            raise
        shutil.rmtree(old, ignore_errors=True)
    except OSError as e:
        raise OutputError(f"{path} can't be written: {e.strerror}.") from e
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
