"""Follow the links of all documents, and check the order of the pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator, List, Set

import pytest

from docs.tests.examples import PAGES

ROOT = PAGES.parent
DOCUMENTS = sorted((*ROOT.glob("*.md"), *PAGES.glob("*.md")))
CODE = re.compile(r"^```.*?^```$|^    [^\n]*$|`[^`\n]+`", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.M)


def links(document: Path) -> List[str]:
    text = re.sub(CODE, "", document.read_text())
    return [link for link in LINK.findall(text) if not link.startswith(("http:", "https:"))]


def anchors(document: Path) -> Set[str]:
    """Return the names that GitHub and the site give to headings."""
    text = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.M | re.S)
    words = (re.sub(r"[^\w\- ]", "", heading).lower() for heading in HEADING.findall(text))
    return {word.replace(" ", "-") for word in words}


def broken(document: Path) -> Iterator[str]:
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    assert not list(broken(document))


def test_the_start_page_lists_every_page() -> None:
    start = PAGES / "README.md"
    assert {path.name for path in PAGES.glob("*.md")} - {start.name} == {
        link.partition("#")[0] for link in links(start) if ".md" in link
    }


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda path: path.name)
def test_each_page_says_for_whom_it_is(page: Path) -> None:
    title, blank, purpose = page.read_text().splitlines()[:3]
    assert title.startswith("# ") and not blank and purpose.startswith("*For ")
