"""Tables of what was measured."""

from __future__ import annotations

import statistics
from itertools import groupby
from typing import Any, Dict, List

from rich.console import Console
from rich.table import Table

from bench.apps import Artifacts
from bench.counts import Count
from bench.measure import REFERENCE, Result

MILLISECONDS = 1000


def show_times(console: Console, results: List[Result]) -> None:
    """Medians of CPU and wall time, and their ratio to the reference: the warm console script of a plain venv."""
    references = {
        (result.app, result.python): result for result in results if result.kind == REFERENCE
    }
    for (app, python), group in groupby(results, lambda result: (result.app, result.python)):
        reference = references[app, python]
        table = Table(title=f"{app}, Python {python}", title_justify="left")
        table.add_column("start")
        for heading in ("CPU ms", "spread", "ratio", "wall ms", "ratio"):
            table.add_column(heading, justify="right")
        for result in group:
            low, _, high = statistics.quantiles(result.cpu, n=4)
            table.add_row(
                f"{result.state} {result.kind}",
                f"{statistics.median(result.cpu) * MILLISECONDS:.1f}",
                f"{low * MILLISECONDS:.1f}–{high * MILLISECONDS:.1f}",
                f"{_ratio(result.cpu, reference.cpu):.2f}",
                f"{statistics.median(result.wall) * MILLISECONDS:.1f}",
                f"{_ratio(result.wall, reference.wall):.2f}",
            )
        console.print(table)


def _ratio(values: List[float], reference: List[float]) -> float:
    return statistics.median(values) / statistics.median(reference)


def sizes(built: List[Artifacts]) -> List[Dict[str, Any]]:
    return [
        {
            "app": artifacts.app.name,
            "python": artifacts.python.version,
            "pex_bytes": artifacts.pexes["pex"].stat().st_size,
            "czex_bytes": artifacts.czex.stat().st_size,
            "injection_seconds": round(artifacts.injection, 2),
        }
        for artifacts in built
    ]


def show_sizes(console: Console, built: List[Artifacts]) -> None:
    table = Table(title="Size and injection", title_justify="left")
    table.add_column("app")
    for heading in ("PEX bytes", "CZEX bytes", "ratio", "injection s"):
        table.add_column(heading, justify="right")
    for row in sizes(built):
        table.add_row(
            f"{row['app']}, Python {row['python']}",
            f"{row['pex_bytes']:,}",
            f"{row['czex_bytes']:,}",
            f"{row['czex_bytes'] / row['pex_bytes']:.2f}",
            f"{row['injection_seconds']:.2f}",
        )
    console.print(table)


def show_counts(console: Console, counts: List[Count]) -> None:
    table = Table(title="Counted", title_justify="left")
    for heading in ("what", "value", "bound", ""):
        table.add_column(heading)
    for count in counts:
        table.add_row(count.what, count.value, count.bound, "" if count.holds else "too much")
    console.print(table)
