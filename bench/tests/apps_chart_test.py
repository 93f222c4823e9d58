"""The chart of the real apps shows the measured ratios."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any, Dict, List

from bench.measure.setting import CZEX_SH_BYTECODE, PEX, VENV_SCRIPT
from bench.report.apps_chart import svg

NAMESPACES = {"s": "http://www.w3.org/2000/svg"}


def _timing(app: str, state: str, kind: str, seconds: float) -> Dict[str, Any]:
    spread = {"low": seconds, "median": seconds, "high": seconds}
    of = {"app": app, "python": "3.11", "state": state, "kind": kind}
    return {**of, "cpu": spread, "wall": spread}


def _drawn(timings: List[Dict[str, Any]]) -> ElementTree.Element:
    return ElementTree.fromstring(
        svg({"timings": timings, "sizes": [], "peaks": [], "counts": []}),
    )


def _texts(picture: ElementTree.Element) -> List[str]:
    return [text.text or "" for text in picture.iterfind("s:text", NAMESPACES)]


def test_row_of_an_app_has_the_ratios_of_its_forms() -> None:
    timings = [_timing("celery", "warm", VENV_SCRIPT, 0.2)]
    for state, kind, seconds in (
        ("warm", PEX, 0.6),
        ("warm", CZEX_SH_BYTECODE, 0.17),
        ("cold", CZEX_SH_BYTECODE, 0.25),
    ):
        timings.append(_timing("celery", state, kind, seconds))
    texts = _texts(_drawn(timings))
    for expected in ("celery", "3.00", "0.85", "1.25"):
        assert texts.count(expected) == 1, expected


def test_chart_leaves_out_apps_that_only_say_hi() -> None:
    assert "cowsay" not in _texts(_drawn([_timing("cowsay", "warm", VENV_SCRIPT, 0.1)]))
