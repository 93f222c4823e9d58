"""If reads and writes transfer fewer bytes than requested, a start and an injection still write the right files.

Bytecode that Python writes for modules is left out: old versions of Python don't continue a short write there.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Dict

import pytest

from support import short_calls
from support.pexcz import pexcz_command, pexcz_path
from support.runtime import HOST
from support.workshop import Workshop
from testing.long_runs import counted
from testing.machine import Machine, Outcome
from testing.pythons import PYTHON

pytestmark = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="changes registers"
)


def shortened(machine: Machine, *argv: object) -> Outcome:
    """Run a command, and shorten all reads and writes of it and of its child processes."""
    figure = machine.root / "shortened"
    tracer = [sys.executable, Path(short_calls.__file__)]
    outcome = machine.with_(SHORT_CALLS=str(figure)).run(*tracer, *argv)
    counted(int(figure.read_text()), "short reads and writes")
    return outcome


def files(root: Path) -> Dict[str, bytes]:
    """Return the files of a cache by name. Environments are left out, because they contain the path of the cache."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for name in ("code", "runtimes", "sources", "wheels")
        for path in (root / name).rglob("*")
        if path.is_file()
    }


def test_start_continues_short_reads_and_writes(cow: Path, machine: Machine) -> None:
    machine = machine.with_(PYTHONDONTWRITEBYTECODE="1")
    start = [PYTHON.path(), cow, "x"]
    machine.run(*start)
    expected = files(machine.cache)
    other = machine.with_(PEXCZ_ROOT=str(machine.root / "other"))
    for _ in range(2):
        assert shortened(other, *start) == Outcome("moo x\n", "", 1)
    assert files(machine.root / "other") == expected
    assert machine.leftovers() == []


def test_injection_continues_short_reads_and_writes(
    workshop: Workshop, cow: Path, cow_pex: Path, machine: Machine
) -> None:
    output = machine.root / "cow.czex"
    inject = pexcz_command("inject", cow_pex, "-o", output)
    inject += ["--native", str(workshop.native), "--platform", HOST]
    machine = machine.with_(PYTHONPATH=pexcz_path(), PYTHONDONTWRITEBYTECODE="1")
    assert shortened(machine, *inject) == Outcome("", "", 0)
    assert output.read_bytes() == cow.read_bytes()
