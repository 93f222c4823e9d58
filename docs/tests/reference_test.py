from __future__ import annotations

from docs.generate.reference import page, subsystems
from docs.tests.examples import PAGES

PAGE = "fields-and-options.md"


def test_the_page_says_what_the_backend_says() -> None:
    command = f"./pants run docs/generate/reference.py > docs/{PAGE}"
    assert (PAGES / PAGE).read_text() == page(), f"`{command}` writes it anew"


def test_no_scope_is_left_out() -> None:
    scopes = [subsystem.options_scope for subsystem in subsystems()]
    assert scopes == ["czex", "czex-libzstd", "czex-pexcz", "czex-zig"]
