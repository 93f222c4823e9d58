"""Starts of installed apps with an empty page cache, as after a boot of the machine: each file comes from the disk.

The kernel drops the page cache of all files, those of the interpreter included. Only root can ask for it, and only on Linux.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import List

from bench.measure.processes import Usage
from bench.measure.setting import Setting
from bench.measure.starts import started_before
from bench.measure.timings import Timing, take_turns, turns_of

DROPPED = "dropped page cache"
_DROP = Path("/proc/sys/vm/drop_caches")


def missing() -> List[str]:
    """Tell why the part can't be measured here."""
    return [] if os.access(_DROP, os.W_OK) else [f"{DROPPED}: only root can drop it, on Linux"]


def measure(setting: Setting) -> List[Timing]:
    if missing():
        return []
    turns = []
    for artifacts in setting.apps:
        cache = setting.new_directory(artifacts.app.name, "dropped")
        kinds = {
            kind: partial(_start, setting, argv, cache)
            for kind, argv in started_before(setting, artifacts, cache).items()
        }
        turns += turns_of(artifacts.app.name, setting.python.version, DROPPED, kinds)
    return take_turns(turns, setting.cold_rounds, float("inf"))


def _start(setting: Setting, argv: List[str], cache: Path, number: int) -> Usage:
    os.sync()
    # Pages and the entries of directories.
    _DROP.write_text("3")
    return setting.start(argv, cache)
