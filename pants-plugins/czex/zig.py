"""The Zig compiler: `[czex-zig]`."""

from __future__ import annotations

from dataclasses import dataclass

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.pex import VenvPex
from pants.backend.python.util_rules.pex_cli import PexCli
from pants.engine.rules import collect_rules, rule
from pants.util.strutil import help_text

from czex.tools import LockedTool, installed


class ZigSubsystem(LockedTool):
    options_scope = "czex-zig"
    lockfile = "zig.lock"
    help = help_text(
        """
        The Zig compiler, from the `ziglang` package. It compiles the runtimes for all platforms on any
        machine.
        """
    )


@dataclass(frozen=True)
class Zig:
    """A Python interpreter whose environment has `ziglang`."""

    pex: VenvPex


@rule
async def set_up_zig(subsystem: ZigSubsystem, pex_cli: PexCli, setup: PythonSetup) -> Zig:
    return Zig(await installed(subsystem, pex_cli, setup))


def rules():
    return collect_rules()
