"""Tests that try many times: a few times in `./pants test ::`, and much longer in `build-support/long-runs`.

`docs/promises.md` has what the last long run counted.
"""

from __future__ import annotations

import os

# Where a long run writes what it has counted.
FIGURES = os.environ.get("CZEX_LONG")
LONG = bool(FIGURES)


def counted(count: int, what: str) -> None:
    """Tell how much the running test has tried: 40 "kills", say."""
    print(f"{count:,} {what}")
    if FIGURES:
        test, _, _ = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")
        with open(FIGURES, "a") as figures:
            figures.write(f"{test}\t{count}\t{what}\n")
