"""Who edits, adds or removes a file of an environment sees the change at the next start, as without an import table."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Sequence

import pytest

from support.crowd import make_crowd, start_until_learnt, table_file
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python

NAME = "import crowd_00, crowd.parts.part_00 as part; print(crowd_00.NAME, part.name())"


@pytest.fixture(scope="module", params=[(), (PYTHON,)], ids=["compiled here", "compiled ahead"])
def crowd(workshop: Workshop, request: pytest.FixtureRequest) -> Path:
    precompile: Sequence[Python] = request.param
    return make_crowd(workshop, f"crowd-edits-{len(precompile)}", precompile=precompile)


def packages(machine: Machine) -> Path:
    (directory,) = table_file(machine).parent.glob("lib/*/site-packages")
    return directory


def plain(machine: Machine, app: Path) -> object:
    return machine.with_(PEXCZ_IMPORTS="0").run(PYTHON.path(), app, NAME)


def test_edit_in_place_has_the_effect_that_python_gives_it(crowd: Path, machine: Machine) -> None:
    outcome = start_until_learnt(machine, PYTHON.path(), crowd, NAME)
    assert outcome.stdout == "crowd_00 part_00\n"
    was_compiled_ahead = crowd.name != "crowd-edits-0.czex"
    for path in ("crowd_00.py", "crowd/parts/part_00.py"):
        file = packages(machine) / path
        # The size stays the same.
        file.write_text(file.read_text().replace("_00", "_xy"))
        os.utime(file, (1, 1))
    outcome = machine.run(PYTHON.path(), crowd, NAME)
    # Python doesn't compare bytecode with the source if it was compiled ahead.
    expected = "crowd_00 part_00\n" if was_compiled_ahead else "crowd_xy part_xy\n"
    assert (outcome.stdout, outcome.stderr) == (expected, "")
    assert outcome == plain(machine, crowd)
    (cached,) = packages(machine).glob("__pycache__/crowd_00.*.pyc")
    cached.unlink()
    outcome = machine.run(PYTHON.path(), crowd, NAME)
    assert outcome.stdout.startswith("crowd_xy") and outcome == plain(machine, crowd)


def test_added_package_hides_a_module(crowd: Path, machine: Machine) -> None:
    start_until_learnt(machine, PYTHON.path(), crowd, NAME)
    added = packages(machine) / "crowd_00"
    added.mkdir()
    (added / "__init__.py").write_text("NAME = 'added'\n")
    outcome = machine.run(PYTHON.path(), crowd, NAME)
    assert (outcome.stdout, outcome.stderr) == ("added part_00\n", "")
    shutil.rmtree(added)
    assert machine.run(PYTHON.path(), crowd, NAME).stdout == "crowd_00 part_00\n"


def test_package_that_the_app_adds_hides_a_module_after_invalidate_caches(
    crowd: Path, machine: Machine
) -> None:
    text = """
import importlib, os, sys
import crowd_00
added = os.path.join(os.path.dirname(crowd_00.__file__), "crowd_01")
os.mkdir(added)
with open(added + "/__init__.py", "w") as stream:
    stream.write("NAME = 'added'")
del sys.modules["crowd_00"], sys.modules["crowd_01"]
importlib.invalidate_caches()
import crowd_00, crowd_01
print(crowd_00.NAME, crowd_01.NAME)
"""
    start_until_learnt(machine, PYTHON.path(), crowd, NAME)
    outcome = machine.run(PYTHON.path(), crowd, text)
    assert (outcome.stdout, outcome.stderr) == ("crowd_00 added\n", "")
    shutil.rmtree(packages(machine) / "crowd_01")


def test_removed_module_is_missing(crowd: Path, machine: Machine) -> None:
    start_until_learnt(machine, PYTHON.path(), crowd, "")
    (packages(machine) / "crowd_00.py").unlink()
    outcome = machine.run(PYTHON.path(), crowd, "")
    assert outcome.last_line == "ModuleNotFoundError: No module named 'crowd_00'"
