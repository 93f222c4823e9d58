"""Read the manifest and PEX-INFO of a CZEX."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

from pexcz import shape
from pexcz.assemble import FORMAT
from pexcz.errors import BadArchiveError, NotACzexError
from pexcz.pack import FINGERPRINT_DIGITS, PackInfo, parse_pack
from pexcz.packplaces import pack_file
from pexcz.pexfile import MANIFEST, PEX_INFO, parse_pex_info
from pexcz.trees import DirectoryTree, Tree, ZipTree

_PLACE = {
    "content_size": shape.size,
    "files": shape.size,
    "fingerprint": shape.digits(FINGERPRINT_DIGITS),
    "offset": shape.size,
    "sha256": shape.digits(64),
    "size": shape.size,
}
# The fields that this tool reads. Digests must be checked: they name files to read and directories to remove.
_is_manifest = shape.record(
    fingerprint=shape.digits(FINGERPRINT_DIGITS),
    interpreter_constraints=shape.list_of(shape.record(text=shape.text)),
    packs=shape.list_of(
        shape.record(
            **_PLACE,
            bytecode=shape.dict_of(
                shape.record(**_PLACE, together=shape.digits(FINGERPRINT_DIGITS))
            ),
            kind=shape.text,
            name=shape.optional(shape.text),
        )
    ),
    runtimes=shape.dict_of(shape.digits(64)),
)


@dataclass(frozen=True)
class Czex:
    """A CZEX: its manifest and PEX-INFO, and the size in bytes of the file, or of all files of the directory."""

    path: Path
    size: int
    manifest: Dict[str, Any]
    info: Dict[str, Any]
    tree: Tree

    def place(self, pack: Dict[str, Any]) -> Tuple[Path, int]:
        """Return the file that contains a pack of the manifest, and the pack's offset there."""
        file = self.path / pack_file(pack["fingerprint"]) if self.path.is_dir() else self.path
        return file, pack["offset"]

    def runtime_size(self, platform: str) -> int:
        """Return the bytes of the runtime for a platform."""
        prefix = f".czex/runtime/{platform}/"
        return sum(file.size for path, file in self.tree.files.items() if path.startswith(prefix))

    def pack_info(self, pack: Dict[str, Any]) -> PackInfo:
        """Read a pack of the manifest. Raise BadPackError if it is damaged."""
        path, offset = self.place(pack)
        with open(path, "rb") as stream:
            stream.seek(offset)
            return parse_pack(stream, pack["size"], str(path), pack["sha256"], 0)


def read_czex(path: Path) -> Czex:
    """Read the CZEX at `path`. Raise NotACzexError if it isn't one."""
    if not path.exists():
        raise NotACzexError(f"can't read {path}: it does not exist")
    if not path.is_file() and not path.is_dir():
        # Without a writer, a named pipe would block for ever.
        raise NotACzexError(f"can't read {path} as a CZEX: it is not a file; copy it to one")
    tree: Tree
    try:
        tree = DirectoryTree(path) if path.is_dir() else ZipTree(path, str(path))
    except BadArchiveError as e:
        raise NotACzexError(str(e)) from e
    if MANIFEST not in tree or PEX_INFO not in tree:
        raise NotACzexError(f"can't read {path} as a CZEX: it has no {MANIFEST}")
    try:
        manifest = json.loads(tree.read(MANIFEST))
        # JSON may contain half of a surrogate pair, which can't be printed.
        json.dumps(manifest, ensure_ascii=False).encode("utf-8")
        version = manifest["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        raise NotACzexError(f"{path} is damaged: can't read its manifest: {e}") from e
    if version != FORMAT:
        raise NotACzexError(
            f"can't read {path}: its format is {version}, but this pexcz reads {FORMAT}; use another version of pexcz"
        )
    if not _is_manifest(manifest):
        raise NotACzexError(f"{path} is damaged: can't read its manifest: a field is malformed")
    info = parse_pex_info(tree.read(PEX_INFO), str(path))
    if path.is_file():
        _check_places(manifest, path)
        return Czex(path, path.stat().st_size, manifest, info, tree)
    _check_packs(manifest, tree)
    return Czex(path, sum(file.size for file in tree.files.values()), manifest, info, tree)


def packs(manifest: Dict[str, Any]) -> Iterator[Tuple[Dict[str, Any], str]]:
    """Yield the record and a readable name of each pack in the manifest, including packs of bytecode."""
    for record in manifest["packs"]:
        name = record.get("name", "the sources")
        yield record, name
        for tag, bytecode in sorted(record["bytecode"].items()):
            yield bytecode, f"{name}, bytecode for {tag}"


def _check_places(manifest: Dict[str, Any], path: Path) -> None:
    """Raise NotACzexError if a pack is not in the file."""
    size = path.stat().st_size
    if any(pack["offset"] + pack["size"] > size for pack, _ in packs(manifest)):
        raise NotACzexError(f"{path} is damaged: its manifest names a pack that is not in the file")


def _check_packs(manifest: Dict[str, Any], tree: Tree) -> None:
    """Raise NotACzexError if a directory lacks a pack, or a part of one."""
    for pack, _ in packs(manifest):
        file = pack_file(pack["fingerprint"])
        size = tree.files[file].size if file in tree else 0
        if size != pack["offset"] + pack["size"]:
            raise NotACzexError(
                f"{tree.name} is incomplete: {file} has {size} bytes instead of {pack['size']}; copy "
                "or build it again"
            )
