"""Verify that a CZEX is as it was built, and that its installed files are as they were packed."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Tuple

from pexcz.assemble import SEAL, WAY_IN
from pexcz.cache import in_use, listed, locked, read_cache, remove_whole
from pexcz.czexfile import Czex, packs
from pexcz.errors import BadArchiveError
from pexcz.pack import (
    DIRECTORY,
    EXECUTABLE,
    contents,
)
from pexcz.seal import is_whole, parse_listed
from pexcz.trees import chunks_of

Record = Dict[str, Any]


@dataclass(frozen=True)
class Damage:
    """A damaged directory of the cache. It was removed, unless apps run in the environments `used_by`."""

    directory: Path
    problem: str
    used_by: List[Path]


@dataclass(frozen=True)
class Repair:
    """The damaged directories of wheels and sources, and the environments that were removed."""

    damages: List[Damage]
    environments: List[Path]


def check(czex: Czex) -> None:
    """Read the whole CZEX. Raise BadArchiveError, which names the first damaged part."""
    # The seal covers all parts but the packs.
    if czex.path.is_dir():
        _check_directory(czex)
    else:
        _check_zip(czex)
    for record, name in packs(czex.manifest):
        digest = hashlib.sha256()
        for chunk in _stored(czex, record):
            digest.update(chunk)
        if digest.hexdigest() != record["sha256"]:
            raise _damaged(czex, f"the pack of {name}")


def repair(czex: Czex, root: Path) -> Repair:
    """Remove damaged files of this CZEX from a cache, so that the next start installs them again.

    Also remove its environments and all bytecode of the boot: making them again is faster than checking them.
    """
    with locked(root):
        damages = []
        cache = read_cache(root)
        used = in_use(cache.environments)
        for directory, records in _directories(czex, root):
            problem = _difference(czex, records, directory) if directory.is_dir() else ""
            if problem:
                linked = [one.path for one in cache.environments if directory in one.packs]
                damages.append(
                    Damage(directory, problem, [path for path in linked if path in used])
                )
        gone = {damage.directory for damage in damages if not damage.used_by}
        app = root / "venvs" / czex.manifest["fingerprint"]
        environments = {one.path for one in cache.environments if one.packs & gone}
        environments.update(one.path for one in cache.environments if one.path.parent == app)
        environments -= used
        remove_whole({*environments, *listed(app), *listed(root / "code")} - used)
        remove_whole(gone)
    return Repair(damages, sorted(environments))


def _check_zip(czex: Czex) -> None:
    for path in sorted(czex.tree.files):
        for _ in czex.tree.chunks(path):
            pass
    with open(czex.path, "rb") as stream:
        if not is_whole(
            stream, [(pack["offset"], pack["size"]) for pack, _ in packs(czex.manifest)]
        ):
            raise _damaged(czex, "something beside its packs")


def _check_directory(czex: Czex) -> None:
    try:
        digests = parse_listed(czex.tree.read(SEAL), WAY_IN)
    except (ValueError, LookupError) as e:
        raise _damaged(czex, SEAL) from e
    for file, digest in digests.items():
        if file not in czex.tree or hashlib.sha256(czex.tree.read(file)).hexdigest() != digest:
            raise _damaged(czex, file)


def _directories(czex: Czex, root: Path) -> Iterator[Tuple[Path, Sequence[Record]]]:
    """Yield the directories that each pack is installed into, alone and with each of its packs of bytecode."""
    for record in czex.manifest["packs"]:
        place = root / ("wheels" if record["kind"] == "wheel" else "sources")
        yield place / record["fingerprint"], [record]
        for bytecode in record["bytecode"].values():
            yield place / bytecode["together"], [record, bytecode]


def _difference(czex: Czex, records: Sequence[Record], directory: Path) -> str:
    """Return the first difference between these packs and a directory, or "". Ignore bytecode that Python has added."""
    for record in records:
        path, offset = czex.place(record)
        info = czex.pack_info(record)
        flags = {file: flags for file, _, flags in info.files}
        for file, content in contents(path, info, offset):
            problem = _problem(directory / file, content, flags[file])
            if problem:
                return f"{file} {problem}"
    return ""


def _problem(file: Path, content: bytes, flags: int) -> str:
    try:
        status = file.lstat()
        if flags & DIRECTORY:
            return "" if stat.S_ISDIR(status.st_mode) else "is not a directory"
        if not stat.S_ISREG(status.st_mode) or file.read_bytes() != content:
            return "has another content"
        # Windows derives the mode from the name.
        if os.name != "nt" and bool(status.st_mode & 0o100) != bool(flags & EXECUTABLE):
            return "has another mode"
    except OSError as e:
        return f"can't be read: {e.strerror}"
    return ""


def _stored(czex: Czex, record: Record) -> Iterator[bytes]:
    path, offset = czex.place(record)
    with open(path, "rb") as stream:
        stream.seek(offset)
        yield from chunks_of(stream, record["size"])


def _damaged(czex: Czex, what: str) -> BadArchiveError:
    return BadArchiveError(
        f"{czex.path} is damaged: {what} is not as it was built; download or build it again"
    )
