"""Reads a CZEX: its manifest, and what of it a person may want to know."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Tuple

from pexcz.assemble import FORMAT
from pexcz.errors import BadArchiveError, NotACzexError
from pexcz.pexfile import MANIFEST, PEX_INFO, parse_pex_info
from pexcz.trees import Tree, ZipTree


@dataclass(frozen=True)
class Czex:
    """A CZEX's manifest and PEX-INFO, and the size of the file in bytes."""

    path: Path
    size: int
    manifest: Dict[str, Any]
    info: Dict[str, Any]
    tree: Tree

    def place(self, pack: Dict[str, Any]) -> Tuple[Path, int]:
        """The file that a pack of the manifest is in, and its offset there."""
        return self.path, pack["offset"]


def read_czex(path: Path) -> Czex:
    """Open the CZEX at `path`. Raises NotACzexError if it isn't one."""
    if not path.is_file():
        raise NotACzexError(f"{path} is not a file.")
    try:
        tree = ZipTree(path, str(path))
    except BadArchiveError as e:
        raise NotACzexError(f"{path} is not a CZEX, or is cut short: {e}") from e
    if MANIFEST not in tree or PEX_INFO not in tree:
        raise NotACzexError(f"{path} is not a CZEX: it has no {MANIFEST}.")
    try:
        manifest = json.loads(tree.read(MANIFEST))
        version = manifest["format"]
    except (ValueError, KeyError, TypeError) as e:
        raise NotACzexError(f"{path} is damaged: its manifest can't be read: {e}") from e
    if version != FORMAT:
        raise NotACzexError(f"{path} has format {version}; this pexcz reads {FORMAT}.")
    info = parse_pex_info(tree.read(PEX_INFO), str(path))
    return Czex(path, path.stat().st_size, manifest, info, tree)
