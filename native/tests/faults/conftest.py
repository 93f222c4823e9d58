"""The fixtures of the tests of faults."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from support.workshop import full_disk
from testing.machine import Machine


@pytest.fixture
def noexec(machine: Machine, tmp_path: Path) -> Iterator[Machine]:
    """A machine with its cache on a file system that is mounted with noexec."""
    disk = full_disk(tmp_path, "40m,noexec")
    try:
        yield machine.with_(PEXCZ_ROOT=str(disk / "czex"))
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
