from __future__ import annotations

from docs.generate.commands import page
from docs.tests.examples import PAGES

PAGE = "commands.md"


def test_the_page_says_what_the_parser_says() -> None:
    command = f"./pants run docs/generate/commands.py > docs/{PAGE}"
    assert (PAGES / PAGE).read_text() == page(), f"`{command}` writes it anew"


def test_each_argument_has_a_meaning() -> None:
    for line in page().splitlines():
        assert not line.endswith("|  |"), line


def test_no_command_is_left_out() -> None:
    for name in ("inject", "doctor", "cache prune", "completion", "assemble"):
        assert f"# `pexcz {name}`\n" in page()
