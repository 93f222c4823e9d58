"""The boot shims, as files of `native/boot` and as a CZEX carries them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Dict

from pexcz.comments import without_comments


def boot_files(directory: Path) -> Dict[str, bytes]:
    """Path → content of the boot shims."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.suffix in (".py", ".sh") and not path.name.endswith("_test.py")
    }


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
