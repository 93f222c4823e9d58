"""Compare the tests that the page of promises names with the tests in the sources."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator, Set

from docs.generate.promises import ROW, written
from docs.tests.examples import PAGES

ROOT = PAGES.parent
DEFINITION = re.compile(r"^def (test_\w+)\(.*?(?=^def |\Z)", re.M | re.S)


def rows() -> Set[str]:
    return {row["test"] for row in ROW.finditer((PAGES / "promises.md").read_text())}


def long_tests() -> Iterator[str]:
    """Return the tests that count something."""
    for room in ("native", "pants-plugins"):
        for path in (ROOT / room).rglob("*_test.py"):
            text = path.read_text()
            if "long_runs import" in text:
                for found in DEFINITION.finditer(text):
                    if "counted(" in found[0]:
                        yield f"{path.relative_to(ROOT)}::{found[1]}"


def test_each_test_of_the_page_exists() -> None:
    for test in rows():
        path, _, name = test.partition("::")
        assert f"def {name}(" in Path(ROOT, path).read_text(), test


def test_each_test_with_a_long_run_is_in_the_page() -> None:
    counting = set(long_tests())
    assert counting and not counting - rows()


def test_a_figure_is_written_into_the_row_of_its_test() -> None:
    page = "| It holds. | `a_test.py::test_x` |  |\n| It does. | `a_test.py::test_y` | 3 kills |\n"
    counted = "a_test.py::test_x[1]\t1500\tkills\na_test.py::test_x[2]\t20\tkills\n"
    assert written(page, counted) == page.replace("|  |", "| 1,520 kills |")
