"""Find native libraries of a wheel that load libraries of other wheels.

A library names the directories to search relative to its own directory: by `$ORIGIN` in ELF files and by `@loader_path` in
Mach-O files. If they lead out of the wheel, the library must be beside the other wheels. The directories of all other
libraries may be links to the cache.
"""

from __future__ import annotations

import posixpath
import re
from typing import Dict, Iterable, Iterator, Set

_LIBRARY = re.compile(r"\.(?:so|dylib)(?:\.[^/]*)?$")
# Magic number → the word to look for, and the pattern of a whole name, up to its end in a list or a string.
_ORIGINS = {
    b"\x7fELF": (b"ORIGIN", re.compile(rb"\$(?:ORIGIN|\{ORIGIN\})(?P<path>[^\0:]*)")),
    b"": (b"@loader_path", re.compile(rb"@loader_path(?P<path>[^\0]*)")),
}
_NAME_BYTES_MAX = 4096


class Libraries:
    """The libraries of one wheel, which are scanned while they are packed."""

    def __init__(self) -> None:
        self._searched: Dict[str, Set[bytes]] = {}

    def watch(self, path: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the same chunks of a file, and note where the file looks for libraries."""
        if not _LIBRARY.search(path):
            return chunks
        return self._watch(self._searched.setdefault(path, set()), chunks)

    def outward(self, paths: Iterable[str]) -> Set[str]:
        """Return the libraries that look outside of a wheel with the files `paths`."""
        places: Set[str] = set()
        for path in paths:
            # All wheels share the top of a scheme.
            while "/" in path and path not in places:
                places.add(path)
                path = posixpath.dirname(path)
        return {
            path
            for path, searched in self._searched.items()
            if not all(_place(path, name) in places for name in searched)
        }

    @staticmethod
    def _watch(searched: Set[bytes], chunks: Iterator[bytes]) -> Iterator[bytes]:
        rest = b""
        word, origin = _ORIGINS[b""]
        is_first = True
        for chunk in chunks:
            if is_first:
                word, origin = _ORIGINS.get(bytes(chunk[:4]), _ORIGINS[b""])
                is_first = False
            data = rest + chunk
            # A name may continue in the next chunk.
            end = len(data) - _NAME_BYTES_MAX
            searched.update(_names(data, word, origin, end))
            rest = data[max(end - 2, 0) :]
            yield chunk
        searched.update(_names(rest, word, origin, len(rest)))


def _names(data: bytes, word: bytes, origin: re.Pattern[bytes], end: int) -> Iterator[bytes]:
    """Yield each path after `$ORIGIN` or `@loader_path` in `data`, if it begins before the position `end`.

    :param word: A text in the origin, by which it is found quickly.
    :param origin: The pattern of the origin with its path.
    """
    position = data.find(word)
    while 0 <= position < end:
        match = origin.search(data, max(position - 2, 0), position + _NAME_BYTES_MAX)
        if match:
            yield bytes(match["path"])
        position = data.find(word, position + 1)


def _place(library: str, name: bytes) -> str:
    """Return the directory or file that a library names, as a path in its wheel."""
    place = posixpath.join(posixpath.dirname(library), name.decode("utf-8", "replace").strip("/"))
    return posixpath.normpath(place)
