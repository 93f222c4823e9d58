"""If `pexcz inject` is killed, or one of its system calls fails, it leaves the old or the new CZEX.

The next injection removes leftovers. A short run tries some of the system calls, a long run all of them.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import time
from pathlib import Path
from typing import Dict, List, Union

import pytest

from support.pexcz import pexcz_command, pexcz_path
from support.runtime import HOST
from support.strace import Call, calls_of, disturbed
from support.workshop import Workshop
from testing.long_runs import LONG, counted
from testing.machine import Machine

LAYOUTS = pytest.mark.parametrize("layout", ["zipapp", "packed"])
BOOT_MODULE = re.compile(r"(?P<directory>/native/boot[^>\"]*/)(?P<name>[^>\"/]*\.py)[>\"]")
Content = Union[None, bytes, Dict[str, bytes]]


class Injection:
    """An injection of a PEX, on a machine where `pexcz` runs. The directory of the output has no other files."""

    def __init__(self, workshop: Workshop, pex: Path, machine: Machine, layout: str) -> None:
        self._temporary = machine.root / "tmp"
        self._temporary.mkdir()
        self.machine = machine.with_(
            PYTHONPATH=pexcz_path(), PYTHONDONTWRITEBYTECODE="1", TMPDIR=str(self._temporary)
        )
        self.output = machine.root / "out" / "cow.czex"
        self.output.parent.mkdir()
        copy = shutil.copy(pex, machine.root)
        self.command = pexcz_command("inject", copy, "-o", self.output)
        self.command += ["--native", str(workshop.native), "--platform", HOST, "--layout", layout]
        self._places = str(machine.root), str(workshop.root)
        self.calls, outcome = calls_of(self.machine, self.command)
        assert outcome.code == 0, outcome
        self.right = self.content()
        self.remove()

    def calls_with(self, place: Path) -> List[Call]:
        """Return the calls after the start of the program that name this path."""
        return [call for call in self.calls[1:] if str(place) in call.text]

    def own_calls(self) -> List[Call]:
        """Return the calls that name the PEX, the assets or the output, and the calls that start threads.

        A loop reads all modules in a directory of the boot, so only the calls for the first module are returned.
        """
        first: Dict[str, str] = {}

        def is_own(call: Call) -> bool:
            module = BOOT_MODULE.search(call.text)
            if module:
                return first.setdefault(module["directory"], module["name"]) == module["name"]
            is_of_thread = call.name.startswith("clone") or "MAP_STACK" in call.text
            return is_of_thread or any(place in call.text for place in self._places)

        return list(filter(is_own, self.calls[1:]))

    def content(self) -> Content:
        if self.output.is_dir():
            files = (path for path in self.output.rglob("*") if path.is_file())
            return {str(path.relative_to(self.output)): path.read_bytes() for path in files}
        return self.output.read_bytes() if self.output.exists() else None

    def remove(self) -> None:
        shutil.rmtree(self.output.parent)
        self.output.parent.mkdir()

    def put_old(self, layout: str) -> Content:
        """Put a file or a directory at the output's path that the injection may replace."""
        self.remove()
        if layout == "packed":
            (self.output / ".czex").mkdir(parents=True)
            (self.output / ".czex" / "manifest.json").write_bytes(b"old")
        else:
            self.output.write_bytes(b"old")
        return self.content()

    def assert_works(self) -> None:
        outcome = self.machine.run(*self.command)
        assert (outcome.code, outcome.stderr) == (0, "")
        assert self.content() == self.right
        assert os.listdir(self.output.parent) == [self.output.name]
        assert os.listdir(self._temporary) == []


@LAYOUTS
def test_injection_succeeds_after_a_killed_one(
    workshop: Workshop, cow_pex: Path, machine: Machine, layout: str
) -> None:
    injection = Injection(workshop, cow_pex, machine, layout)
    # To replace an old CZEX takes additional calls.
    injection.put_old(layout)
    injection.calls, _ = calls_of(injection.machine, injection.command)
    calls = injection.calls_with(injection.output.parent)
    kills = 0
    for call in calls if LONG else [*calls[::50], *calls[-16::3]]:
        old = injection.put_old(layout)
        outcome = disturbed(injection.machine, injection.command, call, "signal=KILL")
        if outcome:
            kills += 1
            assert outcome.code == -signal.SIGKILL
            found = injection.content()
            # An old directory is renamed before the new one gets its name. In between, the path does not exist.
            assert found in (old, injection.right) or layout == "packed" and found is None, call
            injection.assert_works()
    counted(kills, "kills")
    assert kills > 5


@LAYOUTS
def test_injection_with_a_failing_call_works_or_gives_the_reason(
    workshop: Workshop, cow_pex: Path, machine: Machine, layout: str
) -> None:
    injection = Injection(workshop, cow_pex, machine, layout)
    # Both layouts have the same calls for reading, so one layout suffices for them.
    is_file = layout == "zipapp"
    calls = injection.own_calls() if is_file else injection.calls_with(injection.output.parent)
    each = [(call, error) for call in calls for error in call.errors()]
    faults = 0
    for call, error in each if LONG else each[::241]:
        injection.remove()
        outcome = disturbed(injection.machine, injection.command, call, f"error={error}")
        if outcome:
            faults += 1
            facts = (call, error, outcome)
            if outcome.code == 0:
                assert (injection.content(), outcome.stderr) == (injection.right, ""), facts
            else:
                assert outcome.stderr.startswith("pexcz: "), facts
                assert outcome.stderr.count("\n") == 1, facts
                assert injection.content() is None, facts
            injection.assert_works()
    counted(faults, "faults")
    assert faults > 5


@LAYOUTS
def test_killed_injections_do_not_affect_concurrent_ones(
    workshop: Workshop, cow_pex: Path, machine: Machine, layout: str
) -> None:
    """Three injections write to one path at the same time. Some are killed, and the others succeed."""
    injection = Injection(workshop, cow_pex, machine, layout)
    generator = random.Random(7)
    started = time.monotonic()
    injection.assert_works()
    seconds = time.monotonic() - started
    kills = 0
    for _ in range(150 if LONG else 4):
        if generator.random() < 0.5:
            injection.put_old(layout)
        processes = [injection.machine.start(*injection.command) for _ in range(3)]
        time.sleep(generator.uniform(0.4, 2) * seconds)
        for process in processes[:2]:
            process.kill()
        outcomes = [(process.communicate()[1], process.returncode) for process in processes]
        kills += sum(code == -signal.SIGKILL for _, code in outcomes)
        assert outcomes[2] == (b"", 0)
        assert injection.content() == injection.right
        injection.assert_works()
    counted(kills, "kills")
    assert kills > 1
