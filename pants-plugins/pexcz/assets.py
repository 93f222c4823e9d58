"""The files that every CZEX needs: the boot and the runtimes.

The wheel of pexcz carries them as package data below `_native/`. A build in steps passes the paths of its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, Iterable, Tuple

from pexcz.errors import PexczError, unreadable
from pexcz.platforms import Platforms

NATIVE = Path(__file__).parent / "_native"


def known_platforms(native: Path) -> Platforms:
    """Return the platforms of `platforms.json`, which is beside the runtimes."""
    path = native / "platforms.json"
    try:
        return Platforms.parse(path.read_bytes())
    except OSError as e:
        raise unreadable(path, e) from e


def checked(platforms: Iterable[str], known: Platforms) -> Tuple[str, ...]:
    """Return these platforms, each once and by its own name. Raise PexczError for an unknown one."""
    platforms = list(platforms)
    for name in known.unknown(platforms):
        raise PexczError(f"unknown platform {name!r}; use some of {', '.join(known.ids)}")
    return known.in_order(platforms)


def carried() -> Path:
    """Return the directory with the assets of this installation of pexcz."""
    if not NATIVE.is_dir():
        raise PexczError(
            "can't find the boot runtimes: this pexcz runs from its source tree, which has none; install it by "
            "`pip install`, or name their directory by --native"
        )
    return NATIVE


def cache_root(native: Path) -> Path:
    """Return the directory that this user's apps are installed into. The code for this is the boot's."""
    namespace: Dict[str, Any] = {}
    source = native / "boot" / "place.py"
    try:
        text = source.read_text("utf-8")
    except OSError as e:
        raise unreadable(source, e) from e
    exec(compile(text, str(source), "exec"), namespace)
    return Path(namespace["cache_root"](os.environ.get, "")).absolute()
