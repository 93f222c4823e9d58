"""A process that is killed at any of its system calls leaves nothing that the next one has to mind.

Some of them are tried here; all in a long run.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Callable, List

from boot_for_tests import PEXCZ, PYTHON, Machine

from testprojects.long_runs import LONG, counted
from testprojects.missing import missing

ALL = "/."
# Those by which a file goes, or gets another name.
REMOVING = "/^(rename|unlink|rmdir|flock)"
CALLS_MAX = 20_000


def killed_at_each(
    machine: Machine,
    argv: List[object],
    calls: str,
    following: Callable[[int], int],
    before: Callable[[], None],
    after: Callable[[], None],
) -> int:
    """Do something once for each of some of its system calls, and kill it there. Returns how often.

    :param following: The number of the call that comes after one, if not all of them do.
    A process and the ones that it starts each count for themselves: whichever has come so far first, is killed.
    """
    strace = shutil.which("strace")
    if not strace:
        missing("strace")
    number = kills = 0
    while number < CALLS_MAX:
        number = number + 1 if LONG else following(number)
        before()
        inject = f"inject={calls}:signal=KILL:when={number}"
        log = machine.root / "strace"
        options = [
            "-f",
            "-qq",
            "-o",
            log,
            "-e",
            "signal=KILL",
            "-e",
            f"trace={calls}",
            "-e",
            inject,
        ]
        outcome = machine.run(strace, *options, *argv)
        if "killed by SIGKILL" not in log.read_text():
            break
        kills += 1
        assert "Traceback" not in outcome.stderr
        assert outcome.code in (-signal.SIGKILL, 1), (number, outcome)
        after()
    assert number < CALLS_MAX
    return kills


def test_a_cold_start_is_made_good_by_the_next(cow: Path, machine: Machine) -> None:
    start: List[object] = [PYTHON.path(), cow, "x"]

    def before() -> None:
        shutil.rmtree(machine.cache, ignore_errors=True)

    def after() -> None:
        for _ in range(2):
            outcome = machine.run(*start)
            assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1)

    kills = killed_at_each(machine, start, ALL, lambda number: number + 37, before, after)
    counted(kills, "kills")
    assert kills > 10


def test_a_prune_is_made_good_by_the_next_start(cow: Path, machine: Machine) -> None:
    start: List[object] = [PYTHON.path(), cow, "x"]
    search = os.pathsep.join([str(PEXCZ), *(entry for entry in sys.path if entry)])
    with_tool = machine.with_(PYTHONPATH=search)
    prune = [sys.executable, "-m", "pexcz", "cache", "--root", machine.cache, "clear"]

    def before() -> None:
        machine.run(*start)
        for path in machine.cache.rglob("*"):
            os.utime(path, (0, 0), follow_symlinks=False)

    def after() -> None:
        outcome = machine.run(*start)
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1)

    kills = killed_at_each(
        with_tool, prune, REMOVING, lambda number: number + 1 + number, before, after
    )
    counted(kills, "kills")
    assert kills > 4
    with_tool.run(*prune)
    assert machine.leftovers() == []
