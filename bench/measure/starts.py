"""Warm and cold starts of every kind. All apps of an interpreter are started in the same rounds.

Each cold start has caches in a new directory. The page cache of the machine is warm.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Dict, List

from bench.forms.artifacts import Artifacts
from bench.measure.compiling import COMPILING, command
from bench.measure.processes import Usage
from bench.measure.setting import Setting, references, zip_apps
from bench.measure.tidy import settle
from bench.measure.timings import Timing, take_turns, turns_of

WARM_SLOW_SECONDS = 0.15
COLD_SLOW_SECONDS = 3.0


def measure(setting: Setting) -> List[Timing]:
    return _warm(setting) + _cold(setting)


def _warm(setting: Setting) -> List[Timing]:
    def work(argv: List[str], cache: Path, number: int) -> Usage:
        return setting.start(argv, cache)

    turns = []
    for artifacts in setting.apps:
        cache = setting.new_directory(artifacts.app.name, "warm")
        kinds = {
            kind: partial(work, argv, cache)
            for kind, argv in started_before(setting, artifacts, cache).items()
        }
        turns += turns_of(artifacts.app.name, setting.python.version, "warm", kinds)
    return take_turns(turns, setting.rounds, WARM_SLOW_SECONDS)


def started_before(setting: Setting, artifacts: Artifacts, cache: Path) -> Dict[str, List[str]]:
    """Start each form until further starts are warm, and return the commands by their names."""
    commands = {**references(artifacts), **zip_apps(artifacts)}
    for argv in commands.values():
        # The first start installs the app, the second compiles the modules that it imports, and learns their table.
        setting.start(argv, cache)
        setting.start(argv, cache)
    return commands


def _cold(setting: Setting) -> List[Timing]:
    def work(artifacts: Artifacts, kind: str, argv: List[str], number: int) -> Usage:
        cache = setting.new_directory(artifacts.app.name, "cold", kind, number)
        usage = setting.start(argv, cache)
        settle(cache)
        return usage

    turns = []
    for artifacts in setting.apps:
        states = {"cold": zip_apps(artifacts)}
        if not artifacts.app.is_real:
            states["alone"] = {COMPILING: command(setting, artifacts)}
        for state, commands in states.items():
            kinds = {kind: partial(work, artifacts, kind, argv) for kind, argv in commands.items()}
            turns += turns_of(artifacts.app.name, setting.python.version, state, kinds)
    return take_turns(turns, setting.cold_rounds, COLD_SLOW_SECONDS)
