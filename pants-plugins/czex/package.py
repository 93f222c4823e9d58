"""`pants package` for a `czex_binary`: build its PEX, its parts and the CZEX."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.core.goals.package import (
    BuiltPackage,
    BuiltPackageArtifact,
    OutputPathField,
    PackageFieldSet,
)
from pants.core.goals.run import RunFieldSet, RunInSandboxBehavior
from pants.engine.environment import EnvironmentName
from pants.engine.fs import Digest
from pants.engine.rules import collect_rules, rule
from pants.engine.unions import UnionRule

from czex.assemble import AssemblyRequest
from czex.assets import RuntimeSources
from czex.bytecode import (
    BootCode,
    BootCodeRequest,
    BytecodeRequest,
    Interpreter,
    constraints_of,
)
from czex.choices import (
    checked_platforms,
    checked_versions,
    chosen_platforms,
    entry_point_lines,
    no_bytecode,
    no_interpreter,
)
from czex.compat import (
    EnvironmentField,
    contents_of,
    digest_of,
    environment_of,
    interpreter_for,
)
from czex.compat.steps import assembled, built_pex, bytecode, parts
from czex.naming import distribution, sizes_side_by_side
from czex.pack import Pack, SourcesPackRequest, WheelPackRequest
from czex.packed_pex import PEX_INFO, SKELETON, SOURCES, PackedPexRequest, pex_binary_of
from czex.runtime import Runtime, runtime_request
from czex.subsystem import Czex
from czex.target_types import (
    CzexCompressionLevelField,
    CzexLayoutField,
    CzexPexBinaryField,
    CzexPlatformsField,
    CzexPrecompileField,
    CzexShBootField,
)

logger = logging.getLogger(__name__)

FASTEST_LEVEL = 1


@dataclass(frozen=True)
class CzexFieldSet(PackageFieldSet, RunFieldSet):
    required_fields = (CzexPexBinaryField,)
    run_in_sandbox_behavior = RunInSandboxBehavior.RUN_REQUEST_HERMETIC

    pex_binary: CzexPexBinaryField
    platforms: CzexPlatformsField
    compression_level: CzexCompressionLevelField
    precompile: CzexPrecompileField
    sh_boot: CzexShBootField
    layout: CzexLayoutField
    output_path: OutputPathField
    environment: EnvironmentField


async def pex_info_of(skeleton: Digest) -> bytes:
    (info,) = [
        file.content
        for file in await contents_of(skeleton)
        if file.path == f"{SKELETON}/{PEX_INFO}"
    ]
    return info


async def built(
    field_set: CzexFieldSet,
    pex_binary: PexBinaryFieldSet,
    pex_environment: EnvironmentName,
    czex: Czex,
    runtime_sources: RuntimeSources,
    runs_on: str | None = None,
) -> BuiltPackage:
    """Build the CZEX. Steps that need the app's own Python run in `pex_environment`.

    :param runs_on: The platform of `pants run`, which needs the app fast and only on this machine. The CZEX then has
        only the runtime of that platform, no bytecode, and the fastest compression.
    """
    known = runtime_sources.platforms
    checked_platforms(field_set.platforms, known)  # Fail before the PEX is built.
    pex = await built_pex(PackedPexRequest(pex_binary), pex_environment)

    level = field_set.compression_level.value or czex.compression_level
    if runs_on:
        level = FASTEST_LEVEL
    wheels = [wheel.path for wheel in pex.wheels]
    sources = await digest_of(pex.sources)
    made = await parts(
        SourcesPackRequest(sources, SOURCES, level, str(field_set.address)),
        [WheelPackRequest(wheel, level) for wheel in pex.wheels],
        [
            runtime_request(platform, czex.runtime)
            for platform in (
                (runs_on,)
                if runs_on
                else chosen_platforms(field_set.platforms, known, wheels, czex.default_platforms)
            )
        ],
    )

    skeleton = await digest_of(pex.skeleton)
    info = await pex_info_of(skeleton)
    packs = tuple(part for part in made if isinstance(part, Pack))
    interpreters = []
    versions = checked_versions(field_set.precompile, info)
    is_default = versions is None
    if versions is None:
        versions = pex.only_version if czex.precompile else ()
    for version in () if runs_on else versions:
        try:
            python = await interpreter_for(constraints_of(version), pex_environment)
        except Exception as error:
            if not is_default:
                raise no_interpreter(field_set.precompile, version, error) from error
            # A PEX with `complete_platforms` can be built without that interpreter.
            logger.warning(no_bytecode(field_set.precompile, version))
        else:
            interpreters.append(Interpreter(version, python))
    names = [f"the sources of {field_set.address}", *map(distribution, wheels)]
    compiled = await bytecode(
        [
            BytecodeRequest(pack, name, interpreter, level)
            for interpreter in interpreters
            for name, pack in zip(names, packs)
        ],
        [BootCodeRequest(interpreter) for interpreter in interpreters],
        pex_environment,
    )

    made_czex = await assembled(
        AssemblyRequest(
            skeleton,
            packs=(*packs, *(part for part in compiled if isinstance(part, Pack))),
            runtimes=tuple(part for part in made if isinstance(part, Runtime)),
            boot_code=tuple(part for part in compiled if isinstance(part, BootCode)),
            sh_boot=field_set.sh_boot.value,
            layout=field_set.layout.value,
            app=str(field_set.address),
        )
    )

    output = field_set.output_path.value_or_default(file_ending="czex")
    digest = await digest_of(made_czex.at(output))
    lines = (
        sizes_side_by_side(made_czex.size_bytes, pex.size_bytes),
        *entry_point_lines(field_set.pex_binary, info),
    )
    return BuiltPackage(digest, (BuiltPackageArtifact(output, extra_log_lines=lines),))


@rule
async def package_czex(
    field_set: CzexFieldSet, czex: Czex, runtime_sources: RuntimeSources
) -> BuiltPackage:
    pex_binary = await pex_binary_of(field_set.pex_binary)
    pex_environment = await environment_of(pex_binary)
    return await built(field_set, pex_binary, pex_environment, czex, runtime_sources)


def rules():
    return [*collect_rules(), UnionRule(PackageFieldSet, CzexFieldSet)]
