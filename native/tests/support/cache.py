"""The cache of a machine, as `pexcz cache` and its files show it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import List

from support.machine import PEXCZ, Machine, Outcome

DAY = 86400


def cache(machine: Machine, *arguments: str) -> Outcome:
    process = start_cache(machine, *arguments)
    stdout, stderr = process.communicate()
    return Outcome(stdout.decode(), stderr.decode(), process.returncode)


def start_cache(machine: Machine, *arguments: str) -> subprocess.Popen[bytes]:
    search = os.pathsep.join([str(PEXCZ), *(entry for entry in sys.path if entry)])
    command = [sys.executable, "-m", "pexcz", "cache", "--root", str(machine.cache), *arguments]
    return machine.with_(PYTHONPATH=search, COLUMNS="200").start(*command)


def environments(machine: Machine) -> List[Path]:
    return sorted(boot.parent for boot in machine.cache.glob("venvs/*/*/boot"))


def make_old(machine: Machine, days: float) -> None:
    """As if all in the cache had not been used for so long."""
    then = time.time() - days * DAY
    for path in machine.cache.rglob("*"):
        os.utime(path, (then, then), follow_symlinks=False)
