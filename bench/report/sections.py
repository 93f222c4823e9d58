"""The report of the results: sections of tables. The documents have marks for the sections."""

from __future__ import annotations

import statistics
from itertools import groupby
from typing import Callable, Dict, List, Sequence

from bench.measure import counts, noise
from bench.measure.dropped import DROPPED
from bench.measure.first_import import FIRST, SECOND
from bench.measure.install import COPY
from bench.measure.setting import CZEX, CZEX_BYTECODE, VENV_SCRIPT
from bench.report import goals
from bench.report.find import (
    FORMS,
    Results,
    Row,
    in_order,
    of_real_app,
    pythons,
    ratio,
    real_apps,
    timing,
)
from bench.report.tables import TIMES, Table, mebibytes, milliseconds, times


def sections(results: Results) -> Dict[str, List[Table]]:
    """Return the sections that have a table with rows, by their names."""
    found = {
        name: [table for table in make(results) if table.rows] for name, make in MAKERS.items()
    }
    return {name: tables for name, tables in found.items() if tables}


def _machine(results: Results) -> List[Table]:
    rows = []
    for machine, runs in groupby(results["runs"], lambda run: run["machine"]):
        rows += [
            ("machine", f"{machine['cpus']} CPUs, {machine['cpu']}"),
            ("system", machine["system"]),
            ("file system", machine["file_system"]),
        ]
        for run in runs:
            before, after = (
                ", ".join(map(str, run[f"load_{when}"])) for when in ("before", "after")
            )
            rows += [
                ("command", f"`{run['command']}`"),
                ("load before and after it", f"{before}; {after}"),
            ]
    for row in noise.variation(results["timings"]):
        fact = f"quartile distance of `python -c pass`, `{row['app']}`, Python {row['python']}"
        rows.append((fact, f"{row['cpu']} % of CPU time, {row['wall']} % of wall time"))
    missing = [
        (str(number), what)
        for number, run in enumerate(results["runs"], 1)
        for what in run["not_measured"]
    ]
    not_measured = Table("Not measured", ["command", "measurement and reason"], missing, 2)
    return [Table("Machine and commands", ["fact", "value"], rows, 2), not_measured]


def _goals(results: Results) -> List[Table]:
    rows = [(goal.what, goal.bound, goal.measured, goal.verdict) for goal in goals.goals(results)]
    return [Table("Goals", ["measurement", "goal", "measured", "verdict"], rows, 4)]


def _starts(results: Results) -> List[Table]:
    states = ("warm", "cold", "alone")
    rows = [row for row in results["timings"] if row["state"] in states and not of_real_app(row)]
    rows = in_order(rows)
    tables = []
    for (app, python), group in groupby(rows, lambda row: (row["app"], row["python"])):
        reference = timing(results, app, python, "warm", VENV_SCRIPT)
        lines = [[f"{row['state']} `{row['kind']}`", *times(row, reference)] for row in group]
        tables.append(Table(f"`{app}`, Python {python}", ["start", *TIMES], lines))
    return tables


def _summary(results: Results) -> List[Table]:
    """Show only CPU time, and only the smallest app."""
    rows = [row for row in results["timings"] if row["app"] == "cowsay"]
    versions = pythons(results)
    lines: Dict[str, List[str]] = {}
    for row in (row for row in rows if row["state"] in ("warm", "cold")):
        cells = []
        for python in versions:
            reference = timing(results, "cowsay", python, "warm", VENV_SCRIPT)
            found = timing(results, "cowsay", python, row["state"], row["kind"])
            cells.append(f"{ratio(found, reference, 'cpu') or 0:.2f}")
        lines[f"{row['state']} `{row['kind']}`"] = cells
    return [Table("`cowsay`", ["start", *versions], [[key, *lines[key]] for key in lines])]


# The state, its clock, the state of the venv's script to compare with, and the title.
_REAL_STARTS = (
    ("warm", "cpu", "warm", "Warm start, CPU time"),
    (DROPPED, "wall", DROPPED, "Start with a dropped page cache, wall time"),
    ("cold", "wall", "warm", "Cold start, wall time"),
)


def _apps(results: Results) -> List[Table]:
    return [
        _real_starts(results, python, *start)
        for python in pythons(results)
        for start in _REAL_STARTS
    ]


def _real_starts(
    results: Results, python: str, state: str, clock: str, compared: str, title: str
) -> Table:
    """Show the ratios of the forms to the venv's script. The last row has the medians of the apps."""
    lines, columns = [], []
    for app in real_apps(results, python):
        reference = timing(results, app, python, compared, VENV_SCRIPT)
        rows = (timing(results, app, python, state, form) for form in FORMS)
        ratios = [ratio(row, reference, clock) for row in rows]
        if reference and any(ratios):
            script = milliseconds(reference[clock]["median"])
            lines.append([f"`{app}`", script, *map(_ratio, ratios)])
            columns.append(ratios)
    medians = [_median(column) for column in zip(*columns)]
    if len(lines) > 1:
        lines.append(["median", "", *map(_ratio, medians)])
    kept = [0, 1, *(number for number, median in enumerate(medians, 2) if median is not None)]
    headings = ["app", f"{compared} `{VENV_SCRIPT}`, ms", *(f"`{form}`" for form in FORMS)]
    return Table(
        f"{title}, Python {python}",
        [headings[number] for number in kept],
        [[line[number] for number in kept] for line in lines],
    )


def _median(ratios: Sequence[float | None]) -> float | None:
    found = [value for value in ratios if value is not None]
    return statistics.median(found) if found else None


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _compared(
    results: Results, title: str, state: str, reference: Callable[[Row], Row | None]
) -> List[Table]:
    rows = in_order([row for row in results["timings"] if row["state"] == state])
    lines = [
        [f"`{row['app']}`, {row['python']}", row["kind"], *times(row, reference(row))]
        for row in rows
    ]
    return [Table(title, ["app", "measurement", *TIMES], lines, 2)]


def _upgrade(results: Results) -> List[Table]:
    def warm(row: Row) -> Row | None:
        kind = CZEX_BYTECODE if row["kind"].startswith(CZEX_BYTECODE) else CZEX
        return timing(results, row["app"], row["python"], row["state"], kind)

    title = "First start of a new version with the same wheels, against a warm start"
    return _compared(results, title, "upgrade", warm)


def _install(results: Results) -> List[Table]:
    def copied(row: Row) -> Row | None:
        return timing(results, row["app"], row["python"], row["state"], COPY)

    title = "Unpacking into an empty cache, against copying the same tree"
    return _compared(results, title, "install", copied)


def _import(results: Results) -> List[Table]:
    def second(row: Row) -> Row | None:
        return timing(results, row["app"], row["python"], SECOND, row["kind"])

    title = "The import after a cold start, against the second one"
    return _compared(results, title, FIRST, second)


def _injection(results: Results) -> List[Table]:
    return _compared(results, "Time of `pexcz`", "injection", lambda row: None)


def _sizes(results: Results) -> List[Table]:
    names = ("pex", "shiv", "czex", "czex_four_platforms", "czex_with_bytecode")
    rows = [
        [f"`{row['app']}`, {row['python']}", f"{row['files']:,}"]
        + ["not built" if row[name] is None else f"{row[name]:,}" for name in names]
        + [f"{row[name] / row['pex']:.3f}" for name in ("czex", "czex_with_bytecode")]
        for row in in_order(results["sizes"])
    ]
    headings = [
        "app",
        "files",
        "PEX",
        "shiv",
        "CZEX",
        "four platforms",
        "with bytecode",
        "CZEX : PEX",
        "with bytecode : PEX",
    ]
    return [Table("Bytes", headings, rows)]


def _memory(results: Results) -> List[Table]:
    rows = [
        [f"`{row['app']}`, {row['python']}", mebibytes(row["injecting"])]
        + ["" if row["unpacking"] is None else mebibytes(row["unpacking"])]
        for row in in_order(results["peaks"])
    ]
    return [Table("Peak memory", ["app", "injecting", "unpacking"], rows)]


def _counts(results: Results) -> List[Table]:
    rows = [
        [f"`{row['app']}`, {row['python']}", row["what"], f"{row['value']:,}"]
        + _bound_and_verdict(row)
        for row in in_order(results["counts"])
    ]
    return [Table("Counts", ["app", "measurement", "value", "bound", "verdict"], rows, 2)]


def _bound_and_verdict(row: Row) -> List[str]:
    if row["bound"] is None:
        return ["", ""]
    return [f"≤ {row['bound']:,}", "met" if counts.holds(row) else "exceeded"]


MAKERS: Dict[str, Callable[[Results], List[Table]]] = {
    "machine": _machine,
    "goals": _goals,
    "apps": _apps,
    "summary": _summary,
    "starts": _starts,
    "upgrade": _upgrade,
    "import": _import,
    "install": _install,
    "injection": _injection,
    "sizes": _sizes,
    "memory": _memory,
    "counts": _counts,
}
