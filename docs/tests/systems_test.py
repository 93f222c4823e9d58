"""Compare the matrix in the page of systems with the list in the code."""

from __future__ import annotations

import json

from docs.generate.systems import PAGE, counts_of, written
from testing.pythons import EVERY_PYTHON, NEWEST
from testing.systems import PLATFORMS, PYTHONS


def test_page_has_the_matrix_of_the_code() -> None:
    page = PAGE.read_text()
    assert written(page, "") == page


def test_tests_have_passed_on_each_system_that_is_not_excused() -> None:
    counts = counts_of(PAGE.read_text())
    for platform in PLATFORMS:
        for python in platform.pythons:
            assert counts.get((platform.name, python)), (platform.name, python)


def test_matrix_has_all_platforms_and_known_pythons() -> None:
    built = json.loads((PAGE.parents[1] / "native/platforms.json").read_text())
    assert [platform.name for platform in PLATFORMS] == list(built)
    for platform in PLATFORMS:
        assert set(platform.pythons) <= PYTHONS.keys(), platform.name


def test_matrix_has_the_pythons_of_the_tests() -> None:
    (here,) = (platform for platform in PLATFORMS if platform.name == "linux-x86_64")
    assert set(here.pythons) == {python.name for python in (*EVERY_PYTHON, *NEWEST)}


def test_numbers_of_a_run_are_written_into_their_cells() -> None:
    passed = "windows-x86_64\tcpython3.11\ta_test.py::test_x\n" * 2
    passed += "windows-x86_64\tcpython3.11\ta_test.py::test_y\n"
    before = counts_of(PAGE.read_text())
    after = counts_of(written(PAGE.read_text(), passed))
    assert after == {**before, ("windows-x86_64", "cpython3.11"): 2}
