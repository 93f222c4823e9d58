"""A CZEX behaves like its PEX, in every row of the parity table; and the table is complete."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest
from pex.pex_info import PexInfo
from pex.variables import Variables

from parity import NO_EFFECT, ROWS
from parity.row import CPYTHONS, NEWEST, USUAL_PYTHON, Row
from parity.runner import Factory, Runner
from support.workshop import Workshop
from testing.differences import DIFFERENCES
from testing.pythons import Python, chosen

DOCUMENT = Path("docs") / "differences.md"


def starts() -> Iterator[Any]:
    """Find (row, version, Python): each row on all its Pythons with the newest Pex, and on one with each older Pex."""
    for row in ROWS:
        for version in row.versions:
            usual = USUAL_PYTHON if USUAL_PYTHON in row.pythons else row.pythons[0]
            names = row.pythons if version == NEWEST else (usual,)
            pythons = list(map(Python, names))
            # Other rows are about certain Pythons.
            for python in chosen(*pythons) if CPYTHONS[-1] in names else pythons:
                label = f"{row.name}-{version}-{python.name}"
                yield pytest.param(row, version, python, id=label)


@pytest.fixture(scope="session")
def runner(
    workshop: Workshop,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Runner]:
    runner = Runner(Factory(workshop), tmp_path_factory.mktemp("stages"))
    for item in request.session.items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "row" in parameters:
            runner.start(**parameters)
    yield runner
    runner.stop()


@pytest.mark.parametrize("row, version, python", list(starts()))
def test_the_czex_behaves_like_the_pex(
    row: Row, version: str, python: Python, runner: Runner
) -> None:
    runner.wait_for(row, version, python)


def test_the_table_has_a_row_for_each_field_and_variable_of_pex() -> None:
    fields = {
        name
        for name, member in vars(PexInfo).items()
        if isinstance(member, property) and member.fset
    }
    fields |= {"requirements", "excluded", "overridden", "distributions"}
    variables = {name for name in vars(Variables) if name.startswith("PEX") and name.isupper()}
    covered = {line for row in ROWS for line in row.contract}
    assert sorted((fields | variables) - covered - set(NO_EFFECT)) == []
    assert sorted(covered & set(NO_EFFECT)) == []


def test_names_of_rows_are_unique() -> None:
    names = [row.name for row in ROWS]
    assert sorted(set(names)) == sorted(names)


def test_the_document_lists_the_differences() -> None:
    lines = [
        f"| {difference.what} | {difference.pex} | {difference.czex} | {difference.why} |"
        for difference in DIFFERENCES
    ]
    table = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")]
    assert table[1:] == lines
