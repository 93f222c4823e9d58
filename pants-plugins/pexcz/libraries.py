"""Which native libraries of a wheel look for others outside of it.

They name the directories to search relative to their own, in ELF files from `$ORIGIN`, in Mach-O files from
`@loader_path`. Such a library must lie beside the other wheels; the directory of any other may be a link to the cache.
"""

from __future__ import annotations

import posixpath
import re
from typing import Dict, Iterable, Iterator, Set

_LIBRARY = re.compile(r"\.(?:so|dylib)(?:\.[^/]*)?$")
# What to look for, and what stands around it, up to the end of a name in a list or of the string.
_ORIGINS = {
    b"\x7fELF": (b"ORIGIN", re.compile(rb"\$(?:ORIGIN|\{ORIGIN\})(?P<path>[^\0:]*)")),
    b"": (b"@loader_path", re.compile(rb"@loader_path(?P<path>[^\0]*)")),
}
_NAME_BYTES_MAX = 4096


class Libraries:
    """The libraries of one wheel, looked at while they are packed."""

    def __init__(self) -> None:
        self._searched: Dict[str, Set[bytes]] = {}

    def watch(self, path: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The same chunks of a file, of which it is noted where it looks for others."""
        if not _LIBRARY.search(path):
            return chunks
        return self._watch(self._searched.setdefault(path, set()), chunks)

    def outward(self, paths: Iterable[str]) -> Set[str]:
        """Those libraries that look outside of a wheel with these files."""
        places: Set[str] = set()
        for path in paths:
            # At the top of a scheme are those of all wheels.
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
            # A name may go on in the next chunk.
            end = len(data) - _NAME_BYTES_MAX
            searched.update(_names(data, word, origin, end))
            rest = data[max(end - 2, 0) :]
            yield chunk
        searched.update(_names(rest, word, origin, len(rest)))


def _names(data: bytes, word: bytes, origin: re.Pattern[bytes], end: int) -> Iterator[bytes]:
    """What follows each origin that begins before `end`."""
    position = data.find(word)
    while 0 <= position < end:
        match = origin.search(data, max(position - 2, 0), position + _NAME_BYTES_MAX)
        if match:
            yield bytes(match["path"])
        position = data.find(word, position + 1)


def _place(library: str, name: bytes) -> str:
    """The directory or file that a library means, as a path in its wheel."""
    place = posixpath.join(posixpath.dirname(library), name.decode("utf-8", "replace").strip("/"))
    return posixpath.normpath(place)
