"""After a process was killed at any of its system calls, the next start works.

A short run tries some of the system calls, a long run all of them.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path
from typing import Callable, List, Sequence

from support.pexcz import pexcz_command, pexcz_path
from support.strace import Call, between, calls_of, calls_of_runtime, disturbed
from testing.long_runs import LONG, counted
from testing.machine import Machine, Outcome
from testing.pythons import PYTHON

RIGHT = Outcome("moo x\n", "", 1)
# Calls before the first one that names the cache belong to Python itself. They create no files.
CACHE = "/home/.cache/czex"


def killed_at_each(
    machine: Machine,
    argv: Sequence[object],
    calls: Sequence[Call],
    before: Callable[[], object],
    after: Callable[[], object],
    is_runtime: bool = False,
) -> int:
    """Start a process once for each of these system calls, and kill it there. Return the number of kills.

    :param is_runtime: Whether the calls belong to the runtime that the process starts. Then only the runtime is killed.
    """
    kills = 0
    for call in calls:
        before()
        outcome = disturbed(machine, argv, call, "signal=KILL", is_runtime)
        if outcome:
            kills += 1
            assert "Traceback" not in outcome.stderr, (call, outcome)
            assert outcome.code == (1 if is_runtime else -signal.SIGKILL), (call, outcome)
            after()
    return kills


def some(calls: List[Call], stride: int) -> List[Call]:
    return calls if LONG else calls[::stride]


def test_start_succeeds_after_a_killed_cold_start(cow: Path, machine: Machine) -> None:
    start: List[object] = [PYTHON.path(), cow, "x"]

    def before() -> None:
        shutil.rmtree(machine.cache, ignore_errors=True)

    def after() -> None:
        for _ in range(2):
            assert machine.run(*start) == RIGHT

    calls = between(calls_of(machine, start)[0], CACHE)
    kills = killed_at_each(machine, start, some(calls, 23), before, after)
    before()
    calls = calls_of_runtime(machine, start)
    kills += killed_at_each(machine, start, some(calls, 6), before, after, is_runtime=True)
    counted(kills, "kills")
    assert kills > 15


def test_start_succeeds_after_one_killed_while_it_recorded_its_use(
    cow: Path, machine: Machine
) -> None:
    start: List[object] = [PYTHON.path(), cow, "x"]
    machine.run(*start)

    def before() -> None:
        for path in machine.cache.glob("venvs/*/*/record"):
            os.utime(path, (0, 0))

    before()
    calls, _ = calls_of(machine, start)
    assert any(call.name == "utimensat" for call in calls)
    calls = between(calls, CACHE)

    def after() -> None:
        assert machine.run(*start) == RIGHT
        assert machine.leftovers() == []

    kills = killed_at_each(machine, start, some(calls, 9), before, after)
    counted(kills, "kills")
    assert kills > 5


def test_start_succeeds_after_a_killed_clear(cow: Path, machine: Machine) -> None:
    start: List[object] = [PYTHON.path(), cow, "x"]
    with_tool, prune = tool(machine)

    def before() -> None:
        machine.run(*start)
        for path in machine.cache.rglob("*"):
            os.utime(path, (0, 0), follow_symlinks=False)

    def after() -> None:
        assert machine.run(*start) == RIGHT

    before()
    calls = [call for call in calls_of(with_tool, prune)[0][1:] if CACHE in call.text]
    kills = killed_at_each(with_tool, prune, some(calls, 50), before, after)
    counted(kills, "kills")
    assert kills > 4
    before()
    with_tool.run(*prune)
    assert machine.leftovers() == []


def test_start_succeeds_after_kills_at_random_moments(cow: Path, machine: Machine) -> None:
    """Kill a start, or its whole process group, at random moments, while the cache may be cleared."""
    generator = random.Random(11)
    with_tool, prune = tool(machine)
    kills = 0
    for attempt in range(2000 if LONG else 30):
        if attempt % 2:
            shutil.rmtree(machine.root / ".cache", ignore_errors=True)
        else:
            for path in machine.cache.rglob("*"):
                os.utime(path, (0, 0), follow_symlinks=False)
        processes = [machine.start(PYTHON.path(), cow, "x", start_new_session=True)]
        if attempt % 4 == 0:
            processes.append(with_tool.start(*prune, start_new_session=True))
        time.sleep(generator.uniform(0.005, 0.07 * len(processes)))
        for process in processes:
            (os.kill if generator.random() < 0.3 else os.killpg)(process.pid, signal.SIGKILL)
            process.communicate()
            kills += process.returncode == -signal.SIGKILL
        assert machine.run(PYTHON.path(), cow, "x") == RIGHT
    counted(kills, "kills")
    with_tool.run(*prune)
    assert kills > 10


def tool(machine: Machine) -> tuple[Machine, List[object]]:
    """Return a machine on which `pexcz` runs, and the command that clears the cache."""
    command = pexcz_command("cache", "--root", machine.cache, "clear")
    return machine.with_(PYTHONPATH=pexcz_path(), PYTHONDONTWRITEBYTECODE="1"), command
