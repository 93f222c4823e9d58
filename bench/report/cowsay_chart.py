"""Draw the chart of cowsay's starts as SVG: a bar for each kind, on a logarithmic scale. Equal results give equal bytes."""

from __future__ import annotations

import math
from typing import List, Tuple

from bench.measure.setting import VENV_SCRIPT
from bench.report.find import Results, pythons, ratio, timing
from bench.report.svg import document, text, vertical

APP, PYTHON = "cowsay", "3.11"
WIDTH, LABELS, NUMBERS = 760, 230, 60
BAR, ROW, TITLE = 14, 22, 34
LOWEST = 0.25
TICKS = (0.25, 0.5, 1, 2, 5, 10, 20, 50, 100)


def svg(results: Results) -> str:
    """Draw CPU times as ratios to the warm console script of a plain venv."""
    versions = pythons(results)
    python = PYTHON if PYTHON in versions or not versions else versions[-1]
    bars = {state: _bars(results, python, state) for state in ("warm", "cold")}
    largest = max((value for group in bars.values() for _, value in group), default=1.0)
    drawn: List[str] = []
    top = 0
    for state, group in bars.items():
        if group:
            drawn.append(text(8, top + 20, f"{state} start of {APP}, CPU time", "head"))
            drawn += _grid(top + TITLE, top + TITLE + ROW * len(group), largest)
            for number, (kind, value) in enumerate(group):
                drawn += _bar(top + TITLE + ROW * number, kind, value, largest)
            top += TITLE + ROW * len(group) + TITLE
    note = (
        f"1 is the warm console script of a plain venv, CPython {python}; the scale is logarithmic"
    )
    drawn.append(text(8, top, note, "tick"))
    return document(WIDTH, top + 12, f"Starts of {APP} compared", drawn)


def _bars(results: Results, python: str, state: str) -> List[Tuple[str, float]]:
    """Return the kinds of start, and their ratios to the reference."""
    reference = timing(results, APP, python, "warm", VENV_SCRIPT)
    rows = (
        row
        for row in results["timings"]
        if (row["app"], row["python"], row["state"]) == (APP, python, state)
    )
    ratios = ((row["kind"], ratio(row, reference, "cpu")) for row in rows)
    return [(kind, value) for kind, value in ratios if value is not None]


def _x(value: float, largest: float) -> float:
    """Return the position of a value on the scale, in pixels."""
    part = math.log(max(value, LOWEST) / LOWEST) / math.log(max(largest, 2.0) / LOWEST)
    return LABELS + part * (WIDTH - LABELS - NUMBERS)


def _grid(top: float, bottom: float, largest: float) -> List[str]:
    drawn = []
    for tick in TICKS:
        if tick <= largest:
            x = _x(tick, largest)
            drawn.append(vertical(x, top, bottom, "one" if tick == 1 else ""))
            drawn.append(text(x, bottom + 14, f"{tick:g}", "tick", "middle"))
    return drawn


def _bar(top: float, kind: str, value: float, largest: float) -> List[str]:
    end = _x(value, largest)
    colour = "czex" if "czex" in kind else "other"
    middle = top + ROW / 2
    return [
        text(LABELS - 8, middle + 4, kind, "", "end"),
        f'<rect class="{colour}" x="{LABELS}" y="{middle - BAR / 2:.1f}" '
        f'width="{end - LABELS:.1f}" height="{BAR}"/>',
        text(end + 6, middle + 4, f"{value:.2f}" if value < 10 else f"{value:.0f}"),
    ]
