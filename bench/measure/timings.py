"""Run several kinds of work in turns, in a new order in every round.

CPU time is the main measure, because it depends less than wall time on the other processes of a machine.
"""

from __future__ import annotations

import os
import random
import statistics
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Sequence

from bench.measure.processes import Usage


@dataclass
class Timing:
    """All runs of one kind of work. Times are in seconds.

    :param state: The group of kinds that are compared with each other, such as "warm" or "cold".
    """

    app: str
    python: str
    state: str
    kind: str
    wall: List[float] = field(default_factory=list)
    cpu: List[float] = field(default_factory=list)

    def add(self, usage: Usage) -> None:
        self.wall.append(usage.wall)
        self.cpu.append(usage.cpu)

    def data(self) -> Dict[str, Any]:
        return {
            "app": self.app,
            "python": self.python,
            "state": self.state,
            "kind": self.kind,
            "runs": len(self.cpu),
            "cpu": _spread(self.cpu),
            "wall": _spread(self.wall),
        }


def _spread(values: Sequence[float]) -> Dict[str, float]:
    low, median, high = values[0], values[0], values[0]
    if len(values) > 1:
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"low": round(low, 6), "median": round(median, 6), "high": round(high, 6)}


class Turn:
    """One kind of work.

    :param work: Takes the number of the round.
    """

    def __init__(self, timing: Timing, work: Callable[[int], Usage]) -> None:
        self.timing = timing
        self.work = work


def take_turns(turns: Sequence[Turn], rounds: int, slow_seconds: float) -> List[Timing]:
    """Run all kinds of work in each round.

    :param slow_seconds: Work that took more CPU time in the first round runs only in every fourth round, if other work of the
        same app took less than half of that. Work of about the same length has the same number of runs.
    """
    # Pending writes would slow down the first measurements.
    os.sync()
    order = random.Random(0)
    fastest: Dict[str, float] = {}
    for number in range(rounds):
        # A heavy process slows down the next one, because it leaves its own data in the CPU's caches.
        shuffled = list(turns)
        order.shuffle(shuffled)
        for turn in shuffled:
            if number % 4 and _first(turn) > max(slow_seconds, 2 * fastest[turn.timing.app]):
                continue
            turn.timing.add(turn.work(number))
        if number == 0:
            for turn in turns:
                app = turn.timing.app
                fastest[app] = min(_first(turn), fastest.get(app, _first(turn)))
    return [turn.timing for turn in turns]


def _first(turn: Turn) -> float:
    return turn.timing.cpu[0]


def turns_of(
    app: str, python: str, state: str, kinds: Mapping[str, Callable[[int], Usage]]
) -> List[Turn]:
    return [Turn(Timing(app, python, state, kind), work) for kind, work in kinds.items()]
