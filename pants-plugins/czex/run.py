"""`pants run` for a `czex_binary`: builds it and starts it with an interpreter that its PEX allows."""

from __future__ import annotations

from pants.core.goals.run import RunRequest
from pants.engine.rules import collect_rules, rule
from pants.util.logging import LogLevel

from czex.compat import built_package, interpreter_for
from czex.package import CzexFieldSet
from czex.packed_pex import request_of


@rule(level=LogLevel.DEBUG)
async def run_czex(field_set: CzexFieldSet) -> RunRequest:
    request = await request_of(field_set.pex_binary)
    python = await interpreter_for(request.to_interpreter_constraints_request())
    package = await built_package(field_set)
    (artifact,) = package.artifacts
    return RunRequest(digest=package.digest, args=(python.path, f"{{chroot}}/{artifact.relpath}"))


def rules():
    return [*collect_rules(), *CzexFieldSet.rules()]
