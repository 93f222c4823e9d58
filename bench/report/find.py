"""Find rows in the results' JSON."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from bench.forms.apps import APPS
from bench.measure.setting import (
    CZEX_BYTECODE,
    CZEX_SH_BYTECODE,
    PEX,
    PEX_RC,
    PEX_SH_BOOT,
    SHIV,
    VENV_SCRIPT,
)

# The forms of a real app, in the order of the tables.
FORMS = (VENV_SCRIPT, PEX, PEX_SH_BOOT, PEX_RC, SHIV, CZEX_BYTECODE, CZEX_SH_BYTECODE)
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


def of_real_app(row: Row) -> bool:
    return APPS[row["app"]].is_real


def real_apps(results: Results, python: str) -> List[str]:
    """Return the names of the real apps whose starts were measured."""
    rows = (row for row in results["timings"] if row["state"] == "warm")
    return sorted({row["app"] for row in rows if row["python"] == python and of_real_app(row)})


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
