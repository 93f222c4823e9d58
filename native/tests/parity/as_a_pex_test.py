"""A CZEX in the place of a PEX where that doesn't work: the effects that docs/differences.md names, and the workarounds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Tuple

import pytest

from support.workshop import COW, Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on


@pytest.fixture(scope="module")
def pair(workshop: Workshop) -> Tuple[Path, Path]:
    """Return a PEX and its CZEX."""
    sources = {"mine.py": "from cow import say\n", "shown.py": "WHAT = 'shown'\n"}
    pex = workshop.pex("mine", requirements=["cow"], wheels=[COW], sources=sources)
    return pex, workshop.czex(pex)


@on(Python("cpython2.7"), PYTHON, Python("pypy3"))
def test_modules_of_a_czex_on_pythonpath_need_the_import_hook(
    machine: Machine, pair: Tuple[Path, Path], python: Python
) -> None:
    pex, czex = pair
    plain = "import shown; print(shown.WHAT)"
    assert machine.with_(PYTHONPATH=str(pex)).run(python.path(), "-c", plain).stdout == "shown\n"
    on_path = machine.with_(PYTHONPATH=str(czex))
    assert "No module named" in on_path.run(python.path(), "-c", plain).last_line
    for way_out in ("import __pex__, shown", "from __pex__ import shown"):
        outcome = on_path.run(python.path(), "-c", way_out + "; print(shown.WHAT)")
        assert (outcome.stdout, outcome.stderr) == ("shown\n", "")


def test_a_pex_with_a_czex_on_pex_path_fails_and_does_not_damage_the_cache(
    workshop: Workshop, machine: Machine, pair: Tuple[Path, Path]
) -> None:
    other = workshop.pex("reading", options=["-m", "mine"])
    pex, czex = pair
    own_root = machine.with_(PEX_ROOT=str(machine.root / "pex"))
    outcome = own_root.with_(PEX_PATH=str(czex)).run(PYTHON.path(), other)
    assert outcome.last_line.startswith("FileNotFoundError: [Errno 2] No such file or directory:")
    assert ".lck.work/.deps/cow-1.0-" in outcome.last_line
    # The unfinished installation does not affect the PEX itself, or another that has it on PEX_PATH.
    assert own_root.run(PYTHON.path(), pex, "-c", "import mine; print(1)").stdout == "1\n"
    assert own_root.with_(PEX_PATH=str(pex)).run(PYTHON.path(), other).code == 0
    assert own_root.with_(PEX_PATH=str(pex)).run(PYTHON.path(), workshop.czex(other)).code == 0


def test_pex_can_not_use_a_czex_as_repository(tmp_path: Path, pair: Tuple[Path, Path]) -> None:
    command = [sys.executable, "-m", "pex", "--pex-repository", str(pair[1]), "cow"]
    process = subprocess.run(
        [*command, "-o", str(tmp_path / "x.pex")],
        env={**os.environ, "PEX_ROOT": str(tmp_path / "root")},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 1
    assert "No such file or directory" in process.stderr
