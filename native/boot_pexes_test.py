"""PEXes of every layout, from Pex versions old and new, become the same app."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import List

import pytest
from boot_for_tests import COW, PYTHON, Machine, Workshop

from testprojects.missing import missing

INSTALLED = "the one beside these tests"
OLD = ("2.1.137", "2.40.2")


def pex_command(version: str) -> List[str]:
    """The `pex` command of a version; the old ones are PEXes that Pants puts beside these tests."""
    if version == INSTALLED:
        return [sys.executable, "-m", "pex"]
    path = Path("native") / f"pex-{version}.pex"
    if path.exists():
        return [sys.executable, str(path)]
    missing(f"{path}, which Pants puts beside this test")


@pytest.mark.parametrize("layout", ["zipapp", "packed", "loose"])
@pytest.mark.parametrize("version", [*OLD, INSTALLED])
def test_an_app_runs_whatever_its_pex_looks_like(
    workshop: Workshop, machine: Machine, version: str, layout: str
) -> None:
    assert_same_app(workshop, machine, version, ["--layout", layout])


@pytest.mark.parametrize("layout", ["zipapp", "packed", "loose"])
@pytest.mark.parametrize("version", ["2.40.2", INSTALLED])
def test_wheels_that_are_not_installed_in_the_pex_are_in_the_czex(
    workshop: Workshop, machine: Machine, version: str, layout: str
) -> None:
    assert_same_app(workshop, machine, version, ["--layout", layout, "--no-pre-install-wheels"])


def assert_same_app(workshop: Workshop, machine: Machine, version: str, options: List[str]) -> None:
    name = "-".join(["app", version.split()[0], *options]).replace("--", "")
    pex = workshop.pex(
        name,
        requirements=["cow"],
        wheels=[COW],
        sources={"mine.py": "VALUE = 'mine'\n"},
        options=["-c", "cow", *options],
        pex=pex_command(version),
    )
    czex = workshop.czex(pex)
    expected = machine.run(PYTHON.path(), pex, "x")
    assert (expected.stdout, expected.code) == ("moo x\n", 1)
    for _ in range(2):
        assert machine.run(PYTHON.path(), czex, "x") == expected
    asked = machine.with_(PEX_INTERPRETER="1")
    code = "import cow, mine; print(mine.VALUE)"
    assert asked.run(PYTHON.path(), czex, "-c", code).stdout == "mine\n"
