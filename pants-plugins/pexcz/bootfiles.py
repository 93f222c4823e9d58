"""The boot shims, as files of `native/boot` and as a CZEX carries them."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Dict

from pexcz.comments import without_comments
from pexcz.errors import PexczError, unreadable

# A directory that is removed while it is read seems to have fewer files.
_ONE_OF_EACH_DIRECTORY = (
    "__main__.py",
    "__pex__/__init__.py",
    "boot/__init__.py",
    "directory.py",
    "header.sh",
    "tools/__init__.py",
)


def boot_files(directory: Path) -> Dict[str, bytes]:
    """Path → content of the boot shims."""

    def fail(error: OSError) -> None:
        raise unreadable(error.filename or directory, error)

    found = {}
    # Unlike `rglob`, which leaves out what can't be looked at.
    for parent, _, names in os.walk(directory, onerror=fail):
        for name in names:
            path = Path(parent, name)
            if path.suffix in (".py", ".sh") and not name.endswith("_test.py"):
                try:
                    found[path.relative_to(directory).as_posix()] = path.read_bytes()
                except OSError as e:
                    raise unreadable(path, e) from e
    for name in _ONE_OF_EACH_DIRECTORY:
        if name not in found:
            raise PexczError(f"{directory / name} is missing; install pexcz again.")
    return dict(sorted(found.items()))


def boot_sources(boot: Dict[str, bytes]) -> Dict[str, str]:
    """Name → text of the boot's modules, as a CZEX carries them."""
    return {name: without_comments(text) for name, text in module_sources(boot, "boot").items()}


def module_sources(boot: Dict[str, bytes], directory: str) -> Dict[str, str]:
    """Name → text of the modules in a directory of the boot."""
    return {
        PurePosixPath(name).stem: content.decode("utf-8")
        for name, content in boot.items()
        if name.startswith(directory + "/")
    }
