"""Tables of the results, for a terminal and for Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Sequence

from rich.table import Table as RichTable


@dataclass(frozen=True)
class Table:
    """A table with a title.

    :param left: The number of columns with text, from the left. The other columns hold numbers.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1

    def rich(self) -> RichTable:
        table = RichTable(title=self.title, title_justify="left")
        for number, heading in enumerate(self.headings):
            table.add_column(heading, justify="left" if number < self.left else "right")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        rules = ["---" if number < self.left else "---:" for number in range(len(self.headings))]
        lines = [_line(row) for row in (self.headings, rules, *self.rows)]
        return f"{self.title}:\n\n" + "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def milliseconds(seconds: float) -> str:
    value = seconds * 1000
    return f"{value:.1f}" if value < 1000 else f"{value:,.0f}"


def mebibytes(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"


def spread(values: Dict[str, float]) -> str:
    return f"{milliseconds(values['low'])}–{milliseconds(values['high'])}"


TIMES = ("CPU ms", "quartiles", "ratio", "wall ms", "quartiles", "ratio")


def times(row: Dict[str, Any], reference: Dict[str, Any] | None) -> List[str]:
    """Return the cells for the columns `TIMES`."""
    cells = []
    for clock in ("cpu", "wall"):
        median = row[clock]["median"]
        ratio = f"{median / reference[clock]['median']:.2f}" if reference else ""
        cells += [milliseconds(median), spread(row[clock]), ratio]
    return cells
