"""Tests with many attempts: a few in `./pants test ::`, and many more in `build-support/long-runs`.

`docs/promises.md` shows the counts of the last long run.
"""

from __future__ import annotations

import os

# A long run writes its counts to this file.
FIGURES = os.environ.get("CZEX_LONG")
LONG = bool(FIGURES)


def counted(count: int, unit: str) -> None:
    """Report the number of attempts of the running test, such as 40 "kills"."""
    print(f"{count:,} {unit}")
    if FIGURES:
        test, _, _ = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")
        with open(FIGURES, "a") as figures:
            figures.write(f"{test}\t{count}\t{unit}\n")
