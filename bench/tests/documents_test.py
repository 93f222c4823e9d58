"""The benchmark page and its chart show the measured results."""

from __future__ import annotations

import json

import pytest

from bench.forms.apps import ROOT
from bench.report.charts import charts
from bench.report.documents import filled

RESULTS = json.loads((ROOT / "bench" / "results.json").read_text())


@pytest.mark.parametrize("page", ["docs/benchmark.md", "docs/choosing.md"])
def test_tables_of_a_page_match_the_results(page: str) -> None:
    text = (ROOT / page).read_text()
    command = f"bench/run --from bench/results.json --markdown {page}"
    assert text == filled(text, RESULTS), f"`{command}` writes the tables again"


@pytest.mark.parametrize("name", sorted(charts(RESULTS)))
def test_chart_matches_the_results(name: str) -> None:
    command = "bench/run --from bench/results.json --svg docs/pictures"
    drawn = (ROOT / "docs/pictures" / name).read_text()
    assert drawn == charts(RESULTS)[name], f"`{command}` draws the chart again"


def test_a_mark_of_an_unknown_section_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown section 'nothing'"):
        filled("<!-- bench nothing -->\n<!-- bench end -->\n", RESULTS)


def test_only_text_between_marks_is_replaced() -> None:
    text = "before\n<!-- bench goals -->\nstale line\n<!-- bench end -->\nafter\n"
    again = filled(filled(text, RESULTS), RESULTS)
    assert again == filled(text, RESULTS)
    assert (
        again.startswith("before\n") and again.endswith("\nafter\n") and "stale line" not in again
    )
