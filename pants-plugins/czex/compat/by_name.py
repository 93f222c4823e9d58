"""Calls to rules of Pants, since Pants 2.28."""

from __future__ import annotations

from typing import Iterable

from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet, package_pex_binary
from pants.backend.python.goals.tailor import (
    PutativePythonTargetsRequest,
    find_putative_targets,
)
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import (
    Pex,
    PexRequest,
    VenvPex,
    VenvPexProcess,
    create_pex,
    create_venv_pex,
    find_interpreter,
)
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.backend.python.util_rules.pex_from_targets import (
    InterpreterConstraintsRequest,
    PexFromTargetsRequest,
    create_pex_from_targets,
    interpreter_constraints_for_targets,
)
from pants.core.environments.rules import EnvironmentNameRequest, resolve_environment_name
from pants.core.environments.target_types import EnvironmentField, EnvironmentTarget
from pants.core.goals.tailor import PutativeTargets
from pants.engine.addresses import UnparsedAddressInputs
from pants.engine.environment import EnvironmentName
from pants.engine.fs import (
    CreateDigest,
    Digest,
    DigestContents,
    DigestEntries,
    MergeDigests,
    PathGlobs,
)
from pants.engine.internals.graph import find_all_targets, resolve_targets
from pants.engine.intrinsics import (
    create_digest,
    get_digest_contents,
    get_digest_entries,
    merge_digests,
    path_globs_to_digest,
)
from pants.engine.process import ProcessResult, execute_process_or_raise
from pants.engine.rules import concurrently, implicitly
from pants.engine.target import AllTargets, FieldSet, Targets

__all__ = ["EnvironmentField", "EnvironmentTarget"]


async def digest_of(content: CreateDigest) -> Digest:
    return await create_digest(content)


async def entries_of(digest: Digest) -> DigestEntries:
    return await get_digest_entries(digest)


async def entries_at(globs: PathGlobs) -> DigestEntries:
    digest = await path_globs_to_digest(globs)
    return await get_digest_entries(digest)


async def contents_of(digest: Digest) -> DigestContents:
    return await get_digest_contents(digest)


async def merged(digests: MergeDigests) -> Digest:
    return await merge_digests(digests)


async def constraints_for(request: InterpreterConstraintsRequest) -> InterpreterConstraints:
    return await interpreter_constraints_for_targets(request, **implicitly())


async def ran(process: VenvPexProcess) -> ProcessResult:
    return await execute_process_or_raise(**implicitly({process: VenvPexProcess}))


async def venv_pex(request: PexRequest) -> VenvPex:
    return await create_venv_pex(**implicitly({request: PexRequest}))


async def targets_at(addresses: UnparsedAddressInputs) -> Targets:
    return await resolve_targets(**implicitly({addresses: UnparsedAddressInputs}))


async def all_targets() -> AllTargets:
    return await find_all_targets(**implicitly())


async def python_targets_to_add(dirs: tuple[str, ...]) -> PutativeTargets:
    """Return the Python targets that the `tailor` goal would add."""
    return await find_putative_targets(PutativePythonTargetsRequest(dirs), **implicitly())


async def pex_request(field_set: PexBinaryFieldSet) -> PexFromTargetsRequest:
    """Return the request for the PEX that `pants package` builds for a `pex_binary`."""
    wrapped = await package_pex_binary(field_set, **implicitly())
    return wrapped.request


async def packed_pexes(requests: Iterable[PexFromTargetsRequest]) -> tuple[Pex, ...]:
    from_targets = await concurrently(
        create_pex_from_targets(**implicitly({request: PexFromTargetsRequest}))
        for request in requests
    )
    return await concurrently(create_pex(request) for request in from_targets)


async def environment_of(field_set: FieldSet) -> EnvironmentName:
    """Return the environment that a target's field `environment` names."""
    request = EnvironmentNameRequest.from_field_set(field_set)
    return await resolve_environment_name(request, **implicitly())


async def interpreter_for(
    request: InterpreterConstraintsRequest, environment: EnvironmentName
) -> PythonExecutable:
    return await find_interpreter(
        **implicitly({request: InterpreterConstraintsRequest, environment: EnvironmentName})
    )
