"""The files that go into every CZEX: the boot shims and the runtimes.

A wheel of pexcz carries them as package data below `_native/`. A build that has made its own hands their places over.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Dict, Iterable, List

from pexcz.errors import PexczError, unreadable

NATIVE = Path(__file__).parent / "_native"


class Platforms:
    """The platforms a CZEX can have runtimes for, as `platforms.json` lists them."""

    def __init__(self, path: Path) -> None:
        try:
            self._platforms: Dict[str, Dict[str, Any]] = json.loads(path.read_text("utf-8"))
        except OSError as e:
            raise unreadable(path, e) from e

    @property
    def names(self) -> List[str]:
        return sorted(self._platforms)

    def executable(self, name: str) -> str:
        """The file name of a platform's runtime."""
        return str(self.check(name)["executable"])

    def check(self, name: str) -> Dict[str, Any]:
        """What is known of a platform; PexczError with those that there are, for any other name."""
        if name not in self._platforms:
            raise PexczError(f"There is no platform {name!r}; there are {', '.join(self.names)}.")
        return self._platforms[name]

    def of_tags(self, tags: Iterable[str]) -> List[str]:
        """The platforms that wheels with these tags run on; none for tags of pure-Python wheels."""
        wanted = {tag.rsplit("-", 1)[1] for tag in tags} - {"any"}
        return [
            name
            for name in self.names
            if any(
                re.fullmatch(pattern, tag)
                for pattern in self._platforms[name]["wheel_platforms"]
                for tag in wanted
            )
        ]


def carried() -> Path:
    """The directory of the assets that this installation of pexcz carries."""
    if not NATIVE.is_dir():
        raise PexczError(
            "This pexcz carries no runtimes: it runs from its source tree. Install it by "
            "`pip install` first, or give --native."
        )
    return NATIVE


def cache_root(native: Path) -> Path:
    """The directory that CZEX files are installed into, as the boot finds it for this user."""
    namespace: Dict[str, Any] = {}
    source = native / "boot" / "place.py"
    try:
        text = source.read_text("utf-8")
    except OSError as e:
        raise unreadable(source, e) from e
    exec(compile(text, str(source), "exec"), namespace)
    return Path(namespace["cache_root"](os.environ.get, "")).absolute()
