"""`pants tailor` for a `czex_binary`, where `[czex].tailor` asks for it: one for each `pex_binary`."""

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
from pants.engine.target import Target
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from czex.compat import all_targets, python_targets_to_add
from czex.subsystem import Czex
from czex.target_types import CzexBinaryTarget, CzexPexBinaryField


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


def czex_binary_for(pex_binary: Address) -> PutativeTarget:
    generated = f"#{pex_binary.generated_name}" if pex_binary.generated_name else ""
    name = f"{pex_binary.target_name}{generated}{pex_binary.parameters_repr}"
    return PutativeTarget.for_target_type(
        CzexBinaryTarget,
        path=pex_binary.spec_path,
        # A name holds no "#", "@", "=", "," or "/".
        name=f"{re.sub('[^0-9A-Za-z_.+-]+', '-', name)}-czex",
        triggering_sources=(),
        kwargs={CzexPexBinaryField.alias: f":{name}"},
    )


def without_a_czex(targets: Iterable[Target], to_add: Iterable[PutativeTarget]) -> set[Address]:
    """The addresses of every `pex_binary`, there or about to be added, that no `czex_binary` names."""
    targets = tuple(targets)
    taken = {target.address for target in targets}
    pex_binaries = {target.address for target in targets if PexBinaryFieldSet.is_applicable(target)}
    # Where its name is taken, `tailor` gives it another one: it is there the next time.
    pex_binaries |= {
        target.address
        for target in to_add
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
    addresses = without_a_czex(
        await all_targets(), tailor.filter_by_ignores(python_targets, build_files.ignores)
    )
    return PutativeTargets(
        czex_binary_for(address) for address in addresses if address.spec_path in request.dirs
    )


def rules():
    return [*collect_rules(), UnionRule(PutativeTargetsRequest, PutativeCzexTargetsRequest)]
