"""The parts of the bench, by name. Each makes rows of the results' JSON."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Tuple

from bench.measure import counts, dropped, first_import, install, sizes, starts, upgrade
from bench.measure.setting import Setting
from bench.measure.timings import Timing

Rows = List[Dict[str, Any]]
# The list for the rows, and the function that makes them.
Part = Tuple[str, Callable[[Setting], Rows]]


def _timings(measure: Callable[[Setting], List[Timing]]) -> Part:
    return "timings", lambda setting: [timing.data() for timing in measure(setting)]


PARTS: Dict[str, Part] = {
    "starts": _timings(starts.measure),
    "dropped": _timings(dropped.measure),
    "upgrade": _timings(upgrade.measure),
    "import": _timings(first_import.measure),
    "install": _timings(install.measure),
    "injection": _timings(sizes.injections),
    "memory": ("peaks", sizes.peaks),
    "sizes": ("sizes", sizes.sizes),
    "counts": ("counts", counts.count),
}
LISTS = ("timings", "peaks", "sizes", "counts")
