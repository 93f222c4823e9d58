"""Prints the notes of a version: its section in CHANGELOG.md, without the heading.

python3 docs/generate/notes.py VERSION

VERSION may be "Unreleased".
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parents[2] / "CHANGELOG.md"
HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - (?P<date>\S+))?\n", re.M)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def notes(changelog: str, version: str) -> str:
    """Return the notes of a version. Raises ValueError if its section is missing, is empty, or has no date."""
    headings = list(HEADING.finditer(changelog))
    for heading, end in zip(headings, [*(found.start() for found in headings[1:]), None]):
        if heading["version"] != version:
            continue
        if version != "Unreleased" and not DATE.fullmatch(heading["date"] or ""):
            raise ValueError(
                f"the section of {version} has no date; write `## [{version}] - 2030-01-31`"
            )
        text = changelog[heading.end() : end].strip()
        if not text:
            raise ValueError(f"the section of {version} is empty")
        return text + "\n"
    raise ValueError(
        f"there is no section `## [{version}]`; give the unreleased changes this heading"
    )


if __name__ == "__main__":
    try:
        print(notes(CHANGELOG.read_text("utf-8"), sys.argv[1]), end="")
    except ValueError as e:
        sys.exit(f"{CHANGELOG.name}: {e}.")
