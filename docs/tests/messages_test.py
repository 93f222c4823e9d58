"""Compare the messages in the page with the messages in the sources."""

from __future__ import annotations

import re
from pathlib import Path
from typing import List

from docs.tests.examples import PAGES
from docs.tests.messages import said, told

ROOT = PAGES.parent
QUOTED = re.compile(r"(?<!`)(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)")


def sources() -> List[Path]:
    """Return the sources that can show a message to a user."""
    paths = [ROOT / "native" / "build.py", ROOT / "native" / "boot" / "header.sh"]
    for place in ("native/boot", "pants-plugins/pexcz", "pants-plugins/czex"):
        paths += (ROOT / place).rglob("*.py")
    paths += (ROOT / "native" / "src").glob("*.zig")
    assert len(paths) > 100
    return sorted(paths)


def quoted() -> List[str]:
    """Return the texts in the first cells of all tables."""
    page = (PAGES / "troubleshooting.md").read_text()
    cells = re.findall(r"^\| (.*?) \| .* \|$", page, re.M)
    return [text.strip() for cell in cells for _, text in QUOTED.findall(cell)]


def test_each_message_of_the_page_stands_in_a_source() -> None:
    texts = "\n".join(text for source in sources() for text in said(source))
    stale = [message for message in quoted() if message not in texts]
    assert not stale


def test_each_message_of_a_source_is_in_the_page() -> None:
    messages = quoted()
    missing = {
        f"{source.relative_to(ROOT)}: {text}"
        for source in sources()
        if source.suffix == ".py"
        for text in told(source)
        if not any(message in text for message in messages)
    }
    assert not missing, "\n".join(sorted(missing))
