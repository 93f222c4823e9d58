"""The targets and rules of the backend."""

from czex import (
    assemble,
    assets,
    bytecode,
    generate,
    libzstd,
    pack,
    package,
    packed_pex,
    pexcz,
    run,
    runtime,
    subsystem,
    tailor,
    zig,
)
from czex.target_types import CzexBinariesGeneratorTarget, CzexBinaryTarget


def target_types():
    return [CzexBinariesGeneratorTarget, CzexBinaryTarget]


def rules():
    return [
        *assemble.rules(),
        *assets.rules(),
        *bytecode.rules(),
        *generate.rules(),
        *libzstd.rules(),
        *pack.rules(),
        *package.rules(),
        *packed_pex.rules(),
        *pexcz.rules(),
        *run.rules(),
        *runtime.rules(),
        *subsystem.rules(),
        *tailor.rules(),
        *zig.rules(),
    ]
