"""The examples in a page, for tests that run them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, List

PAGES = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```([a-z]+)\n(.*?)^```$", re.M | re.S)


def blocks(page: str, language: str) -> List[str]:
    """Return the texts between ```language and ```, in order."""
    found = BLOCK.findall((PAGES / page).read_text())
    return [text for name, text in found if name == language]


def files(page: str, *languages: str) -> Dict[str, str]:
    """Return the blocks that are files, by the path in their first line: "# pants.toml"."""
    named = {}
    for language in languages:
        for text in blocks(page, language):
            first, _, content = text.partition("\n")
            named[first[2:]] = content
    return named


def commands(page: str) -> List[List[str]]:
    """Return the lines of each block of shell."""
    return [block.splitlines() for block in blocks(page, "sh")]
