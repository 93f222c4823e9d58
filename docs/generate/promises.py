"""Write the counts of a long run into the tables of promises.md: `build-support/long-runs`."""

from __future__ import annotations

import collections
import re
import sys
from pathlib import Path
from typing import Dict, Tuple

PAGE = Path(__file__).resolve().parents[1] / "promises.md"
# A promise, the test that holds it, and a figure: `123 kills`, or nothing.
ROW = re.compile(r"^\| (?P<promise>.+) \| `(?P<test>[^`|]+)` \| (?P<figure>[^|]*?) ?\|$", re.M)


def figures(counted: str) -> Dict[str, str]:
    """Return the figure of each test. A test may have been run with several parameters.

    :param counted: Lines of a test's name, a count and the counted thing, with tabs between.
    """
    sums: Dict[Tuple[str, str], int] = collections.defaultdict(int)
    for line in counted.splitlines():
        test, number, thing = line.split("\t")
        sums[test.partition("[")[0], thing] += int(number)
    texts: Dict[str, str] = {}
    for (test, thing), count in sums.items():
        text = f"{count:,} {thing}"
        texts[test] = f"{texts[test]}, {text}" if test in texts else text
    return texts


def written(page: str, counted: str) -> str:
    """Return the page with the figures of the tests that have been run."""
    texts = figures(counted)
    unknown = texts.keys() - {row["test"] for row in ROW.finditer(page)}
    if unknown:
        sys.exit(f"docs/promises.md has no row for {', '.join(sorted(unknown))}.")

    def row(found: "re.Match[str]") -> str:
        figure = texts.get(found["test"], found["figure"])
        return f"| {found['promise']} | `{found['test']}` | {figure} |"

    return ROW.sub(row, page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(), Path(sys.argv[1]).read_text()))
