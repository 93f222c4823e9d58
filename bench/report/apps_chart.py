"""Draw the chart of the real apps' starts as SVG: a row for each app, and a dot for each form. Equal results give equal bytes."""

from __future__ import annotations

import math
from typing import Callable, Dict, List, NamedTuple, Tuple

from bench.measure.setting import CZEX_SH_BYTECODE, PEX, PEX_SH_BOOT, VENV_SCRIPT
from bench.report.find import Results, pythons, ratio, real_apps, timing
from bench.report.svg import document, text, vertical

WIDTH, LABELS, GAP, RIGHT = 760, 110, 36, 34
HEAD, ROW, FOOT = 62, 22, 40
RADIUS = 5
TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100)
# The forms, and their classes in the style. The last one is drawn on top.
DOTS = (
    (PEX, "other", "PEX"),
    (PEX_SH_BOOT, "open", "PEX, --venv --sh-boot"),
    (CZEX_SH_BYTECODE, "czex", "CZEX"),
)


class Panel(NamedTuple):
    """One half of the chart: a state, and its clock."""

    title: str
    state: str
    clock: str
    left: float


PANELS = (
    Panel("warm start, CPU time", "warm", "cpu", LABELS),
    Panel("first start, wall time", "cold", "wall", (WIDTH + LABELS + GAP - RIGHT) / 2),
)
SPAN = PANELS[1].left - GAP - LABELS

Ratios = Dict[str, float]


def svg(results: Results) -> str:
    """Draw ratios to the warm console script of a plain venv, which is the dashed line at 1."""
    python = next(filter(lambda python: real_apps(results, python), pythons(results)), "")
    apps = real_apps(results, python)
    drawn = _legend()
    bottom = HEAD + ROW * len(apps)
    for number, app in enumerate(apps):
        drawn.append(text(LABELS - 12, _middle(number) + 4, app, "", "end"))
    for panel in PANELS:
        rows = [(number, _ratios(results, app, python, panel)) for number, app in enumerate(apps)]
        drawn += _panel(panel, rows, bottom)
    note = f"1 is the app's warm console script in a plain venv, CPython {python}; the scales are logarithmic"
    drawn.append(text(LABELS, bottom + 34, note, "tick"))
    return document(WIDTH, bottom + FOOT, "Starts of real apps compared", drawn)


def _ratios(results: Results, app: str, python: str, panel: Panel) -> Ratios:
    reference = timing(results, app, python, "warm", VENV_SCRIPT)
    rows = ((form, timing(results, app, python, panel.state, form)) for form, _, _ in DOTS)
    ratios = ((form, ratio(row, reference, panel.clock)) for form, row in rows)
    return {form: value for form, value in ratios if value is not None}


def _panel(panel: Panel, rows: List[Tuple[int, Ratios]], bottom: float) -> List[str]:
    largest = max((value for _, ratios in rows for value in ratios.values()), default=1.0)
    highest = next((tick for tick in TICKS if tick >= largest), largest)

    def x(value: float) -> float:
        part = math.log(max(value, TICKS[0]) / TICKS[0]) / math.log(highest / TICKS[0])
        return panel.left + SPAN * part

    drawn = [text(panel.left, HEAD - 14, panel.title, "head")]
    for tick in TICKS:
        if tick <= highest:
            drawn.append(vertical(x(tick), HEAD, bottom, "one" if tick == 1 else ""))
            drawn.append(text(x(tick), bottom + 14, f"{tick:g}", "tick", "middle"))
    for number, ratios in rows:
        middle = _middle(number)
        for form, kind, _ in DOTS:
            if form in ratios:
                drawn.append(_dot(x(ratios[form]), middle, kind))
        drawn += _numbers(ratios, x, middle)
    return drawn


def _numbers(ratios: Ratios, x: Callable[[float], float], middle: float) -> List[str]:
    """Write the ratios of the PEX and the CZEX beside their dots, where no other dot is."""
    drawn = []
    for form in (PEX, CZEX_SH_BYTECODE):
        if form in ratios:
            dot = x(ratios[form])
            is_free = not any(dot < x(value) < dot + 40 for value in ratios.values())
            offset, anchor = (9, "start") if is_free and form == PEX else (-9, "end")
            number = f"{ratios[form]:.2f}" if ratios[form] < 10 else f"{ratios[form]:.0f}"
            drawn.append(text(dot + offset, middle + 4, number, "number", anchor))
    return drawn


def _legend() -> List[str]:
    drawn = []
    left = LABELS
    for _, kind, name in reversed(DOTS):
        drawn += [_dot(left + RADIUS, 16, kind), text(left + 2 * RADIUS + 6, 20, name)]
        left += 2 * RADIUS + 30 + 7 * len(name)
    return drawn


def _dot(x: float, y: float, kind: str) -> str:
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS}"/>'


def _middle(number: int) -> float:
    return HEAD + ROW * number + ROW / 2
