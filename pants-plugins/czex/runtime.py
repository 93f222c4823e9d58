"""The runtime for a platform: a file of the backend's wheel, or the result of a compile process."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pants.backend.python.util_rules.pex import VenvPexProcess
from pants.engine.fs import CreateDigest, Digest, FileContent, MergeDigests
from pants.engine.rules import collect_rules, rule

from czex.assets import RuntimeSources, carried_runtime
from czex.compat import digest_of, entries_of, merged, ran
from czex.libzstd import Libzstd
from czex.zig import Zig

OUTPUT = "runtime"


class RuntimeSource(Enum):
    """The origin of runtimes: `[czex].runtime`."""

    PREBUILT = "prebuilt"
    BUILD = "build"


@dataclass(frozen=True)
class RuntimeRequest:
    """A runtime to compile."""

    platform: str


@dataclass(frozen=True)
class PrebuiltRuntimeRequest:
    """A runtime to take from the backend's wheel."""

    platform: str


@dataclass(frozen=True)
class Runtime:
    """An executable for a platform."""

    platform: str
    digest: Digest
    path: str


def runtime_request(
    platform: str, source: RuntimeSource
) -> RuntimeRequest | PrebuiltRuntimeRequest:
    if source is RuntimeSource.BUILD:
        return RuntimeRequest(platform)
    return PrebuiltRuntimeRequest(platform)


@rule
async def read_prebuilt_runtime(request: PrebuiltRuntimeRequest) -> Runtime:
    file = carried_runtime(request.platform)
    path = f"{OUTPUT}/{request.platform}/{file.name}"
    digest = await digest_of(
        CreateDigest([FileContent(path, file.read_bytes(), is_executable=True)])
    )
    return Runtime(request.platform, digest, path)


@rule
async def build_runtime(
    request: RuntimeRequest, zig: Zig, libzstd: Libzstd, sources: RuntimeSources
) -> Runtime:
    input_digest = await merged(MergeDigests((sources.digest, libzstd.digest)))
    result = await ran(
        VenvPexProcess(
            zig.pex,
            argv=(
                sources.build_script,
                f"--zstd-sdist={libzstd.path}",
                f"--platform={request.platform}",
                f"--output={OUTPUT}",
            ),
            input_digest=input_digest,
            output_directories=(OUTPUT,),
            description=f"Building the czex runtime for {request.platform}",
        )
    )
    (executable,) = await entries_of(result.output_digest)
    return Runtime(request.platform, result.output_digest, executable.path)


def rules():
    return collect_rules()
