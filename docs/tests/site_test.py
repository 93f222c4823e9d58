from __future__ import annotations

import json
import re
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    build(load_config("mkdocs.yml", strict=True, site_dir=str(tmp_path)))
    pages = {path.name for path in Path("docs").glob("*.md")} - {"README.md"}
    assert {path.parent.name for path in tmp_path.glob("*/index.html")} == {
        page[: -len(".md")] for page in pages
    }
    index = json.loads((tmp_path / "search" / "search_index.json").read_text())
    assert any("noexec" in entry["text"] for entry in index["docs"])
    for page in tmp_path.rglob("*.html"):
        assert not re.search(r"(?:src|stylesheet\" href)=\"https?:", page.read_text()), page
