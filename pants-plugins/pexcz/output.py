"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Iterator

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
