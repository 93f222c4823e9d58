"""Generate a `czex_binary` for each `pex_binary` of a `pex_binaries`."""

from __future__ import annotations

from pants.engine.rules import collect_rules, rule
from pants.engine.target import (
    GeneratedTargets,
    GenerateTargetsRequest,
    InvalidFieldException,
    OverridesField,
)
from pants.engine.unions import UnionMembership, UnionRule
from pants.util.strutil import softwrap

from czex.compat import targets_at
from czex.target_types import (
    CzexBinariesGeneratorTarget,
    CzexBinaryTarget,
    CzexPexBinariesField,
    CzexPexBinaryField,
)


class GenerateCzexBinariesRequest(GenerateTargetsRequest):
    generate_from = CzexBinariesGeneratorTarget


@rule
async def generate_czex_binaries(
    request: GenerateCzexBinariesRequest, union_membership: UnionMembership
) -> GeneratedTargets:
    field = request.generator[CzexPexBinariesField]
    pex_binaries = await targets_at(field.to_unparsed_address_inputs())
    overrides = request.require_unparametrized_overrides()
    generated = []
    for pex_binary in pex_binaries:
        name = pex_binary.address.generated_name or pex_binary.address.target_name
        generated.append(
            CzexBinaryTarget(
                {
                    **request.template,
                    CzexPexBinaryField.alias: pex_binary.address.spec,
                    **overrides.pop(name, {}),
                },
                request.template_address.create_generated(name),
                union_membership,
                residence_dir=request.template_address.spec_path,
            )
        )
    if overrides:
        raise InvalidFieldException(
            softwrap(
                f"""
                The `{OverridesField.alias}` field in target {request.template_address} has keys that
                don't name a generated target: {', '.join(map(repr, sorted(overrides)))}. Use some of
                {', '.join(repr(target.address.generated_name) for target in generated)}.
                """
            )
        )
    return GeneratedTargets(request.generator, generated)


def rules():
    return [*collect_rules(), UnionRule(GenerateTargetsRequest, GenerateCzexBinariesRequest)]
