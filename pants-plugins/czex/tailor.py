"""`pants tailor` with `[czex].tailor`: add a `czex_binary`, or a `czex_binaries`, where one is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.backend.python.target_types import PexBinary
from pants.core.goals.tailor import (
    PutativeTarget,
    PutativeTargets,
    PutativeTargetsRequest,
    TailorSubsystem,
)
from pants.engine.addresses import Address, AddressInput
from pants.engine.internals.build_files import BuildFileOptions
from pants.engine.rules import collect_rules, rule
from pants.engine.target import Field, Target
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from czex.compat import all_targets, python_targets_to_add
from czex.subsystem import Czex
from czex.target_types import (
    CzexBinariesGeneratorTarget,
    CzexBinaryTarget,
    CzexPexBinariesField,
    CzexPexBinaryField,
)


@dataclass(frozen=True)
class PutativeCzexTargetsRequest(PutativeTargetsRequest):
    pass


def pex_binary_named_by(target: Target) -> Address:
    field = target[CzexPexBinaryField]
    (address,) = field.value or ()
    return AddressInput.parse(
        address,
        relative_to=target.address.spec_path,
        description_of_origin=f"the `{field.alias}` field of {target.address}",
    ).dir_to_address()


def putative(pex_binary: Address) -> PutativeTarget:
    """Return the `czex_binary` to add for a `pex_binary`."""
    generated = f"#{pex_binary.generated_name}" if pex_binary.generated_name else ""
    name = f"{pex_binary.target_name}{generated}{pex_binary.parameters_repr}"
    return _putative(CzexBinaryTarget, CzexPexBinaryField, pex_binary, name)


def putative_generator(pex_binaries: Address) -> PutativeTarget:
    """Return the `czex_binaries` to add for a `pex_binaries`."""
    name = f"{pex_binaries.target_name}{pex_binaries.parameters_repr}"
    return _putative(CzexBinariesGeneratorTarget, CzexPexBinariesField, pex_binaries, name)


def _putative(
    target_type: type[Target], field: type[Field], address: Address, name: str
) -> PutativeTarget:
    return PutativeTarget.for_target_type(
        target_type,
        path=address.spec_path,
        # A target's name must not contain "#", "@", "=", "," or "/".
        name=f"{re.sub('[^0-9A-Za-z_.+-]+', '-', name)}-czex",
        triggering_sources=(),
        kwargs={field.alias: f":{name}"},
    )


def to_add(
    targets: Iterable[Target], python_targets: Iterable[PutativeTarget]
) -> list[PutativeTarget]:
    """Return the targets to add: a `czex_binaries` if a whole `pex_binaries` lacks CZEX targets, or else a `czex_binary` each."""
    targets = tuple(targets)
    missing = without_a_czex(targets, python_targets)
    with_one = {
        target.address.maybe_convert_to_target_generator()
        for target in targets
        if PexBinaryFieldSet.is_applicable(target) and target.address not in missing
    }
    generators = {
        address.maybe_convert_to_target_generator()
        for address in missing
        if address.is_generated_target
    } - with_one
    singles = {
        address
        for address in missing
        if address.maybe_convert_to_target_generator() not in generators
    }
    return [*map(putative_generator, sorted(generators)), *map(putative, sorted(singles))]


def without_a_czex(
    targets: tuple[Target, ...], python_targets: Iterable[PutativeTarget]
) -> set[Address]:
    """Return the addresses of all `pex_binary` targets, existing or to be added, that no `czex_binary` names."""
    taken = {target.address for target in targets}
    pex_binaries = {target.address for target in targets if PexBinaryFieldSet.is_applicable(target)}
    # If the name is taken, `tailor` renames the `pex_binary`. The next run of `tailor` then finds it.
    pex_binaries |= {
        target.address
        for target in python_targets
        if target.type_alias == PexBinary.alias and target.address not in taken
    }
    return pex_binaries - {
        pex_binary_named_by(target) for target in targets if target.has_field(CzexPexBinaryField)
    }


@rule(level=LogLevel.DEBUG, desc="Determine candidate CZEX targets to create")
async def find_czex_targets(
    request: PutativeCzexTargetsRequest,
    czex: Czex,
    tailor: TailorSubsystem,
    build_files: BuildFileOptions,
) -> PutativeTargets:
    if not czex.tailor:
        return PutativeTargets()
    python_targets = await python_targets_to_add(request.dirs)
    added = to_add(
        await all_targets(), tailor.filter_by_ignores(python_targets, build_files.ignores)
    )
    return PutativeTargets(target for target in added if target.path in request.dirs)


def rules():
    return [*collect_rules(), UnionRule(PutativeTargetsRequest, PutativeCzexTargetsRequest)]
