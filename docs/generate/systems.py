"""Write the number of tests that passed on each system into systems.md: `build-support/every-system`."""

from __future__ import annotations

import collections
import re
import sys
from pathlib import Path
from typing import Dict, List, Mapping

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from testing.systems import PLATFORMS, PYTHONS, Platform, System

PAGE = Path(__file__).resolve().parents[1] / "systems.md"
MATRIX = re.compile(r"(?<=\n## The matrix\n\n).*?(?=\n## |\Z)", re.S)
ROW = re.compile(r"^\| (.+) \|$", re.M)


def counts_in(passed: str) -> Dict[System, int]:
    """Return the number of tests that passed on each system.

    :param passed: Lines of a platform, a Python and a test, with tabs between.
    """
    counts: Dict[System, int] = collections.Counter()
    for line in sorted(set(passed.splitlines())):
        platform, python, _ = line.split("\t")
        counts[platform, python] += 1
    return counts


def counts_of(page: str) -> Dict[System, int]:
    """Return the numbers in the page."""
    rows = ROW.findall("".join(MATRIX.findall(page)))
    _, *platforms = rows[0].split(" | ") if rows else [""]
    names = {title: name for name, title in PYTHONS.items()}
    counts = {}
    for row in rows:
        title, *cells = row.split(" | ")
        for platform, cell in zip(platforms, cells):
            if title in names and cell.isdigit():
                counts[platform, names[title]] = int(cell)
    return counts


def matrix(counts: Mapping[System, int]) -> str:
    """Return the table, and the reasons why no tests run on the other systems."""
    reasons: List[str] = []

    def cell(platform: Platform, python: str) -> str:
        if python in platform.pythons:
            return str(counts.get((platform.name, python), 0))
        if platform.reason not in reasons:
            reasons.append(platform.reason)
        return chr(ord("a") + reasons.index(platform.reason))

    lines = [
        f"| Python | {' | '.join(platform.name for platform in PLATFORMS)} |",
        "|---|" + "---|" * len(PLATFORMS),
    ]
    for python, title in PYTHONS.items():
        cells = [cell(platform, python) for platform in PLATFORMS]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    lines.append("")
    for number, reason in enumerate(reasons):
        lines.append(f"- **{chr(ord('a') + number)}**: {reason}.")
    return "\n".join(lines) + "\n"


def written(page: str, passed: str) -> str:
    """Return the page with the numbers of the systems that were run. The others keep their numbers."""
    counts = {**counts_of(page), **counts_in(passed)}
    runnable = {(platform.name, python) for platform in PLATFORMS for python in platform.pythons}
    unknown = counts_in(passed).keys() - runnable
    if unknown:
        sys.exit(f"testing/systems.py lacks {', '.join(map(' '.join, sorted(unknown)))}.")
    return MATRIX.sub(lambda _: matrix(counts), page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(), Path(sys.argv[1]).read_text()))
