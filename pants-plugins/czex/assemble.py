"""The assembly: the process that puts the parts of a CZEX together. It copies bytes and makes none."""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.fs import Digest, FileDigest, FileEntry, MergeDigests
from pants.engine.rules import collect_rules, rule

from czex.assets import BootFiles
from czex.bytecode import BootCode
from czex.compat import entries_of, merged, ran
from czex.pack import Pack
from czex.packed_pex import SKELETON
from czex.pexcz import Pexcz
from czex.runtime import Runtime

OUTPUT = "app.czex"


@dataclass(frozen=True)
class AssemblyRequest:
    """The parts of a CZEX; the sources' pack is the first, and bytecode comes after wheels."""

    skeleton: Digest
    packs: tuple[Pack, ...]
    runtimes: tuple[Runtime, ...]
    boot_code: tuple[BootCode, ...]
    sh_boot: bool
    app: str


@dataclass(frozen=True)
class Assembled:
    czex: FileDigest


def assemble_argv(request: AssemblyRequest, boot: str) -> tuple[str, ...]:
    return (
        *("assemble", "--output", OUTPUT, "--pex", SKELETON, "--boot", boot),
        *(f"--runtime={runtime.platform}={runtime.path}" for runtime in request.runtimes),
        *(f"--boot-code={code.path}" for code in request.boot_code),
        *(() if request.sh_boot else ("--no-sh-boot",)),
        *(pack.path for pack in request.packs),
    )


@rule
async def assemble(request: AssemblyRequest, pexcz: Pexcz, boot: BootFiles) -> Assembled:
    parts: tuple[Pack | Runtime | BootCode, ...] = (
        *request.packs,
        *request.runtimes,
        *request.boot_code,
    )
    digests = (
        pexcz.sources.digest,
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
            description=f"Assembling {request.app}",
        )
    )
    (czex,) = await entries_of(result.output_digest)
    assert isinstance(czex, FileEntry), czex
    return Assembled(czex.file_digest)


def rules():
    return collect_rules()
