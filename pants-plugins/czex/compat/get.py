"""Calls to rules of Pants, for Pants up to 2.27."""

from __future__ import annotations

from typing import Iterable

from pants.backend.python.goals.package_pex_binary import (
    PexBinaryFieldSet,
    PexFromTargetsRequestForBuiltPackage,
)
from pants.backend.python.goals.tailor import PutativePythonTargetsRequest
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import Pex, PexRequest, VenvPex, VenvPexProcess
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.backend.python.util_rules.pex_from_targets import (
    InterpreterConstraintsRequest,
    PexFromTargetsRequest,
)
from pants.core.goals.tailor import PutativeTargets
from pants.core.util_rules.environments import (
    EnvironmentField,
    EnvironmentNameRequest,
    EnvironmentTarget,
)
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
from pants.engine.process import ProcessResult
from pants.engine.rules import Get, MultiGet
from pants.engine.target import AllTargets, FieldSet, Targets

__all__ = ["EnvironmentField", "EnvironmentTarget"]


async def digest_of(content: CreateDigest) -> Digest:
    return await Get(Digest, CreateDigest, content)


async def entries_of(digest: Digest) -> DigestEntries:
    return await Get(DigestEntries, Digest, digest)


async def entries_at(globs: PathGlobs) -> DigestEntries:
    digest = await Get(Digest, PathGlobs, globs)
    return await Get(DigestEntries, Digest, digest)


async def contents_of(digest: Digest) -> DigestContents:
    return await Get(DigestContents, Digest, digest)


async def merged(digests: MergeDigests) -> Digest:
    return await Get(Digest, MergeDigests, digests)


async def constraints_for(request: InterpreterConstraintsRequest) -> InterpreterConstraints:
    return await Get(InterpreterConstraints, InterpreterConstraintsRequest, request)


async def ran(process: VenvPexProcess) -> ProcessResult:
    return await Get(ProcessResult, VenvPexProcess, process)


async def venv_pex(request: PexRequest) -> VenvPex:
    return await Get(VenvPex, PexRequest, request)


async def targets_at(addresses: UnparsedAddressInputs) -> Targets:
    return await Get(Targets, UnparsedAddressInputs, addresses)


async def all_targets() -> AllTargets:
    return await Get(AllTargets)


async def python_targets_to_add(dirs: tuple[str, ...]) -> PutativeTargets:
    """Return the Python targets that the `tailor` goal would add."""
    request = PutativePythonTargetsRequest(dirs)
    return await Get(PutativeTargets, PutativePythonTargetsRequest, request)


async def pex_request(field_set: PexBinaryFieldSet) -> PexFromTargetsRequest:
    """Return the request for the PEX that `pants package` builds for a `pex_binary`."""
    wrapped = await Get(PexFromTargetsRequestForBuiltPackage, PexBinaryFieldSet, field_set)
    return wrapped.request


async def packed_pexes(requests: Iterable[PexFromTargetsRequest]) -> tuple[Pex, ...]:
    return await MultiGet(Get(Pex, PexFromTargetsRequest, request) for request in requests)


async def environment_of(field_set: FieldSet) -> EnvironmentName:
    """Return the environment that a target's field `environment` names."""
    request = EnvironmentNameRequest.from_field_set(field_set)
    return await Get(EnvironmentName, EnvironmentNameRequest, request)


async def interpreter_for(
    request: InterpreterConstraintsRequest, environment: EnvironmentName
) -> PythonExecutable:
    return await Get(
        PythonExecutable,
        {request: InterpreterConstraintsRequest, environment: EnvironmentName},
    )
