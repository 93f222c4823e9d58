"""`czex_checked_runtime`: the runtime with all safety checks, and its fuzz targets, as files."""

from __future__ import annotations

from dataclasses import dataclass

from pants.backend.python.util_rules.pex import VenvPexProcess
from pants.core.goals.package import (
    BuiltPackage,
    BuiltPackageArtifact,
    OutputPathField,
    PackageFieldSet,
)
from pants.engine.fs import AddPrefix, Digest, MergeDigests, RemovePrefix
from pants.engine.platform import Platform
from pants.engine.process import ProcessResult
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    HydratedSources,
    HydrateSourcesRequest,
    MultipleSourcesField,
    Target,
)
from pants.engine.unions import UnionRule

from czex.assets import RuntimeSources
from czex.libzstd import Libzstd
from czex.zig import Zig


class CheckedRuntimeSourcesField(MultipleSourcesField):
    default = ("build_checked.py", "*.zig")


class CzexCheckedRuntimeTarget(Target):
    alias = "czex_checked_runtime"
    core_fields = (*COMMON_TARGET_FIELDS, CheckedRuntimeSourcesField, OutputPathField)
    help = "The runtime for this machine with all safety checks, for tests of hostile input, in `<output_path>/`."


@dataclass(frozen=True)
class CzexCheckedRuntimeFieldSet(PackageFieldSet):
    required_fields = (CheckedRuntimeSourcesField,)

    sources: CheckedRuntimeSourcesField
    output_path: OutputPathField


@rule
async def package_checked_runtime(
    field_set: CzexCheckedRuntimeFieldSet,
    zig: Zig,
    libzstd: Libzstd,
    sources: RuntimeSources,
    platform: Platform,
) -> BuiltPackage:
    own = await Get(HydratedSources, HydrateSourcesRequest(field_set.sources))
    input_digest = await Get(
        Digest, MergeDigests((own.snapshot.digest, sources.digest, libzstd.digest))
    )
    result = await Get(
        ProcessResult,
        VenvPexProcess(
            zig.pex,
            argv=(
                "native/fuzz/build_checked.py",
                f"--zstd-sdist={libzstd.path}",
                f"--platform={platform.value.replace('_', '-', 1)}",
                "--output=checked",
            ),
            input_digest=input_digest,
            output_directories=("checked",),
            description="Building the czex runtime with all safety checks",
        ),
    )
    stripped = await Get(Digest, RemovePrefix(result.output_digest, "checked"))
    output = field_set.output_path.value_or_default(file_ending=None)
    digest = await Get(Digest, AddPrefix(stripped, output))
    return BuiltPackage(digest, (BuiltPackageArtifact(output),))


def rules():
    return [*collect_rules(), UnionRule(PackageFieldSet, CzexCheckedRuntimeFieldSet)]
