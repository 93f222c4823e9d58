"""The results of a later run are added to those of an earlier one."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from bench.__main__ import beside


def _results(value: int, *apps: str, cpus: int = 2) -> Dict[str, Any]:
    sizes = [{"app": app, "python": "3.11", "czex": value} for app in apps]
    rows: Dict[str, Any] = {"timings": [], "peaks": [], "sizes": sizes, "counts": []}
    return {"machine": {"cpus": cpus}, "runs": [{"command": str(value)}], **rows}


def test_later_measurement_replaces_the_earlier_one() -> None:
    both = beside(_results(1, "cowsay", "web"), _results(2, "web", "torch"))
    assert {row["app"]: row["czex"] for row in both["sizes"]} == {"cowsay": 1, "web": 2, "torch": 2}
    assert len(both["sizes"]) == 3
    assert [run["command"] for run in both["runs"]] == ["1", "2"]


def test_results_of_two_machines_are_not_combined() -> None:
    with pytest.raises(SystemExit, match="their machines or systems differ"):
        beside(_results(1), _results(2, cpus=4))
