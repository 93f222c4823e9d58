"""`czex_runtimes`: the executables that a CZEX carries, as files."""

from __future__ import annotations

from dataclasses import dataclass

from pants.core.goals.package import (
    BuiltPackage,
    BuiltPackageArtifact,
    OutputPathField,
    PackageFieldSet,
)
from pants.engine.fs import AddPrefix, Digest, MergeDigests, RemovePrefix
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import COMMON_TARGET_FIELDS, StringSequenceField, Target
from pants.engine.unions import UnionRule

from czex.assets import RuntimeSources
from czex.runtime import Runtime, RuntimeRequest


class RuntimePlatformsField(StringSequenceField):
    alias = "platforms"
    help = "The platforms to build for; by default all that there are."


class CzexRuntimesTarget(Target):
    alias = "czex_runtimes"
    core_fields = (*COMMON_TARGET_FIELDS, RuntimePlatformsField, OutputPathField)
    help = "The runtime of a CZEX for each platform, at `<output_path>/<platform>/`."


@dataclass(frozen=True)
class CzexRuntimesFieldSet(PackageFieldSet):
    required_fields = (RuntimePlatformsField,)

    platforms: RuntimePlatformsField
    output_path: OutputPathField


@rule
async def package_runtimes(
    field_set: CzexRuntimesFieldSet, sources: RuntimeSources
) -> BuiltPackage:
    runtimes = await MultiGet(
        Get(Runtime, RuntimeRequest(platform))
        for platform in field_set.platforms.value or sources.platforms.ids
    )
    merged = await Get(Digest, MergeDigests(runtime.digest for runtime in runtimes))
    stripped = await Get(Digest, RemovePrefix(merged, "runtime"))
    output = field_set.output_path.value_or_default(file_ending=None)
    digest = await Get(Digest, AddPrefix(stripped, output))
    return BuiltPackage(digest, (BuiltPackageArtifact(output),))


def rules():
    return [*collect_rules(), UnionRule(PackageFieldSet, CzexRuntimesFieldSet)]
