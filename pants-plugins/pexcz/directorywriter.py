"""Writes the directory that a CZEX in packed layout is (docs/format.md).

Modes don't depend on the umask. Times are those of the writing: what copies a directory by size and time, as rsync
does, would otherwise miss a file of which only the content has changed.
"""

from __future__ import annotations

import hashlib
import shutil
import zlib
from pathlib import Path
from typing import Dict, Tuple

# Of the hash in the name of a file, as many as tell its versions apart.
NAME_DIGITS = 16


class DirectoryWriter:
    """Makes files below `root`. `files` tells of each entry which file it is, and its CRC-32."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.files: Dict[str, Tuple[str, int]] = {}

    def add(self, name: str, content: bytes, executable: bool = False) -> None:
        """Add an entry as the file of its name."""
        self._add(name, name, content, executable)

    def add_by_content(self, name: str, content: bytes) -> str:
        """Add an entry as a file whose name changes with its content, and return that name."""
        file = name_by_content(name, content)
        self._add(name, file, content, False)
        return file

    def add_pack(self, name: str, source: Path) -> None:
        """Copy a pack. Its index and its frames have checksums of their own."""
        shutil.copyfile(source, self._place(name))
        self._place(name).chmod(0o644)

    def _add(self, name: str, file: str, content: bytes, executable: bool) -> None:
        path = self._place(file)
        path.write_bytes(content)
        path.chmod(0o755 if executable else 0o644)
        self.files[name] = (file, zlib.crc32(content))

    def _place(self, file: str) -> Path:
        path = self._root / file
        for directory in reversed(path.parents):
            if self._root in directory.parents and not directory.exists():
                directory.mkdir()
                directory.chmod(0o755)
        return path


def name_by_content(name: str, content: bytes) -> str:
    return f"{name}.{hashlib.sha256(content).hexdigest()[:NAME_DIGITS]}"
