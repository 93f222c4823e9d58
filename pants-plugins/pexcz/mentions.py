"""Find code in a pack that depends on how its process was started.

A module that sets the title of the process searches its memory for the arguments. A subinterpreter finds modules as the
interpreter was started, without the changes that the boot has made.
"""

from __future__ import annotations

import re
from typing import Any, Dict, Iterable, Iterator

# setproctitle, also where a wheel vendors it, and python-prctl.
_TITLE = re.compile(r"(?:^|/)_?(?:setproctitle|prctl)\.[^/]*(?:so|pyd)$")
_SUBINTERPRETERS = re.compile(
    rb"(?:\bimport\s+|\bfrom\s+|[\"'])(?:_interpreters|_xxsubinterpreters)\b"
    rb"|\bInterpreterPoolExecutor\b|\bconcurrent(?:\.|\s+import\s+)interpreters\b"
    rb"|\banyio(?:\.|\s+import\s+)to_interpreter\b"
)
# A part of each of these names. To look for it first is a hundred times faster.
_SUBINTERPRETERS_PART = b"nterpreter"
# anyio names these modules for its users, which the last pattern finds. Most apps with anyio don't use them.
_ON_BEHALF_OF_OTHERS = ("anyio",)
_MENTION_BYTES_MAX = 64


class Mentions:
    """The modules that the files of one pack name. The files are scanned while they are packed.

    :param project: The project of a wheel; None for sources.
    """

    def __init__(self, project: str | None) -> None:
        self._project = project
        self._is_watched = project not in _ON_BEHALF_OF_OTHERS
        self._has_subinterpreters = False

    def watch(self, path: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the same chunks of a file, and note whether they name a module for subinterpreters."""
        if not self._is_watched or self._has_subinterpreters or not path.endswith(".py"):
            return chunks
        return self._watch(chunks)

    def _watch(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        rest = b""
        for chunk in chunks:
            # A name may continue in the next chunk.
            data = rest + chunk
            self._has_subinterpreters |= _names_subinterpreters(data)
            rest = data[-_MENTION_BYTES_MAX:]
            yield chunk

    def meta(self, paths: Iterable[str]) -> Dict[str, Any]:
        """Return the fields to add to the meta section of the pack. Most packs need no field."""
        meta = {}
        if self._project == "setproctitle" or any(_TITLE.search(path) for path in paths):
            meta["title"] = True
        if self._has_subinterpreters:
            meta["subinterpreters"] = True
        return meta


def _names_subinterpreters(data: bytes) -> bool:
    position = data.find(_SUBINTERPRETERS_PART)
    while position >= 0:
        start, end = max(position - _MENTION_BYTES_MAX, 0), position + _MENTION_BYTES_MAX
        if _SUBINTERPRETERS.search(data, start, end):
            return True
        position = data.find(_SUBINTERPRETERS_PART, position + 1)
    return False
