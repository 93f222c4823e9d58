from __future__ import annotations

from pathlib import Path

from testing.machine import Machine
from testing.pair import Pair
from testing.pythons import Python, on_cpython

NUMERIC = Pair.of("numeric", "numeric", "czex")


@on_cpython("3.9", "3.11", "3.13")
def test_compiled_wheels_and_executables_work(python: Python, tmp_path: Path) -> None:
    outcome = NUMERIC.assert_same(Machine(tmp_path), python, "1000")
    assert outcome.code == 0, outcome.stderr
    first, second, third = outcome.stdout.splitlines()
    assert first.startswith("numpy ") and first.endswith(": 499500")
    assert second == "norm 18243.724949"
    assert third.startswith("ruff ")


@on_cpython("3.9", "3.11", "3.13")
def test_the_surroundings_are_the_same(python: Python, tmp_path: Path) -> None:
    NUMERIC.assert_same_surroundings(Machine(tmp_path), python)
