"""The sizes of the files, the time of injection, and the peak memory of `pexcz` and of the runtime."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Sequence

from bench.forms.artifacts import Artifacts
from bench.forms.czexes import FOUR_PLATFORMS, HOST
from bench.measure import change
from bench.measure.compressing import compress
from bench.measure.install import unpacking_peaks
from bench.measure.processes import Usage, peak_bytes, run
from bench.measure.setting import Setting
from bench.measure.timings import Timing, take_turns, turns_of

INJECT = "pexcz inject"
COMPRESSING = "compressing alone, by all CPUs"
INJECTIONS = 3


def sizes(setting: Setting) -> List[Dict[str, Any]]:
    """Return the sizes in bytes, or null for a file that was not built."""
    return [_sizes(artifacts) for artifacts in setting.apps]


def _sizes(artifacts: Artifacts) -> Dict[str, Any]:
    czexes = artifacts.czexes
    whole = len(czexes.platforms) == len(FOUR_PLATFORMS)
    return {
        "app": artifacts.app.name,
        "python": artifacts.python.version,
        "files": artifacts.files,
        "pex": artifacts.pex.stat().st_size,
        "shiv": artifacts.shiv.stat().st_size,
        "czex": artifacts.czex.stat().st_size,
        "czex_four_platforms": _size(artifacts.czex_of_all_platforms if whole else None),
        "czex_with_bytecode": _size(artifacts.czex_with_bytecode),
    }


def _size(path: Path | None) -> int | None:
    return path.stat().st_size if path else None


def injections(setting: Setting) -> List[Timing]:
    def work(artifacts: Artifacts, number: int) -> Usage:
        directory = setting.new_directory(artifacts.app.name, "inject", number)
        argv = _injection(artifacts, directory)
        return run(argv, artifacts.czexes.environment, directory / "output")

    turns = []
    for artifacts in setting.apps:
        kinds = {INJECT: partial(work, artifacts)}
        if artifacts.app.is_real:
            kinds[COMPRESSING] = partial(_compress, artifacts)
        turns += turns_of(artifacts.app.name, setting.python.version, "injection", kinds)
        if not artifacts.app.is_real:
            turns += change.turns(setting, artifacts)
    return take_turns(turns, INJECTIONS, float("inf"))


def _compress(artifacts: Artifacts, number: int) -> Usage:
    return compress(artifacts.czex, artifacts.czexes.level)


def _injection(artifacts: Artifacts, directory: Path) -> Sequence[str]:
    return artifacts.czexes.injection(artifacts.pex, directory / "app.czex", [HOST])


def peaks(setting: Setting) -> List[Dict[str, Any]]:
    """Return the peak memory of injection and of unpacking, in bytes."""
    unpacking = unpacking_peaks(setting)
    rows = []
    for artifacts in setting.apps:
        directory = setting.new_directory(artifacts.app.name, "inject-memory")
        argv = _injection(artifacts, directory)
        rows.append(
            {
                "app": artifacts.app.name,
                "python": artifacts.python.version,
                "injecting": peak_bytes(argv, artifacts.czexes.environment, directory),
                "unpacking": unpacking.get(artifacts.app.name),
            }
        )
    return rows
