"""The files that go into every CZEX: the boot shims and the runtimes.

A wheel of pexcz carries them as package data below `_native/`. A build that has made its own hands their places over.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, Iterable, Tuple

from pexcz.errors import PexczError, unreadable
from pexcz.platforms import Platforms

NATIVE = Path(__file__).parent / "_native"


def known_platforms(native: Path) -> Platforms:
    """The platforms that there are, by what is beside their runtimes."""
    path = native / "platforms.json"
    try:
        return Platforms.parse(path.read_bytes())
    except OSError as e:
        raise unreadable(path, e) from e


def checked(platforms: Iterable[str], known: Platforms) -> Tuple[str, ...]:
    """These platforms, each once and by its own name. Raises PexczError, with those that there are, for any other."""
    platforms = list(platforms)
    for name in known.unknown(platforms):
        raise PexczError(f"unknown platform {name!r}; use some of {', '.join(known.ids)}")
    return known.in_order(platforms)


def carried() -> Path:
    """The directory of the assets that this installation of pexcz carries."""
    if not NATIVE.is_dir():
        raise PexczError(
            "can't find the boot runtimes: this pexcz runs from its source tree, which has none; install it by "
            "`pip install`, or name their directory by --native"
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
