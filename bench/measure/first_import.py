"""The first import of an app's largest package after a cold start, against the second: the cost of missing bytecode.

The app itself prints how long the import took.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Dict, List

from bench.forms.artifacts import Artifacts
from bench.measure.processes import Usage
from bench.measure.setting import CZEX, CZEX_BYTECODE, PEX_VENV, Setting
from bench.measure.tidy import settle
from bench.measure.timings import Timing, Turn, take_turns

FIRST, SECOND = "first import", "second import"


def measure(setting: Setting) -> List[Timing]:
    timings: List[Timing] = []
    for artifacts in setting.large:
        turns, seconds = [], []
        for kind, argv in _commands(artifacts).items():
            first, second = (
                Timing(artifacts.app.name, setting.python.version, state, kind)
                for state in (FIRST, SECOND)
            )
            turns.append(Turn(first, partial(_both, setting, argv, second)))
            seconds.append(second)
        timings += take_turns(turns, setting.cold_rounds, float("inf")) + seconds
    return timings


def _commands(artifacts: Artifacts) -> Dict[str, List[str]]:
    python = str(artifacts.python.executable)
    files = {
        CZEX: artifacts.czex,
        PEX_VENV: artifacts.pex_venv,
        CZEX_BYTECODE: artifacts.czex_with_bytecode,
    }
    return {kind: [python, str(file), "import"] for kind, file in files.items()}


def _both(setting: Setting, argv: List[str], second: Timing, number: int) -> Usage:
    cache = setting.new_directory(second.app, "import", second.kind, number)
    first = _import(setting, argv, cache)
    second.add(_import(setting, argv, cache))
    settle(cache)
    return first


def _import(setting: Setting, argv: List[str], cache: Path) -> Usage:
    setting.start(argv, cache)
    wall, cpu = (cache / "output").read_text().split()
    return Usage(float(wall), float(cpu))
