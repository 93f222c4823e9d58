"""Run `pexcz cache` on a machine, and inspect the files of its cache."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import List

from support.pexcz import pexcz_command, pexcz_path
from testing.machine import Machine, Outcome

DAY = 86400


def cache(machine: Machine, *arguments: str) -> Outcome:
    process = start_cache(machine, *arguments)
    stdout, stderr = process.communicate()
    return Outcome(stdout.decode(), stderr.decode(), process.returncode)


def start_cache(machine: Machine, *arguments: str) -> subprocess.Popen[bytes]:
    command = pexcz_command("cache", "--root", machine.cache, *arguments)
    return machine.with_(PYTHONPATH=pexcz_path(), COLUMNS="200").start(*command)


def environments(machine: Machine) -> List[Path]:
    return sorted(record.parent for record in machine.cache.glob("venvs/*/*/record"))


def make_old(machine: Machine, days: float) -> None:
    """Set the times of all files in the cache, as if it was last used some days ago."""
    then = time.time() - days * DAY
    for path in machine.cache.rglob("*"):
        os.utime(path, (then, then), follow_symlinks=False)
