"""Start a process in a clean environment, and measure its time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, Mapping, NamedTuple, Sequence

from bench.forms.pythons import Python

# Linux counts the peak memory of a child from before `exec`, so the peak is at least that of its parent. A small Python
# is the parent here: it starts the command, and writes the peak to a file.
_STARTER = """
import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
status, usage = os.wait4(pid, 0)[1:]
with open(sys.argv[1], "w") as stream:
    stream.write(str(usage.ru_maxrss))
sys.exit(1 if status else 0)
"""


class Usage(NamedTuple):
    """The time that a process and its children took, in seconds."""

    wall: float
    cpu: float


def environment(python: Python, cache: Path) -> Dict[str, str]:
    """Return variables without any PYTHON*, with this interpreter first on PATH, and with all caches in `cache`."""
    return {
        "HOME": str(cache),
        "LANG": "C.UTF-8",
        "PATH": f"{python.executable.parent}:/usr/bin:/bin",
        "PEX_ROOT": str(cache / "pex"),
        "SHIV_ROOT": str(cache / "shiv"),
    }


def run(argv: Sequence[str], variables: Mapping[str, str], log: Path) -> Usage:
    """Run a command, with its output in the file `log`. Raise RuntimeError if the command fails."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    errors = log.with_suffix(".stderr")
    actions = [
        (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, str(errors), flags, 0o600),
    ]
    before = time.perf_counter()
    pid = os.posix_spawn(argv[0], list(argv), variables, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - before
    if status != 0:
        raise RuntimeError(f"{' '.join(argv)} failed: {errors.read_text()}")
    return Usage(wall, usage.ru_utime + usage.ru_stime)


def peak_bytes(argv: Sequence[str], variables: Mapping[str, str], scratch: Path) -> int:
    """Return the largest ru_maxrss of the processes of a command.

    The result is at least the peak of a bare Python, some 9 MiB.
    """
    peak = scratch / "peak"
    command = [sys.executable, "-I", "-S", "-c", _STARTER, str(peak), *argv]
    subprocess.run(command, env=dict(variables), check=True, capture_output=True, text=True)
    return int(peak.read_text()) * 1024
