"""A start that imports many modules writes an import table, and the next starts use it."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Dict

import pytest

from support.crowd import (
    LATE,
    PARTS,
    SINGLE,
    WITH_TABLE,
    learnt,
    make_crowd,
    places,
    start_until_learnt,
    table_file,
)
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on, only_on

# Prints the number of modules whose code was read from the table.
COUNT = """
import atexit, sys
finder = sys.path_importer_cache[sys.modules["crowd_00"].__file__.rpartition("/")[0]]
cells = getattr(finder.find_spec, "__closure__", None) or ()
print([cell.cell_contents.hits for cell in cells if hasattr(cell.cell_contents, "hits")])
"""
WITH_LATE = "import crowd.late\n"


def hits(machine: Machine, *argv: object) -> int:
    outcome = machine.run(*argv, COUNT)
    # With PYTHONVERBOSE, Python writes to stderr.
    assert outcome.code == 0, outcome
    return sum(eval(outcome.stdout))


@on(*WITH_TABLE)
def test_the_third_start_imports_by_the_table(
    crowd: Path, machine: Machine, python: Python
) -> None:
    assert hits(machine, python.path(), crowd) == 0
    assert learnt(machine) == set()
    assert hits(machine, python.path(), crowd) == 0
    names = {"crowd", "crowd.main", "crowd.parts", *SINGLE}
    assert learnt(machine) >= names | {f"crowd.parts.{name}" for name in PARTS}
    assert hits(machine, python.path(), crowd) >= 53
    assert machine.leftovers() == []


@only_on(Python("cpython2.7"))
def test_python_2_has_no_table(crowd: Path, machine: Machine, python: Python) -> None:
    for _ in range(3):
        assert machine.run(python.path(), crowd).code == 0
    assert not table_file(machine).exists()


def test_every_way_to_start_an_app_uses_the_table(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    on_path = machine.with_python(PYTHON)
    app = make_crowd(workshop, "crowd-ways", options=["--venv"])
    start_until_learnt(on_path, app)
    again = "import os, sys; os.execv(sys.executable, [sys.executable, sys.modules['__main__'].__file__, COUNT])"
    for argv in ([app], [PYTHON.path(), app]):
        assert hits(on_path, *argv) >= 53
        outcome = on_path.run(*argv, again.replace("COUNT", repr(COUNT)))
        assert (sum(eval(outcome.stdout)), outcome.stderr) >= (53, "")


def test_small_app_has_no_table(cow: Path, machine: Machine) -> None:
    for _ in range(4):
        assert machine.run(PYTHON.path(), cow).stdout.startswith("moo")
    assert not table_file(machine).exists()
    assert table_file(machine).with_name("record").stat().st_mode & 0o777 == 0o644


def test_modules_of_a_later_start_are_added(crowd: Path, machine: Machine) -> None:
    start_until_learnt(machine, PYTHON.path(), crowd)
    before, places_before = learnt(machine), places(machine)
    assert "crowd.late.late_00" not in before
    # The first start compiles them, the second one learns them.
    machine.run(PYTHON.path(), crowd, WITH_LATE)
    late = {f"crowd.late.{name}" for name in LATE}
    assert learnt(machine) == before | late | {"crowd.late"}
    assert places_before.items() <= places(machine).items()
    assert hits(machine, PYTHON.path(), crowd) >= 53
    assert learnt(machine) >= before | late


def test_an_app_that_a_signal_ends_has_learnt_its_first_modules(
    crowd: Path, machine: Machine
) -> None:
    kill = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    for _ in range(2):
        assert machine.run(PYTHON.path(), crowd, kill).code == -signal.SIGKILL
    assert learnt(machine) >= set(SINGLE)


def test_children_by_fork_use_the_table_and_do_not_write_it(crowd: Path, machine: Machine) -> None:
    start_until_learnt(machine, PYTHON.path(), crowd)
    written = table_file(machine).stat().st_mtime_ns
    fork = "import os, sys\npid = os.fork()\nif pid: os.waitpid(pid, 0)\nelse:\n    import crowd.late\n    sys.exit()\n"
    outcome = machine.run(PYTHON.path(), crowd, fork)
    assert (outcome.stderr, outcome.code) == ("", 0)
    assert table_file(machine).stat().st_mtime_ns == written


UNUSUAL: Dict[str, Dict[str, str]] = {
    "PEXCZ_IMPORTS": {"PEXCZ_IMPORTS": "0"},
    "optimized": {"PYTHONOPTIMIZE": "1"},
    "verbose": {"PYTHONVERBOSE": "1"},
    "pycache_prefix": {"PYTHONPYCACHEPREFIX": "/tmp/nowhere-of-czex"},
}


@pytest.mark.parametrize("variables", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_an_unusual_start_neither_uses_nor_writes_a_table(
    crowd: Path, machine: Machine, variables: Dict[str, str]
) -> None:
    variables = {**variables, "PYTHONDONTWRITEBYTECODE": "1"}
    unusual = machine.with_(**variables)
    for _ in range(2):
        assert hits(unusual, PYTHON.path(), crowd) == 0
    assert learnt(machine) == set()
    start_until_learnt(machine, PYTHON.path(), crowd)
    written = table_file(machine).stat().st_mtime_ns
    assert hits(unusual, PYTHON.path(), crowd) == 0
    assert table_file(machine).stat().st_mtime_ns == written


def test_verbose_start_tells_of_the_table(crowd: Path, machine: Machine) -> None:
    start_until_learnt(machine, PYTHON.path(), crowd)
    verbose = machine.with_(PEX_VERBOSE="1")
    outcome = verbose.run(PYTHON.path(), crowd)
    assert f"czex: {len(learnt(machine))} modules are in the import table\n" in outcome.stderr
    outcome = verbose.with_(PEXCZ_IMPORTS="0").run(PYTHON.path(), crowd)
    assert "czex: no import table is used: PEXCZ_IMPORTS is 0\n" in outcome.stderr
    table_file(machine).write_bytes(b"garbage")
    outcome = verbose.run(PYTHON.path(), crowd)
    assert "czex: no import table is used: it is damaged\n" in outcome.stderr
