"""A CZEX chooses the same interpreter and wheels as its PEX; if it finds no interpreter, the message says why."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from testing.machine import Machine
from testing.pythons import PYTHON


def test_two_interpreters_of_one_version_have_their_own_environments(
    facts: Path, machine: Machine, tmp_path: Path
) -> None:
    first = PYTHON.path()
    copy = tmp_path / "copy"
    shutil.copytree(Path(first).resolve().parents[1], copy, symlinks=True)
    second = copy / "bin" / Path(first).name
    prefixes = [
        json.loads(machine.run(interpreter, facts).stdout)["prefix"][0]
        for interpreter in (first, second)
    ]
    assert prefixes[0] != prefixes[1]
    shutil.rmtree(copy)
    assert machine.run(first, facts).code == 0
