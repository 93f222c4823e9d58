"""Write a CZEX in packed layout, which is a directory (docs/format.md).

Modes don't depend on the umask. Files keep the time at which they were written. With a fixed time, tools that compare files by
size and time, such as rsync, would miss changed files of the same size.
"""

from __future__ import annotations

import hashlib
import shutil
import zlib
from pathlib import Path
from typing import Dict, Tuple

# Digits of the hash in a file name; enough to tell the versions of a file apart.
NAME_DIGITS = 16


class DirectoryWriter:
    """Write files below `root`.

    `files` maps each entry to its file and its CRC-32. `digests` maps each file to its SHA-256. Neither has packs.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.files: Dict[str, Tuple[str, int]] = {}
        self.digests: Dict[str, str] = {}

    def add(self, name: str, content: bytes, executable: bool = False) -> None:
        """Add an entry as a file of the same name."""
        self._add(name, name, content, executable)

    def add_by_content(self, name: str, content: bytes) -> str:
        """Add an entry as a file whose name changes with its content, and return that name."""
        file = name_by_content(name, content)
        self._add(name, file, content, False)
        return file

    def add_pack(self, name: str, source: Path) -> None:
        """Copy a pack. It is not in `files`, because its index and its frames have checksums."""
        shutil.copyfile(source, self._place(name))
        self._place(name).chmod(0o644)

    def _add(self, name: str, file: str, content: bytes, executable: bool) -> None:
        path = self._place(file)
        path.write_bytes(content)
        path.chmod(0o755 if executable else 0o644)
        self.files[name] = (file, zlib.crc32(content))
        self.digests[file] = hashlib.sha256(content).hexdigest()

    def _place(self, file: str) -> Path:
        path = self._root / file
        for directory in reversed(path.parents):
            if self._root in directory.parents and not directory.exists():
                directory.mkdir()
                directory.chmod(0o755)
        return path


def name_by_content(name: str, content: bytes) -> str:
    return f"{name}.{hashlib.sha256(content).hexdigest()[:NAME_DIGITS]}"
