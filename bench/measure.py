"""Starts apps in turns, in an order that is different in every round, and takes the time.

CPU time counts more than wall time: it depends less on what else a machine does. In a cold start every cache
is a directory that has never existed before; the machine's page cache is warm.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Set

from bench.apps import Artifacts

REFERENCE = "venv script"
# What takes longer than this is started in every fourth round only.
SLOW_SECONDS = 0.15


@dataclass
class Result:
    """The starts of one kind. Times are in seconds."""

    app: str
    python: str
    state: str
    kind: str
    cpu: List[float] = field(default_factory=list)
    wall: List[float] = field(default_factory=list)

    def data(self) -> Dict[str, Any]:
        return {
            "app": self.app,
            "python": self.python,
            "state": self.state,
            "kind": self.kind,
            "cpu_median": statistics.median(self.cpu),
            "cpu_quartiles": statistics.quantiles(self.cpu, n=4),
            "wall_median": statistics.median(self.wall),
            "starts": len(self.cpu),
        }


def measure(artifacts: Artifacts, rounds: int, cold_rounds: int) -> List[Result]:
    """Warm starts of every kind, then cold ones, round by round."""
    scratch = artifacts.czex.parent / f"caches-{os.getpid()}-{time.time_ns()}"
    warm = commands(artifacts)
    cache = scratch / "warm"
    cache.mkdir(parents=True)
    slow = set()
    for kind, argv in warm.items():
        start(argv, artifacts, cache)
        if start(argv, artifacts, cache)[0] > SLOW_SECONDS:
            slow.add(kind)
    results = _rounds(artifacts, "warm", warm, rounds, lambda kind, number: cache, slow)
    cold = {kind: argv for kind, argv in warm.items() if kind not in (REFERENCE, "python -c pass")}
    return results + _rounds(
        artifacts,
        "cold",
        cold,
        cold_rounds,
        lambda kind, number: scratch / f"{kind}-{number}",
        set(),
    )


def _rounds(
    artifacts: Artifacts,
    state: str,
    kinds: Dict[str, List[str]],
    rounds: int,
    cache_of: Callable[[str, int], Path],
    slow: Set[str],
) -> List[Result]:
    results = {
        kind: Result(artifacts.app.name, artifacts.python.version, state, kind) for kind in kinds
    }
    order = random.Random(0)
    for number in range(rounds):
        # Whatever runs after a heavy process finds the CPU's caches full of that one's data.
        turns = list(kinds.items())
        order.shuffle(turns)
        for kind, argv in turns:
            if kind in slow and number % 4:
                continue
            cache = cache_of(kind.replace("/", "_"), number)
            cache.mkdir(exist_ok=True)
            wall, cpu = start(argv, artifacts, cache)
            results[kind].wall.append(wall)
            results[kind].cpu.append(cpu)
    return list(results.values())


def commands(artifacts: Artifacts) -> Dict[str, List[str]]:
    """What to start, by its name in the tables."""
    python = str(artifacts.python.executable)
    arguments = list(artifacts.app.arguments)
    argv = {
        "python -c pass": [python, "-c", "pass"],
        REFERENCE: [str(artifacts.venv_script), *arguments],
    }
    for name, pex in artifacts.pexes.items():
        argv[f"python {name}"] = [python, str(pex), *arguments]
        argv[f"./{name}"] = [str(pex), *arguments]
    argv["python czex"] = [python, str(artifacts.czex), *arguments]
    argv["./czex"] = [str(artifacts.czex), *arguments]
    return argv


def start(argv: List[str], artifacts: Artifacts, cache: Path) -> tuple[float, float]:
    """(wall time, CPU time) of one start. Fails if the app does."""
    null = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    errors = (
        os.POSIX_SPAWN_OPEN,
        2,
        str(cache / "stderr"),
        os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
        0o600,
    )
    before = time.perf_counter()
    environment = artifacts.python.environment(cache)
    pid = os.posix_spawn(argv[0], argv, environment, file_actions=[null, errors])
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - before
    if status != 0:
        raise RuntimeError(f"{argv} failed: {(cache / 'stderr').read_text()}")
    return wall, usage.ru_utime + usage.ru_stime
