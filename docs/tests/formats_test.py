from __future__ import annotations

from docs.tests.examples import PAGES
from pexcz.assemble import FORMAT
from pexcz.pack import VERSION


def test_the_page_names_the_versions_of_the_formats() -> None:
    page = (PAGES / "format.md").read_text()
    assert f"| pack | {VERSION} |" in page
    assert f"| manifest | {FORMAT} |" in page
