"""Calls to rules of this backend, for Pants up to 2.27."""

from __future__ import annotations

from typing import Iterable, Sequence

from pants.engine.environment import EnvironmentName
from pants.engine.rules import Get, MultiGet

from czex.assemble import Assembled, AssemblyRequest
from czex.bytecode import BootCode, BootCodeRequest, BytecodeRequest
from czex.pack import Pack, SourcesPackRequest, WheelPackRequest
from czex.packed_pex import PackedPex, PackedPexRequest
from czex.pexcz import Pexcz
from czex.runtime import PrebuiltRuntimeRequest, Runtime, RuntimeRequest


async def built_pex(request: PackedPexRequest, environment: EnvironmentName) -> PackedPex:
    """Build a PEX, and meanwhile install the tool that takes it apart."""
    gets: list[Get] = [
        Get(PackedPex, {request: PackedPexRequest, environment: EnvironmentName}),
        Get(Pexcz),
    ]
    pex, _ = await MultiGet(gets)
    return pex


async def parts(
    sources: SourcesPackRequest,
    wheels: Iterable[WheelPackRequest],
    runtimes: Sequence[RuntimeRequest | PrebuiltRuntimeRequest],
) -> tuple[Pack | Runtime, ...]:
    gets: list[Get] = [
        Get(Pack, SourcesPackRequest, sources),
        *(Get(Pack, WheelPackRequest, wheel) for wheel in wheels),
        *(
            Get(Runtime, RuntimeRequest, runtime)
            for runtime in runtimes
            if isinstance(runtime, RuntimeRequest)
        ),
        *(
            Get(Runtime, PrebuiltRuntimeRequest, runtime)
            for runtime in runtimes
            if isinstance(runtime, PrebuiltRuntimeRequest)
        ),
    ]
    return await MultiGet(gets)


async def bytecode(
    packs: Iterable[BytecodeRequest],
    boots: Iterable[BootCodeRequest],
    environment: EnvironmentName,
) -> tuple[Pack | BootCode, ...]:
    gets: list[Get] = [
        *(Get(Pack, {pack: BytecodeRequest, environment: EnvironmentName}) for pack in packs),
        *(Get(BootCode, {boot: BootCodeRequest, environment: EnvironmentName}) for boot in boots),
    ]
    return await MultiGet(gets)


async def assembled(request: AssemblyRequest) -> Assembled:
    return await Get(Assembled, AssemblyRequest, request)
