"""`czex_runtimes`: the runtimes of a CZEX, as a package and as files for a wheel."""

from __future__ import annotations

from dataclasses import dataclass

from pants.core.goals.package import (
    BuiltPackage,
    BuiltPackageArtifact,
    OutputPathField,
    PackageFieldSet,
)
from pants.core.target_types import FileSourceField
from pants.engine.fs import AddPrefix, Digest, MergeDigests, RemovePrefix, Snapshot
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    GeneratedSources,
    GenerateSourcesRequest,
    MultipleSourcesField,
    StringSequenceField,
    Target,
)
from pants.engine.unions import UnionRule

from czex.assets import RuntimeSources
from czex.runtime import Runtime, RuntimeRequest


class RuntimePlatformsField(StringSequenceField):
    alias = "platforms"
    help = "The platforms to build for; by default all platforms."


class RuntimeFilesField(MultipleSourcesField):
    """An empty field, because the target has no sources. By its type, Pants finds the rule that generates its files."""

    alias = "_sources"
    uses_source_roots = False
    expected_num_files = 0


class CzexRuntimesTarget(Target):
    alias = "czex_runtimes"
    core_fields = (
        *COMMON_TARGET_FIELDS,
        RuntimePlatformsField,
        RuntimeFilesField,
        OutputPathField,
    )
    help = (
        "The runtimes of a CZEX. `pants package` writes them to `<output_path>/<platform>/`. A target that depends "
        "on this one gets them as files in `native/runtime/<platform>/`."
    )


@dataclass(frozen=True)
class CzexRuntimesFieldSet(PackageFieldSet):
    required_fields = (RuntimePlatformsField,)

    platforms: RuntimePlatformsField
    output_path: OutputPathField


@dataclass(frozen=True)
class BuiltRuntimesRequest:
    platforms: RuntimePlatformsField


@dataclass(frozen=True)
class BuiltRuntimes:
    """Executables in `runtime/<platform>/`."""

    digest: Digest


class GenerateRuntimeFilesRequest(GenerateSourcesRequest):
    input = RuntimeFilesField
    output = FileSourceField


@rule
async def build_runtimes(request: BuiltRuntimesRequest, sources: RuntimeSources) -> BuiltRuntimes:
    runtimes = await MultiGet(
        Get(Runtime, RuntimeRequest(platform))
        for platform in request.platforms.value or sources.platforms.ids
    )
    merged = await Get(Digest, MergeDigests(runtime.digest for runtime in runtimes))
    return BuiltRuntimes(merged)


@rule
async def generate_runtime_files(request: GenerateRuntimeFilesRequest) -> GeneratedSources:
    platforms = request.protocol_target[RuntimePlatformsField]
    runtimes = await Get(BuiltRuntimes, BuiltRuntimesRequest(platforms))
    snapshot = await Get(Snapshot, AddPrefix(runtimes.digest, "native"))
    return GeneratedSources(snapshot)


@rule
async def package_runtimes(field_set: CzexRuntimesFieldSet) -> BuiltPackage:
    runtimes = await Get(BuiltRuntimes, BuiltRuntimesRequest(field_set.platforms))
    stripped = await Get(Digest, RemovePrefix(runtimes.digest, "runtime"))
    output = field_set.output_path.value_or_default(file_ending=None)
    digest = await Get(Digest, AddPrefix(stripped, output))
    return BuiltPackage(digest, (BuiltPackageArtifact(output),))


def rules():
    return [
        *collect_rules(),
        UnionRule(GenerateSourcesRequest, GenerateRuntimeFilesRequest),
        UnionRule(PackageFieldSet, CzexRuntimesFieldSet),
    ]
