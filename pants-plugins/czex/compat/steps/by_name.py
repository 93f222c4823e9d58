"""Calls to rules of this backend, since Pants 2.28."""

from __future__ import annotations

from typing import Iterable, Sequence

from pants.engine.environment import EnvironmentName
from pants.engine.rules import concurrently, implicitly

from czex.assemble import Assembled, AssemblyRequest, assemble
from czex.bytecode import (
    BootCode,
    BootCodeRequest,
    BytecodeRequest,
    compile_boot,
    compile_pack,
)
from czex.pack import Pack, SourcesPackRequest, WheelPackRequest, pack_sources, pack_wheel
from czex.packed_pex import PackedPex, PackedPexRequest, build_packed_pex
from czex.pexcz import set_up_pexcz
from czex.runtime import (
    PrebuiltRuntimeRequest,
    Runtime,
    RuntimeRequest,
    build_runtime,
    read_prebuilt_runtime,
)


async def built_pex(request: PackedPexRequest, environment: EnvironmentName) -> PackedPex:
    """Build a PEX, and meanwhile install the tool that takes it apart."""
    pex, _ = await concurrently(
        build_packed_pex(**implicitly({request: PackedPexRequest, environment: EnvironmentName})),
        set_up_pexcz(**implicitly()),
    )
    return pex


async def parts(
    sources: SourcesPackRequest,
    wheels: Iterable[WheelPackRequest],
    runtimes: Sequence[RuntimeRequest | PrebuiltRuntimeRequest],
) -> tuple[Pack | Runtime, ...]:
    return await concurrently(
        [
            pack_sources(sources, **implicitly()),
            *(pack_wheel(wheel, **implicitly()) for wheel in wheels),
            *(
                build_runtime(runtime, **implicitly())
                for runtime in runtimes
                if isinstance(runtime, RuntimeRequest)
            ),
            *(
                read_prebuilt_runtime(runtime, **implicitly())
                for runtime in runtimes
                if isinstance(runtime, PrebuiltRuntimeRequest)
            ),
        ]
    )


async def bytecode(
    packs: Iterable[BytecodeRequest],
    boots: Iterable[BootCodeRequest],
    environment: EnvironmentName,
) -> tuple[Pack | BootCode, ...]:
    return await concurrently(
        [
            *(
                compile_pack(**implicitly({pack: BytecodeRequest, environment: EnvironmentName}))
                for pack in packs
            ),
            *(
                compile_boot(**implicitly({boot: BootCodeRequest, environment: EnvironmentName}))
                for boot in boots
            ),
        ]
    )


async def assembled(request: AssemblyRequest) -> Assembled:
    return await assemble(request, **implicitly())
