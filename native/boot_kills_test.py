"""A process that is killed at any of its system calls leaves nothing that the next one has to mind.

Here some of them are tried; with CZEX_LONG=1 in the environment, all.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Callable, List

from boot_for_tests import PEXCZ, PYTHON, Machine

from testprojects.missing import missing

# With it comes every n-th system call.
STRIDE = 1 if os.environ.get("CZEX_LONG") else 37
CALLS_MAX = 20_000


def killed_at_each(
    machine: Machine, argv: List[object], before: Callable[[], None], after: Callable[[], None]
) -> int:
    """Do something once for each of its system calls, and kill it there. Returns how often.

    A process and the ones that it starts each count for themselves: whichever has come so far first, is killed.
    """
    strace = shutil.which("strace")
    if not strace:
        missing("strace")
    number = kills = 0
    while number < CALLS_MAX:
        number += STRIDE
        before()
        inject = f"inject=/.:signal=KILL:when={number}"
        log = machine.root / "strace"
        options = ["-f", "-qq", "-o", log, "-e", "signal=KILL", "-e", inject]
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

    kills = killed_at_each(machine, start, before, after)
    print(f"{kills} starts were killed")
    assert kills > 500 // STRIDE


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

    kills = killed_at_each(with_tool, prune, before, after)
    print(f"{kills} prunes were killed")
    assert kills > 500 // STRIDE
    with_tool.run(*prune)
    assert machine.leftovers() == []
