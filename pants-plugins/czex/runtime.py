"""The runtime of a CZEX for one platform: one process for each."""

from __future__ import annotations

from dataclasses import dataclass

from pants.backend.python.util_rules.pex import VenvPexProcess
from pants.engine.fs import Digest, MergeDigests
from pants.engine.rules import collect_rules, rule

from czex.assets import RuntimeSources
from czex.compat import entries_of, merged, ran
from czex.libzstd import Libzstd
from czex.zig import Zig


@dataclass(frozen=True)
class RuntimeRequest:
    platform: str


@dataclass(frozen=True)
class Runtime:
    """An executable for a platform."""

    platform: str
    digest: Digest
    path: str


@rule
async def build_runtime(
    request: RuntimeRequest, zig: Zig, libzstd: Libzstd, sources: RuntimeSources
) -> Runtime:
    output = "runtime"
    input_digest = await merged(MergeDigests((sources.digest, libzstd.digest)))
    result = await ran(
        VenvPexProcess(
            zig.pex,
            argv=(
                sources.build_script,
                f"--zstd-sdist={libzstd.path}",
                f"--platform={request.platform}",
                f"--output={output}",
            ),
            input_digest=input_digest,
            output_directories=(output,),
            description=f"Building the czex runtime for {request.platform}",
        )
    )
    (executable,) = await entries_of(result.output_digest)
    return Runtime(request.platform, result.output_digest, executable.path)


def rules():
    return collect_rules()
