from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from docs.generate.pictures import PICTURES, pictures

NAMES = sorted(pictures())


@pytest.mark.parametrize("name", NAMES)
def test_each_picture_is_drawn_by_its_script(name: str) -> None:
    command = "python3 docs/generate/pictures.py"
    assert (PICTURES / name).read_text() == pictures()[name], f"`{command}` draws it again"


@pytest.mark.parametrize("path", sorted(PICTURES.glob("*.svg")), ids=lambda path: path.name)
def test_each_picture_has_a_title_and_is_readable_on_a_dark_page(path: Path) -> None:
    picture = ElementTree.parse(path).getroot()
    names = {"s": "http://www.w3.org/2000/svg"}
    assert picture.findtext("s:title", namespaces=names)
    assert "prefers-color-scheme: dark" in (picture.findtext("s:style", namespaces=names) or "")
