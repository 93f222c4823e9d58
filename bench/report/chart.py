"""Draw the chart of starts as SVG: a bar for each kind, on a logarithmic scale. Equal results give equal bytes."""

from __future__ import annotations

import math
from html import escape
from typing import List, Tuple

from bench.measure.setting import VENV_SCRIPT
from bench.report.find import Results, pythons, ratio, timing

APP, PYTHON = "cowsay", "3.11"
WIDTH, LABELS, NUMBERS = 760, 230, 60
BAR, ROW, TITLE = 14, 22, 34
LOWEST = 0.25
TICKS = (0.25, 0.5, 1, 2, 5, 10, 20, 50, 100)

# The style has colours for light and for dark pages.
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.head { font-weight: 600 }
.tick { font-size: 11px; fill: #6e7781 }
line { stroke: #d0d7de }
.one { stroke: #6e7781; stroke-dasharray: 3 3 }
.other { fill: #afb8c1 }
.czex { fill: #2f81f7 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .tick { fill: #8d96a0 }
  line { stroke: #30363d }
  .other { fill: #6e7681 }
}
"""


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
            drawn.append(_text(8, top + 20, f"{state} start of {APP}, CPU time", "head"))
            drawn += _grid(top + TITLE, top + TITLE + ROW * len(group), largest)
            for number, (kind, value) in enumerate(group):
                drawn += _bar(top + TITLE + ROW * number, kind, value, largest)
            top += TITLE + ROW * len(group) + TITLE
    note = (
        f"1 is the warm console script of a plain venv, CPython {python}; the scale is logarithmic"
    )
    drawn.append(_text(8, top, note, "tick"))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 12}" role="img">'
    title = f"<title>Starts of {APP} compared</title>"
    return "\n".join([head, title, f"<style>{STYLE}</style>", *drawn, "</svg>"]) + "\n"


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
            kind = ' class="one"' if tick == 1 else ""
            drawn.append(f'<line{kind} x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}"/>')
            drawn.append(_text(x, bottom + 14, f"{tick:g}", "tick", "middle"))
    return drawn


def _bar(top: float, kind: str, value: float, largest: float) -> List[str]:
    end = _x(value, largest)
    colour = "czex" if "czex" in kind else "other"
    middle = top + ROW / 2
    return [
        _text(LABELS - 8, middle + 4, kind, "", "end"),
        f'<rect class="{colour}" x="{LABELS}" y="{middle - BAR / 2:.1f}" '
        f'width="{end - LABELS:.1f}" height="{BAR}"/>',
        _text(end + 6, middle + 4, f"{value:.2f}" if value < 10 else f"{value:.0f}"),
    ]


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
