"""Find rows in the results' JSON."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

Results = Dict[str, Any]
Row = Dict[str, Any]


def timing(results: Results, app: str, python: str, state: str, kind: str) -> Row | None:
    return _row(results["timings"], app=app, python=python, state=state, kind=kind)


def of_app(results: Results, part: str, app: str, python: str) -> Row | None:
    """Return the row of an app in "sizes" or "peaks"."""
    return _row(results[part], app=app, python=python)


def _row(rows: List[Row], **wanted: str) -> Row | None:
    found = (row for row in rows if all(row[name] == value for name, value in wanted.items()))
    return next(found, None)


def in_order(rows: List[Row]) -> List[Row]:
    """Sort by app and interpreter. The rows of one app and interpreter keep their order."""
    return sorted(rows, key=lambda row: (row["app"], version(row["python"])))


def pythons(results: Results) -> List[str]:
    """Return the versions of Python in the results."""
    lists = (results[name] for name in ("timings", "sizes", "peaks", "counts"))
    return sorted({row["python"] for rows in lists for row in rows}, key=version)


def version(python: str) -> Tuple[int, ...]:
    return tuple(map(int, python.split(".")))


def ratio(row: Row | None, reference: Row | None, clock: str) -> float | None:
    """Return the ratio of the medians."""
    if row is None or reference is None:
        return None
    value: float = row[clock]["median"] / reference[clock]["median"]
    return value
