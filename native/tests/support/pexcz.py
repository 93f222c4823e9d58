"""Starts `pexcz` from this checkout."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from typing import List

from support.runtime import NATIVE
from testing.machine import Machine, Outcome

PACKAGES = NATIVE.parent / "pants-plugins"


def pexcz_path() -> str:
    """Return the PYTHONPATH for `pexcz_command`. Other interpreters, which `pexcz` may start, have their own standard library."""
    library = sysconfig.get_path("stdlib")
    own = (library, os.path.join(library, "lib-dynload"))
    return os.pathsep.join(
        [str(PACKAGES), *(entry for entry in sys.path if entry and entry not in own)]
    )


def pexcz_command(*arguments: object) -> List[str]:
    return [sys.executable, "-m", "pexcz", *map(str, arguments)]


def verify(machine: Machine, app: Path, *arguments: object) -> Outcome:
    command = pexcz_command("verify", app, "--root", machine.cache, *arguments)
    return machine.with_(PYTHONPATH=pexcz_path()).run(*command)
