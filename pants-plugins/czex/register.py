"""What the backend adds to Pants."""

from czex import (
    assemble,
    assets,
    bytecode,
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
from czex.target_types import CzexBinaryTarget


def target_types():
    return [CzexBinaryTarget]


def rules():
    return [
        *assemble.rules(),
        *assets.rules(),
        *bytecode.rules(),
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
