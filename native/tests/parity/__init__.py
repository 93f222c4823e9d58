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

# What an app can't tell, so what has no row.
NO_EFFECT = {
    "bootstrap_hash": "names a place in Pex's cache",
    "build_properties": "tells how the PEX was built; only the tools show it",
    "code_hash": "names a place in Pex's cache",
    "pex_hash": "names a place in Pex's cache",
}
