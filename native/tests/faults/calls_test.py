"""If one system call fails, the app still runs, or one message says why it doesn't. The next start works.

The tests leave out the calls that load a program, and the calls of Python before the first line of a CZEX and after its last. A
short run tries some of the other calls, with some of their possible errors. A long run tries all of them.
"""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path
from typing import Callable, List, Sequence, Tuple

import pytest

from support.strace import Call, between, calls_of, calls_of_runtime, disturbed
from support.workshop import Workshop
from testing.long_runs import LONG, counted
from testing.machine import Machine, Outcome
from testing.pythons import PYTHON, Python, on

RIGHT = Outcome("moo x\n", "", 1)
# A CZEX looks for the first path first. The app's own imports begin with the last one.
FIRST, LAST = "/home/.cache/czex", "site-packages"
# These Pythons read files, and repeat calls after EINTR, in other ways.
OTHERS = [Python("cpython2.7"), Python("pypy3")]


@pytest.fixture
def place(machine: Machine) -> Machine:
    """Return a machine with its own directory for temporary files."""
    (machine.root / "tmp").mkdir()
    return machine.with_python(PYTHON).with_(TMPDIR=str(machine.root / "tmp"))


def said(argv: Sequence[object], outcome: Outcome, may_refuse: bool) -> bool:
    """Return whether the app ran, maybe after a warning, or one message says why it didn't.

    :param may_refuse: Whether such a message is right.
    """
    lines = outcome.stderr.splitlines()
    # A shell begins its own messages with the name of the script.
    if not all(line.startswith(("czex: ", f"{argv[0]}: ")) for line in lines):
        return False
    if (outcome.stdout, outcome.code) == (RIGHT.stdout, RIGHT.code):
        return True
    return may_refuse and outcome.stdout == "" and outcome.code != 0 and len(lines) == 1


def failed_at_each(
    machine: Machine,
    argv: Sequence[object],
    calls: Sequence[Call],
    stride: int,
    before: Callable[[], object] = lambda: None,
    is_runtime: bool = False,
    may_refuse: bool = True,
) -> int:
    """Start an app once for each possible error of each call, and let the call fail. Return the number of starts."""
    faults, wrong = 0, []
    each: List[Tuple[Call, str]] = [(call, error) for call in calls for error in call.errors()]
    for call, error in each if LONG else each[::stride]:
        before()
        outcome = disturbed(machine, argv, call, f"error={error}", is_runtime)
        if outcome:
            faults += 1
            left = os.listdir(machine.root / "tmp")
            again = machine.run(*argv)
            left += machine.leftovers()
            if not said(argv, outcome, may_refuse) or left or again != RIGHT:
                wrong.append((call, error, outcome, left, again))
    assert not wrong, "\n".join(map(str, wrong))
    return faults


@pytest.mark.parametrize(
    "layout, python",
    [("zipapp", PYTHON), ("packed", PYTHON), *(("zipapp", python) for python in OTHERS if LONG)],
    ids=lambda value: getattr(value, "name", value),
)
def test_cold_start_with_a_failing_call_works_or_gives_the_reason(
    workshop: Workshop, cow_pex: Path, place: Machine, layout: str, python: Python
) -> None:
    start = [python.path(), workshop.czex(cow_pex, layout=layout), "x"]

    def before() -> None:
        shutil.rmtree(place.cache, ignore_errors=True)

    calls = between(calls_of(place, start)[0], FIRST, LAST)
    faults = failed_at_each(place, start, calls, 167, before)
    before()
    calls = calls_of_runtime(place, start)
    faults += failed_at_each(place, start, calls, 67, before, is_runtime=True)
    counted(faults, "faults")
    assert faults > 10


@on(PYTHON, *OTHERS)
def test_warm_start_with_a_failing_call_works(cow: Path, place: Machine, python: Python) -> None:
    start = [python.path(), cow, "x"]
    place.run(*start)
    place.run(*start)
    calls = between(calls_of(place, start)[0], FIRST, LAST)
    # Python 2.7 reads the CZEX at each start.
    may_refuse = python.name == "cpython2.7"
    faults = failed_at_each(place, start, calls, 9, may_refuse=may_refuse)
    counted(faults, "faults")
    assert faults > 5


@pytest.mark.parametrize("is_cold", [True, False])
def test_header_with_a_failing_call_works_or_gives_the_reason(
    cow: Path, place: Machine, is_cold: bool
) -> None:
    start = [cow, "x"]
    for _ in range(3):
        place.run(*start)

    def before() -> None:
        if is_cold:
            shutil.rmtree(place.cache, ignore_errors=True)

    before()
    calls = between(calls_of(place, start)[0], "/etc/pexrc")
    own = list(itertools.takewhile(lambda call: call.name != "execve", calls))
    faults = failed_at_each(place, start, [*own, calls[len(own)]], 29, before)
    counted(faults, "faults")
    assert faults > 2
