"""The `pex_binary` of a `czex_binary`, built as a packed PEX: each wheel is a file of its own.

Pex builds it in two parts, one of wheels and one of sources. After a change of a source it would otherwise look at all
wheels again, which for a large app takes longer than all else.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Sequence

from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.backend.python.target_types import ConsoleScript, EntryPoint, PexBinary, PexLayout
from pants.backend.python.util_rules.pex_from_targets import PexFromTargetsRequest
from pants.engine.fs import CreateDigest, DigestEntries, FileContent, FileEntry
from pants.engine.rules import collect_rules, rule
from pants.engine.target import InvalidFieldException, Target
from pants.util.frozendict import FrozenDict
from pants.util.strutil import bullet_list, softwrap

from czex.compat import (
    contents_of,
    digest_of,
    entries_of,
    packed_pexes,
    pex_request,
    targets_at,
)
from czex.target_types import ALIAS, CzexPexBinaryField

# What Pex puts at the top of a PEX beside the app's own files. "pex" is a link to "__main__.py".
_OF_PEX = (".bootstrap", ".deps", "PEX-INFO", "__main__.py", "__pex__", "pex")
PEX_INFO = "PEX-INFO"
# The assembly compares them, to find a preamble.
_CODE_OF_PEX = ("__main__.py", "__pex__/__init__.py")

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


def in_parts(whole: PexFromTargetsRequest) -> tuple[PexFromTargetsRequest, ...]:
    """The requests for the wheels, with all that is said of the app, and for its sources.

    One request alone where there are no sources, or where Pex has to find the app's main file or its preamble among them.
    """
    packed = dataclasses.replace(whole, layout=PexLayout.PACKED)
    is_apart = whole.main is None or isinstance(whole.main, (ConsoleScript, EntryPoint))
    is_apart &= not any(arg.startswith("--preamble-file") for arg in whole.additional_args)
    if not (whole.include_source_files and is_apart):
        return (dataclasses.replace(packed, output_filename=f"{whole.output_filename}.packed"),)
    wheels = dataclasses.replace(
        packed,
        output_filename=f"{whole.output_filename}.wheels",
        include_source_files=False,
        additional_sources=None,
    )
    sources = dataclasses.replace(
        packed,
        output_filename=f"{whole.output_filename}.sources",
        main=None,
        inject_args=(),
        inject_env=FrozenDict(),
        additional_args=(),
        include_requirements=False,
    )
    return wheels, sources


def take_apart(pexes: Sequence[tuple[str, DigestEntries]], info: bytes) -> PackedPex:
    """A packed PEX that was built in these parts.

    :param pexes: The name of each, and its files. The first has the wheels, and what is said of the app.
    :param info: The PEX-INFO of the whole.
    """
    wheels = []
    # Makes a PEX of the sources by themselves. The real PEX-INFO changes with more than they do.
    sources: list = [FileContent(f"{SOURCES}/{PEX_INFO}", b"{}")]
    skeleton: list = [FileContent(f"{SKELETON}/{PEX_INFO}", info)]
    size_bytes = 0
    for number, (name, entries) in enumerate(pexes):
        for entry in entries:
            path = entry.path[len(name) + 1 :]
            top, _, rest = path.partition("/")
            is_source = top not in _OF_PEX
            if is_source:
                sources.append(dataclasses.replace(entry, path=f"{SOURCES}/{path}"))
            if isinstance(entry, FileEntry) and (is_source or number == 0):
                size_bytes += entry.file_digest.serialized_bytes_length
                if top == ".deps":
                    wheels.append(FileEntry(rest, entry.file_digest))
                elif path in _CODE_OF_PEX:
                    skeleton.append(FileEntry(f"{SKELETON}/{path}", entry.file_digest))
    return PackedPex(
        wheels=tuple(sorted(wheels, key=lambda wheel: wheel.path)),
        sources=CreateDigest(sources),
        skeleton=CreateDigest(skeleton),
        size_bytes=size_bytes,
    )


def info_of_whole(wheels: bytes, sources: bytes) -> bytes:
    """The PEX-INFO that both parts would have in one PEX, but for its `pex_hash`, which is of both of theirs."""
    info, code_hash = json.loads(wheels), json.loads(sources)["code_hash"]
    of_parts = f"{info['pex_hash']}{code_hash}"
    pex_hash = hashlib.sha1(of_parts.encode()).hexdigest()
    return json.dumps(
        {**info, "code_hash": code_hash, "pex_hash": pex_hash}, sort_keys=True
    ).encode()


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
    requests = in_parts(await pex_request(request.pex_binary))
    pexes = []
    infos = []
    for pex in await packed_pexes(requests):
        entries = await entries_of(pex.digest)
        pexes.append((pex.name, entries))
        own = [entry for entry in entries if entry.path == f"{pex.name}/{PEX_INFO}"]
        (info,) = await contents_of(await digest_of(CreateDigest(own)))
        infos.append(info.content)
    return take_apart(pexes, infos[0] if len(infos) == 1 else info_of_whole(*infos))


def rules():
    return collect_rules()
