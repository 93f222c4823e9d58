"""Calls to rules of this backend, for Pants up to 2.31."""

from __future__ import annotations

from typing import Iterable

from pants.engine.rules import Get, MultiGet

from czex.assemble import Assembled, AssemblyRequest
from czex.bytecode import BootCode, BootCodeRequest, BytecodeRequest
from czex.pack import Pack, SourcesPackRequest, WheelPackRequest
from czex.runtime import Runtime, RuntimeRequest


async def parts(
    sources: SourcesPackRequest,
    wheels: Iterable[WheelPackRequest],
    runtimes: Iterable[RuntimeRequest],
) -> tuple[Pack | Runtime, ...]:
    gets: list[Get] = [
        Get(Pack, SourcesPackRequest, sources),
        *(Get(Pack, WheelPackRequest, wheel) for wheel in wheels),
        *(Get(Runtime, RuntimeRequest, runtime) for runtime in runtimes),
    ]
    return await MultiGet(gets)


async def bytecode(
    packs: Iterable[BytecodeRequest], boots: Iterable[BootCodeRequest]
) -> tuple[Pack | BootCode, ...]:
    gets: list[Get] = [
        *(Get(Pack, BytecodeRequest, pack) for pack in packs),
        *(Get(BootCode, BootCodeRequest, boot) for boot in boots),
    ]
    return await MultiGet(gets)


async def assembled(request: AssemblyRequest) -> Assembled:
    return await Get(Assembled, AssemblyRequest, request)
