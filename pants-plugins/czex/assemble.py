"""The assembly of a CZEX from its parts, in one process that only copies bytes.

It doesn't copy packs into a directory, because Pants' store has them already.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from dataclasses import dataclass
from typing import Iterable

from pants.engine.fs import (
    CreateDigest,
    Digest,
    DigestContents,
    DigestEntries,
    FileEntry,
    MergeDigests,
)
from pants.engine.rules import collect_rules, rule

from czex.assets import BootFiles
from czex.bytecode import BootCode
from czex.compat import contents_of, entries_of, merged, ran
from czex.pack import Pack
from czex.packed_pex import SKELETON
from czex.pexcz import Pexcz
from czex.runtime import Runtime
from czex.target_types import PACKED

logger = logging.getLogger(__name__)

OUTPUT = "app.czex"
MANIFEST = f"{OUTPUT}/.czex/manifest.json"
PACKS = f"{OUTPUT}/.czex/packs"


@dataclass(frozen=True)
class AssemblyRequest:
    """The parts of a CZEX. The packs are of the sources, of wheels and of bytecode, in this order."""

    skeleton: Digest
    packs: tuple[Pack, ...]
    runtimes: tuple[Runtime, ...]
    boot_code: tuple[BootCode, ...]
    sh_boot: bool
    layout: str
    app: str


@dataclass(frozen=True)
class Assembled:
    """A CZEX at `OUTPUT`: a file, or the files of a directory."""

    entries: tuple[FileEntry, ...]

    @property
    def size_bytes(self) -> int:
        return sum(entry.file_digest.serialized_bytes_length for entry in self.entries)

    def at(self, path: str) -> CreateDigest:
        return CreateDigest(
            dataclasses.replace(entry, path=f"{path}{entry.path[len(OUTPUT):]}")
            for entry in self.entries
        )


def assemble_argv(request: AssemblyRequest, boot: str) -> tuple[str, ...]:
    return (
        *("assemble", "--output", OUTPUT, "--pex", SKELETON, "--boot", boot),
        *(f"--runtime={runtime.platform}={runtime.path}" for runtime in request.runtimes),
        *(f"--boot-code={code.path}" for code in request.boot_code),
        *(() if request.sh_boot else ("--no-sh-boot",)),
        *(("--layout", PACKED, "--without-packs") if request.layout == PACKED else ()),
        *(pack.path for pack in request.packs),
    )


def packs_in(manifest: bytes, packs: Iterable[FileEntry]) -> tuple[FileEntry, ...]:
    """Return the packs that a manifest names, as files of its directory. Other packs are empty packs of bytecode."""
    records = json.loads(manifest)["packs"]
    named = [pack for record in records for pack in (record, *record["bytecode"].values())]
    digests = {pack["fingerprint"]: pack["sha256"] for pack in named}
    # A store knows a file by its SHA-256, too.
    found = {pack.file_digest.fingerprint: pack.file_digest for pack in packs}
    return tuple(
        FileEntry(f"{PACKS}/{fingerprint}.pack", found[sha256])
        for fingerprint, sha256 in sorted(digests.items())
    )


def files_of(entries: DigestEntries) -> tuple[FileEntry, ...]:
    return tuple(entry for entry in entries if isinstance(entry, FileEntry))


def manifest_in(contents: DigestContents) -> bytes:
    return next(file.content for file in contents if file.path == MANIFEST)


@rule
async def assemble(request: AssemblyRequest, pexcz: Pexcz, boot: BootFiles) -> Assembled:
    parts: tuple[Pack | Runtime | BootCode, ...] = (
        *request.packs,
        *request.runtimes,
        *request.boot_code,
    )
    digests = (
        request.skeleton,
        boot.digest,
        *(part.digest for part in parts),
    )
    input_digest = await merged(MergeDigests(digests))
    result = await ran(
        pexcz.process(
            *assemble_argv(request, boot.path),
            input_digest=input_digest,
            output=OUTPUT,
            is_directory=request.layout == PACKED,
            description=f"Assembling {request.app}",
        )
    )
    for line in result.stderr.decode("utf-8", "replace").splitlines():
        logger.warning(f"{request.app}: {line}")
    entries = files_of(await entries_of(result.output_digest))
    if request.layout == PACKED:
        manifest = manifest_in(await contents_of(result.output_digest))
        packs = await merged(MergeDigests(pack.digest for pack in request.packs))
        entries += packs_in(manifest, files_of(await entries_of(packs)))
    return Assembled(entries)


def rules():
    return collect_rules()
