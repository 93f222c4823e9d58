"""Unpacking an app into an empty cache, against `cp -r` of the same tree by two processes.

Both write to new directories of the same file system, in turns. The runtime starts without Python, with the plan of
the app's cold start. A copy has nothing to decompress, so decompressing is also measured alone.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Dict, List

from bench.forms.artifacts import Artifacts
from bench.measure.copying import copy, script_for
from bench.measure.decompressing import decompress
from bench.measure.plans import Plan, capture
from bench.measure.processes import Usage, peak_bytes, run
from bench.measure.setting import Setting
from bench.measure.tidy import settle
from bench.measure.timings import Timing, take_turns, turns_of

RUNTIME = "runtime"
COPY = "cp -r, two processes"
DECOMPRESSING = "decompressing alone, two threads"


def measure(setting: Setting) -> List[Timing]:
    timings = []
    for artifacts in setting.large + setting.real:
        czex = artifacts.czex_with_bytecode if artifacts.app.is_real else artifacts.czex
        plan = capture(setting, artifacts, czex, artifacts.app.name)
        tree = setting.new_directory(artifacts.app.name, "tree")
        _install(plan, tree)
        script = script_for(tree / plan.store.relative_to(plan.cache), tree / "copy.sh")
        kinds = {
            RUNTIME: partial(_install_anew, setting, artifacts, plan),
            COPY: partial(_copy, setting, artifacts, script),
            DECOMPRESSING: partial(_decompress, czex),
        }
        turns = turns_of(artifacts.app.name, setting.python.version, "install", kinds)
        timings += take_turns(turns, setting.cold_rounds, float("inf"))
    return timings


def _decompress(czex: Path, number: int) -> Usage:
    return decompress(czex)


def _install_anew(setting: Setting, artifacts: Artifacts, plan: Plan, number: int) -> Usage:
    cache = setting.new_directory(artifacts.app.name, "install", number)
    usage = _install(plan, cache)
    settle(cache)
    return usage


def _install(plan: Plan, cache: Path) -> Usage:
    argv = [str(plan.runtime), "install", str(plan.moved(cache))]
    return run(argv, {}, cache / "output")


def _copy(setting: Setting, artifacts: Artifacts, script: Path, number: int) -> Usage:
    directory = setting.new_directory(artifacts.app.name, "copy", number)
    target = directory / "tree"
    target.mkdir()
    usage = copy(script, target, directory / "output")
    settle(directory)
    return usage


def unpacking_peaks(setting: Setting) -> Dict[str, int]:
    """Return the peak memory of the runtime in bytes, for each app."""
    peaks = {}
    for artifacts in setting.large:
        plan = capture(setting, artifacts, artifacts.czex, f"{artifacts.app.name}-memory")
        cache = setting.new_directory(artifacts.app.name, "memory")
        argv = [str(plan.runtime), "install", str(plan.moved(cache))]
        peaks[artifacts.app.name] = peak_bytes(argv, {}, cache)
    return peaks
