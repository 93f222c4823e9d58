"""The results of a later run are added to those of an earlier one."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from bench.__main__ import beside


def _results(value: int, *apps: str, cpus: int = 2) -> Dict[str, Any]:
    timings = [
        {"app": app, "python": "3.11", "state": "warm", "kind": f"kind {kind}", "value": value}
        for app in apps
        for kind in ("of each run", value)
    ]
    sizes = [{"app": app, "python": "3.11", "czex": value} for app in apps]
    run = {"machine": {"cpus": cpus}, "command": str(value)}
    return {"runs": [run], "timings": timings, "peaks": [], "sizes": sizes, "counts": []}


def _timings(results: Dict[str, Any]) -> List[Tuple[str, str, int]]:
    return sorted((row["app"], row["kind"], row["value"]) for row in results["timings"])


def test_later_measurement_replaces_the_earlier_one() -> None:
    both = beside(_results(1, "cowsay", "web"), _results(2, "web", "torch"))
    assert {row["app"]: row["czex"] for row in both["sizes"]} == {"cowsay": 1, "web": 2, "torch": 2}
    assert len(both["sizes"]) == 3
    assert [run["command"] for run in both["runs"]] == ["1", "2"]
    assert _timings(both) == [
        ("cowsay", "kind 1", 1),
        ("cowsay", "kind of each run", 1),
        ("torch", "kind 2", 2),
        ("torch", "kind of each run", 2),
        ("web", "kind 1", 1),
        ("web", "kind 2", 2),
        ("web", "kind of each run", 2),
    ]


def test_times_of_an_app_are_from_one_machine() -> None:
    both = beside(_results(1, "cowsay", "web"), _results(2, "web", cpus=4))
    assert _timings(both) == [
        ("cowsay", "kind 1", 1),
        ("cowsay", "kind of each run", 1),
        ("web", "kind 2", 2),
        ("web", "kind of each run", 2),
    ]
