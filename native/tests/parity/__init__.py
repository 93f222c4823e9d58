"""The parity table: rows of data, by theme. `parity_test.py` runs them."""

from __future__ import annotations

from parity import (
    beginnings,
    choice,
    command_line,
    distributions,
    info,
    layouts,
    surroundings,
    variables,
    ways_in,
)

THEMES = (
    info,
    variables,
    ways_in,
    choice,
    distributions,
    command_line,
    surroundings,
    layouts,
    beginnings,
)
ROWS = tuple(row for theme in THEMES for row in theme.ROWS)

# Fields that an app can't observe, and therefore have no row.
NO_EFFECT = {
    "bootstrap_hash": "names a directory of Pex's cache",
    "build_properties": "describes the build of the PEX; only the tools show it",
    "code_hash": "names a directory of Pex's cache",
    "pex_hash": "names a directory of Pex's cache",
}
