"""The verdict on a goal follows from the measured values."""

from __future__ import annotations

from typing import Any, Dict, List

from bench.measure.setting import CZEX, CZEX_SH_BYTECODE, EMPTY_ZIP, VENV_SCRIPT
from bench.report.goals import EIGHT, goals


def _timing(python: str, kind: str, seconds: float) -> Dict[str, Any]:
    spread = {"low": seconds, "median": seconds, "high": seconds}
    return {
        "app": "cowsay",
        "python": python,
        "state": "warm",
        "kind": kind,
        "cpu": spread,
        "wall": spread,
    }


def _verdicts(timings: List[Dict[str, Any]]) -> Dict[str, str]:
    """Return the verdicts on the goals for warm starts, by the bound of the goal."""
    return {
        goal.bound: goal.verdict
        for goal in goals(_results(timings))
        if goal.what == "warm `python cowsay.czex`"
    }


def _results(timings: List[Dict[str, Any]]) -> Dict[str, Any]:
    rows: Dict[str, Any] = {"timings": timings, "sizes": [], "peaks": [], "counts": []}
    return {"runs": [{"machine": {"cpus": 2}}], **rows}


def test_goal_without_a_measured_value_is_not_measured() -> None:
    assert set(_verdicts([]).values()) == {"not measured"}


def test_one_interpreter_above_the_bound_misses_the_goal() -> None:
    timings = []
    for python, seconds in (("3.11", 1.05), ("3.13", 1.09), ("3.9", 1.09)):
        timings += [_timing(python, VENV_SCRIPT, 1.0), _timing(python, CZEX, seconds)]
    assert _verdicts(timings) == {"≤ 1.08 ×": "not met", "≤ 1.15 ×": "met"}


def test_unreachable_goal_is_beyond_the_limit() -> None:
    timings = [_timing("3.9", VENV_SCRIPT, 1.0), _timing("3.9", CZEX, 1.3)]
    for limit, verdict in ((1.1, "not met"), (1.2, "beyond the limit")):
        found = _verdicts([*timings, _timing("3.9", EMPTY_ZIP, limit)])
        assert found["≤ 1.15 ×"] == verdict


def test_goal_of_eight_apps_needs_all_of_them() -> None:
    timings = []
    for app in EIGHT:
        for kind, seconds in ((VENV_SCRIPT, 1.0), (CZEX_SH_BYTECODE, 0.8)):
            timings.append({**_timing("3.11", kind, seconds), "app": app})
    assert _verdict_of_eight(timings) == "met"
    assert _verdict_of_eight(timings[:-1]) == "not measured"


def _verdict_of_eight(timings: List[Dict[str, Any]]) -> str:
    (verdict,) = (
        goal.verdict
        for goal in goals(_results(timings))
        if goal.what == "warm `./APP.czex` of eight apps, median"
    )
    return verdict
