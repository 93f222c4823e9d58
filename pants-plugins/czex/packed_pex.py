"""The `pex_binary` of a `czex_binary`, built as a packed PEX: each wheel is a file of its own."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Sequence

from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.backend.python.target_types import PexBinary, PexLayout
from pants.engine.fs import CreateDigest, DigestEntries, FileContent, FileEntry
from pants.engine.rules import collect_rules, rule
from pants.engine.target import InvalidFieldException, Target
from pants.util.strutil import bullet_list, softwrap

from czex.compat import entries_of, packed_pex, pex_request, targets_at
from czex.target_types import ALIAS, CzexPexBinaryField

# What Pex puts at the top of a PEX beside the app's own files. "pex" is a link to "__main__.py".
_OF_PEX = (".bootstrap", ".deps", "PEX-INFO", "__main__.py", "__pex__", "pex")
PEX_INFO = "PEX-INFO"
_SKELETON = (PEX_INFO, "__main__.py")

# Where the parts lie in the digests made of them.
SOURCES = "sources"
SKELETON = "pex"


@dataclass(frozen=True)
class PackedPexRequest:
    """What the `pex_binary` itself would have built, with all of its own options, but packed."""

    pex_binary: PexBinaryFieldSet


@dataclass(frozen=True)
class PackedPex:
    """A packed PEX, taken apart."""

    wheels: tuple[FileEntry, ...]  # At their file names.
    sources: CreateDigest  # The app's own files, below `SOURCES`.
    skeleton: CreateDigest  # What the assembly reads of the PEX itself, below `SKELETON`.
    size_bytes: int


def take_apart(entries: DigestEntries, name: str) -> PackedPex:
    wheels = []
    # Makes a PEX of the sources by themselves. The real PEX-INFO changes with more than they do.
    sources: list = [FileContent(f"{SOURCES}/{PEX_INFO}", b"{}")]
    skeleton = []
    size_bytes = 0
    for entry in entries:
        path = entry.path[len(name) + 1 :]
        top, _, rest = path.partition("/")
        if isinstance(entry, FileEntry):
            size_bytes += entry.file_digest.serialized_bytes_length
            if top == ".deps":
                wheels.append(FileEntry(rest, entry.file_digest))
            elif path in _SKELETON:
                skeleton.append(FileEntry(f"{SKELETON}/{path}", entry.file_digest))
        if top not in _OF_PEX:
            sources.append(dataclasses.replace(entry, path=f"{SOURCES}/{path}"))
    return PackedPex(
        wheels=tuple(sorted(wheels, key=lambda wheel: wheel.path)),
        sources=CreateDigest(sources),
        skeleton=CreateDigest(skeleton),
        size_bytes=size_bytes,
    )


def the_pex_binary(field: CzexPexBinaryField, targets: Sequence[Target]) -> PexBinaryFieldSet:
    """The one target that a `czex_binary` may name."""
    named = ", ".join(field.value or ())
    problem = None
    if len(targets) != 1:
        problem = softwrap(
            f"""
            names {len(targets)} targets with "{named}", where it needs one:

            {bullet_list(sorted(target.address.spec for target in targets))}

            Write the address of one of them, and a `{ALIAS}` for each further one.
            """
        )
    elif not PexBinaryFieldSet.is_applicable(targets[0]):
        problem = softwrap(
            f"""
            names "{named}", which is a `{targets[0].alias}`. Write the address of a
            `{PexBinary.alias}` that packages it.
            """
        )
    if problem:
        raise InvalidFieldException(
            f"The `{field.alias}` field of the `{ALIAS}` target {field.address} {problem}"
        )
    return PexBinaryFieldSet.create(targets[0])


async def pex_binary_of(field: CzexPexBinaryField) -> PexBinaryFieldSet:
    targets = await targets_at(field.to_unparsed_address_inputs())
    return the_pex_binary(field, targets)


@rule
async def build_packed_pex(request: PackedPexRequest) -> PackedPex:
    own = await pex_request(request.pex_binary)
    pex = await packed_pex(
        dataclasses.replace(
            own,
            layout=PexLayout.PACKED,
            output_filename=f"{own.output_filename}.packed",
        )
    )
    return take_apart(await entries_of(pex.digest), pex.name)


def rules():
    return collect_rules()
