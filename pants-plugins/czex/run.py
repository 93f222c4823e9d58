"""`pants run` for a `czex_binary`: build it, and start it with an interpreter that its PEX allows.

It is built in the environment that it runs in, as `pants run` does for a `pex_binary`. The field `environment` doesn't count.
"""

from __future__ import annotations

from pants.core.goals.run import RunRequest
from pants.engine.environment import EnvironmentName
from pants.engine.platform import Platform
from pants.engine.rules import collect_rules, rule
from pants.util.logging import LogLevel

from czex.assets import RuntimeSources
from czex.compat import EnvironmentTarget, interpreter_for, pex_request
from czex.package import CzexFieldSet, built
from czex.packed_pex import pex_binary_of
from czex.subsystem import Czex

# Pants' name of a platform → its id in native/platforms.json.
PLATFORMS = {
    "linux_arm64": "linux-aarch64",
    "linux_x86_64": "linux-x86_64",
    "macos_arm64": "macos-arm64",
    "macos_x86_64": "macos-x86_64",
}


@rule(level=LogLevel.DEBUG)
async def run_czex(
    field_set: CzexFieldSet,
    environment: EnvironmentTarget,
    czex: Czex,
    runtime_sources: RuntimeSources,
    platform: Platform,
) -> RunRequest:
    here = EnvironmentName(environment.name)
    pex_binary = await pex_binary_of(field_set.pex_binary)
    request = await pex_request(pex_binary)
    python = await interpreter_for(request.to_interpreter_constraints_request(), here)
    package = await built(
        field_set,
        pex_binary,
        here,
        czex,
        runtime_sources,
        runs_on=PLATFORMS[platform.value],
    )
    (artifact,) = package.artifacts
    return RunRequest(digest=package.digest, args=(python.path, f"{{chroot}}/{artifact.relpath}"))


def rules():
    return [*collect_rules(), *CzexFieldSet.rules()]
