"""A CZEX of more than 4 GiB starts like any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.large import make_large
from support.runtime import HOST
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on_every_python


@pytest.fixture(scope="module")
def large(workshop: Workshop, cow_pex: Path) -> Path:
    return make_large(workshop, cow_pex, HOST)


@on_every_python()
def test_a_large_czex_starts_like_its_pex(
    large: Path, cow_pex: Path, machine: Machine, python: Python
) -> None:
    expected = machine.run(python.path(), cow_pex, "x")
    assert (expected.stdout, expected.stderr, expected.code) == ("moo x\n", "", 1)
    for _ in ("cold", "warm"):
        assert machine.run(python.path(), large, "x") == expected


def test_the_header_starts_a_large_czex(large: Path, machine: Machine) -> None:
    on_path = machine.with_python(PYTHON)
    for _ in ("cold", "warm"):
        outcome = on_path.run(large, "x")
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1)


@on_every_python()
def test_a_large_czex_can_be_imported_and_added_to_other_apps(
    large: Path, facts: Path, machine: Machine, python: Python
) -> None:
    program = "import __pex__, cow.say, sys; sys.argv[1:] = ['y']; cow.say.main()"
    outcome = machine.with_(PYTHONPATH=str(large)).run(python.path(), "-c", program)
    assert (outcome.stdout, outcome.stderr) == ("moo y\n", "")
    together = machine.with_(PEX_PATH=str(large), PEX_MODULE="cow.say:main")
    outcome = together.run(python.path(), facts, "z")
    assert (outcome.stdout, outcome.stderr) == ("moo z\n", "")
