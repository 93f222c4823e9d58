"""Packs, made by one process for each wheel of a PEX, and one for its sources."""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.fs import CreateDigest, Digest, FileEntry
from pants.engine.rules import collect_rules, rule

from czex.compat import digest_of, ran
from czex.naming import distribution, size
from czex.pexcz import Pexcz


@dataclass(frozen=True)
class WheelPackRequest:
    """A wheel of a packed PEX, at its file name. All PEXes with the same wheel have the same request."""

    wheel: FileEntry
    compression_level: int


@dataclass(frozen=True)
class SourcesPackRequest:
    """The sources of an app, below `path`, as in its PEX."""

    digest: Digest
    path: str
    compression_level: int
    app: str


@dataclass(frozen=True)
class Pack:
    digest: Digest
    path: str


@rule
async def pack_wheel(request: WheelPackRequest, pexcz: Pexcz) -> Pack:
    wheel = request.wheel
    output = f"{wheel.path}.pack"
    input_digest = await digest_of(CreateDigest((wheel,)))
    result = await ran(
        pexcz.process(
            *("pack", "--level", str(request.compression_level)),
            *("--output", output, wheel.path),
            input_digest=input_digest,
            output=output,
            description=(
                f"Packing {distribution(wheel.path)} "
                f"({size(wheel.file_digest.serialized_bytes_length)})"
            ),
        )
    )
    return Pack(result.output_digest, output)


@rule
async def pack_sources(request: SourcesPackRequest, pexcz: Pexcz) -> Pack:
    output = "sources.pack"
    result = await ran(
        pexcz.process(
            *("pack-sources", "--level", str(request.compression_level)),
            *("--output", output, request.path),
            input_digest=request.digest,
            output=output,
            description=f"Packing the sources of {request.app}",
        )
    )
    return Pack(result.output_digest, output)


def rules():
    return collect_rules()
