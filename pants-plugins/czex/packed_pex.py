"""Build the `pex_binary` of a `czex_binary` as a packed PEX, in which each wheel is a file.

Pex builds two parts: one of wheels and one of sources. Otherwise, after a change of a source, Pex would process all wheels again,
which takes longer than all other steps for a large app.

If possible, a wheel stays the file that was downloaded. By default, Pex would install each wheel and zip the result, and the
pack step would unzip it again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from dataclasses import dataclass
from typing import Iterable, Sequence

from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import ConsoleScript, EntryPoint, PexBinary, PexLayout
from pants.backend.python.util_rules.pex_cli import PexCli
from pants.backend.python.util_rules.pex_from_targets import PexFromTargetsRequest
from pants.engine.fs import CreateDigest, DigestEntries, FileContent, FileEntry
from pants.engine.rules import collect_rules, rule
from pants.engine.target import InvalidFieldException, Target
from pants.util.frozendict import FrozenDict
from pants.util.strutil import bullet_list, softwrap

from czex.bytecode import only_version, version_of_platforms
from czex.compat import (
    constraints_for,
    contents_of,
    digest_of,
    entries_of,
    packed_pexes,
    pex_request,
    targets_at,
)
from czex.pex_binary_fields import set_in_vain
from czex.target_types import ALIAS, CzexPexBinaryField
from czex.tools import version_of

logger = logging.getLogger(__name__)

# Pex's files at the top of a PEX, beside the app's own. "pex" is a link to "__main__.py".
_OF_PEX = (".bootstrap", ".deps", "PEX-INFO", "__main__.py", "__pex__", "pex")
PEX_INFO = "PEX-INFO"
# The assembly compares these files to find a preamble.
_CODE_OF_PEX = ("__main__.py", "__pex__/__init__.py")

# With these options, Pex needs wheels and sources in one PEX.
_OF_BOTH_PARTS = (
    *("-D", "--sources-directory", "-M", "--module", "-P", "--package"),
    *("-R", "--resources-directory", "--executable", "--python-script"),
    *("--compile", "-p", "--preamble-file", "--validate-entry-point"),
)
_WHEEL_FILES = "--no-pre-install-wheels"
# The first release of Pex that can take a wheel file out of any other PEX.
_PEX_WITH_WHEEL_FILES = (2, 60)

# The directories of the parts in their digests.
SOURCES = "sources"
SKELETON = "pex"


@dataclass(frozen=True)
class PackedPexRequest:
    """A `pex_binary` to build with all its options, but as a packed PEX."""

    pex_binary: PexBinaryFieldSet


@dataclass(frozen=True)
class PackedPex:
    """The parts of a packed PEX."""

    wheels: tuple[FileEntry, ...]  # By their file names.
    sources: CreateDigest  # The app's own files, below `SOURCES`.
    skeleton: CreateDigest  # The files of Pex that the assembly reads, below `SKELETON`.
    size_bytes: int
    # The version of CPython that the app is for, if it is a single one.
    only_version: tuple[str, ...] = ()


def asks_for(arguments: Iterable[str], *options: str) -> bool:
    """Return whether arguments for Pex contain one of these options, in full or abbreviated as argparse allows it."""
    names = [argument.partition("=")[0] for argument in arguments]
    return any(
        option.startswith(name) if name.startswith("--") and len(name) > 2 else name[:2] == option
        for name in names
        for option in options
    )


def with_wheel_files(whole: PexFromTargetsRequest, pex_version: str) -> PexFromTargetsRequest:
    """Return the request for the same PEX with wheels as files, if Pex can do that.

    The arguments of the target come later, so they can override this by `--pre-install-wheels`.
    """
    uses_modules = asks_for(whole.additional_args, "--compile", "--validate-entry-point")
    if uses_modules or version_of(pex_version) < _PEX_WITH_WHEEL_FILES:
        return whole
    return dataclasses.replace(
        whole,
        additional_args=(_WHEEL_FILES, *whole.additional_args),
        additional_lockfile_args=(_WHEEL_FILES, *whole.additional_lockfile_args),
    )


def in_parts(whole: PexFromTargetsRequest) -> tuple[PexFromTargetsRequest, ...]:
    """Return two requests: for the wheels, with the app's PEX-INFO, and for the sources.

    Return a single request if there are no sources, or if Pex needs the app's modules or adds a preamble.
    """
    packed = dataclasses.replace(whole, layout=PexLayout.PACKED)
    is_apart = whole.main is None or isinstance(whole.main, (ConsoleScript, EntryPoint))
    needs_both = asks_for(whole.additional_args, *_OF_BOTH_PARTS)
    if needs_both or not (whole.include_source_files and is_apart):
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
        additional_lockfile_args=(),
        include_requirements=False,
    )
    return wheels, sources


def take_apart(pexes: Sequence[tuple[str, DigestEntries]], info: bytes) -> PackedPex:
    """Return the parts of a packed PEX.

    :param pexes: Name and files of each PEX that was built. The first one has the wheels.
    :param info: The PEX-INFO of the whole app.
    """
    wheels = []
    # An empty PEX-INFO makes the sources a PEX. The real one may change even if no source changes.
    sources: list = [FileContent(f"{SOURCES}/{PEX_INFO}", b"{}")]
    skeleton: list = [FileContent(f"{SKELETON}/{PEX_INFO}", info)]
    size_bytes = 0
    for number, (name, entries) in enumerate(pexes):
        for entry in entries:
            outer, _, path = entry.path.partition(f"{name}/")
            if outer or not path:
                continue  # Pex can write other files beside the PEX.
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


def info_of_whole(infos: Sequence[bytes], whole: PexFromTargetsRequest) -> bytes:
    """Return the PEX-INFO of one PEX with all parts, as the `pex_binary` builds it.

    Its `pex_hash` is a hash of the parts' hashes. For a wheel that stayed a file, `distributions` has the hash of that file.
    """
    info = json.loads(infos[0])
    for sources in infos[1:]:
        code_hash = json.loads(sources)["code_hash"]
        of_parts = f"{info['pex_hash']}{code_hash}"
        pex_hash = hashlib.sha1(of_parts.encode()).hexdigest()
        info = {**info, "code_hash": code_hash, "pex_hash": pex_hash}
    if "deps_are_wheel_files" in info:
        info["deps_are_wheel_files"] = _WHEEL_FILES in whole.additional_args
    return json.dumps(info, sort_keys=True).encode()


def no_pex(pex_binary: PexBinaryFieldSet) -> InvalidFieldException:
    return InvalidFieldException(
        softwrap(
            f"""
            Pex has not written a packed PEX of the `{PexBinary.alias}` target {pex_binary.address}. Remove arguments
            that move or suppress the PEX from its `extra_build_args`, such as `--scie-only`.
            """
        )
    )


def the_pex_binary(field: CzexPexBinaryField, targets: Sequence[Target]) -> PexBinaryFieldSet:
    """Return the `pex_binary` that a `czex_binary` names.

    Raise InvalidFieldException if the field names several targets, or a target of another type.
    """
    named = ", ".join(field.value or ())
    problem = None
    if len(targets) != 1:
        problem = softwrap(
            f"""
            must name one target, but "{named}" names {len(targets)}:

            {bullet_list(sorted(target.address.spec for target in targets))}

            Write the address of one of them. Add a `{ALIAS}` for each further one.
            """
        )
    elif not PexBinaryFieldSet.is_applicable(targets[0]):
        problem = softwrap(
            f"""
            must name a `{PexBinary.alias}`, but "{named}" is a `{targets[0].alias}`. Write the address of a
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
    field_set = the_pex_binary(field, targets)
    in_vain = set_in_vain(targets[0])
    if in_vain:
        names = ", ".join(f"`{alias}`" for alias in in_vain)
        logger.info(
            f"The CZEX {field.address} ignores {names}, which its `{PexBinary.alias}` {field_set.address} sets."
        )
    return field_set


async def version_for(
    request: PexFromTargetsRequest, info: bytes, setup: PythonSetup
) -> tuple[str, ...]:
    """Return the version of CPython that an app is for, if it is a single one.

    PEX-INFO has no constraints if the PEX has `complete_platforms`, or if its wheels come from a lockfile of uv.
    """
    constraints = json.loads(info).get("interpreter_constraints") or ()
    platforms = (*request.platforms, *request.complete_platforms)
    if not constraints and platforms:
        files = await contents_of(request.complete_platforms.digest)
        return version_of_platforms(request.platforms, [file.content for file in files])
    if not constraints:
        of_targets = await constraints_for(request.to_interpreter_constraints_request())
        constraints = [str(constraint) for constraint in of_targets]
    return only_version(constraints, setup)


@rule
async def build_packed_pex(
    request: PackedPexRequest, pex_cli: PexCli, python_setup: PythonSetup
) -> PackedPex:
    whole = await pex_request(request.pex_binary)
    requests = in_parts(with_wheel_files(whole, pex_cli.version))
    pexes = []
    infos = []
    for pex in await packed_pexes(requests):
        entries = await entries_of(pex.digest)
        pexes.append((pex.name, entries))
        own = [entry for entry in entries if entry.path == f"{pex.name}/{PEX_INFO}"]
        for file in await contents_of(await digest_of(CreateDigest(own))):
            infos.append(file.content)
    if len(infos) < len(requests):
        raise no_pex(request.pex_binary)
    info = info_of_whole(infos, whole)
    version = await version_for(whole, info, python_setup)
    return dataclasses.replace(take_apart(pexes, info), only_version=version)


def rules():
    return collect_rules()
