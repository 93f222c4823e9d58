from __future__ import annotations

from pathlib import Path

from testprojects.parity import Machine, Pair
from testprojects.pythons import Python, on_every_python

COWSAY = Pair.of("cowsay")


@on_every_python()
def test_the_cow_says_the_same(python: Python, tmp_path: Path) -> None:
    outcome = COWSAY.assert_same(Machine(tmp_path), python, "moo")
    assert "moo" in outcome.stdout
    assert outcome.exit_code == 0


@on_every_python()
def test_the_surroundings_are_the_same(python: Python, tmp_path: Path) -> None:
    COWSAY.assert_same_surroundings(Machine(tmp_path), python)
