"""Concurrent starts all have the right result. They share their work, and don't wait for dead processes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Callable, Iterator, List, Tuple

import pytest

from support.cache import cache, make_old, start_cache
from support.wheels import Wheel
from support.workshop import COW, Workshop, full_disk
from testing.long_runs import LONG, counted
from testing.machine import Machine
from testing.missing import missing
from testing.pythons import PYTHON

STARTS = 200 if LONG else 30
ROUNDS = 10 if LONG else 2
# All processes wait until the pipe that they inherit is closed, and then start together.
AT_ONCE = 'read -r _ <"/dev/fd/$0"; exec "$@"'
# The wheel is large enough that a start can be stopped while it unpacks.
HAY = Wheel("hay", {f"hay/{n}.txt": f"{n}" * 500 for n in range(800)})
RESULT = (b"moo x\n", b"", 1)
Start = Tuple[Machine, List[object]]


def at_once(starts: List[Start]) -> List[subprocess.Popen[bytes]]:
    reader, writer = os.pipe()
    try:
        return [
            machine.start(
                "sh", "-c", AT_ONCE, reader, *argv, pass_fds=(reader,), start_new_session=True
            )
            for machine, argv in starts
        ]
    finally:
        os.close(reader)
        os.close(writer)


def outcomes(processes: List[subprocess.Popen[bytes]]) -> List[Tuple[bytes, bytes, int]]:
    return [(*process.communicate(timeout=300), process.returncode) for process in processes]


def traced(log: Path, argv: List[object]) -> List[object]:
    """Return the command under strace. Its log shows each directory of a wheel that the command makes."""
    strace = shutil.which("strace")
    if not strace:
        missing("strace")
    return [strace, "-f", "-qq", "-e", "trace=mkdirat", "-e", "signal=none", "-o", log, *argv]


def unpacked(logs: List[Path]) -> int:
    return sum(log.read_text().count('"lib/cow"') for log in logs)


def every_way(app: Path, number: int) -> List[object]:
    return [app, "x"] if number % 3 == 0 else [PYTHON.path(), app, "x"]


@pytest.fixture
def prepared(machine: Machine) -> Machine:
    return machine.with_python(PYTHON)


@pytest.fixture(scope="module")
def stable(workshop: Workshop) -> List[Path]:
    """Make apps with the same wheels."""
    return [
        workshop.make(
            f"stable{number}",
            requirements=["cow", "hay"],
            wheels=[COW, HAY],
            sources={f"own{number}.py": "from cow.say import main\n"},
            options=["-m", f"own{number}:main"],
        )
        for number in range(10 if LONG else 3)
    ]


@pytest.fixture
def two_mounts(machine: Machine, tmp_path: Path) -> Iterator[Tuple[Machine, Machine]]:
    """Mount one cache, on its own file system, at two paths."""
    disk, other = full_disk(tmp_path, "900m,mode=755"), tmp_path / "other"
    other.mkdir()
    subprocess.run(["mount", "--bind", disk, other], check=True)
    yield machine.with_(PEXCZ_ROOT=str(disk)), machine.with_(PEXCZ_ROOT=str(other))
    for directory in (other, disk):
        subprocess.run(["umount", directory], check=True)


def test_concurrent_cold_starts_unpack_once(cow: Path, prepared: Machine, tmp_path: Path) -> None:
    logs = [tmp_path / f"log{number}" for number in range(STARTS)]
    for _ in range(ROUNDS):
        shutil.rmtree(prepared.cache, ignore_errors=True)
        commands = [traced(log, every_way(cow, n)) for n, log in enumerate(logs)]
        assert set(outcomes(at_once([(prepared, argv) for argv in commands]))) == {RESULT}
        assert unpacked(logs) == 1
        assert prepared.leftovers() == []
    counted(ROUNDS * STARTS, "starts")


def test_concurrent_cold_starts_over_two_mounts_unpack_once(
    cow: Path, two_mounts: Tuple[Machine, Machine], tmp_path: Path
) -> None:
    disk = Path(two_mounts[0].variables["PEXCZ_ROOT"])
    logs = [tmp_path / f"log{number}" for number in range(STARTS)]
    for _ in range(ROUNDS):
        for directory in disk.iterdir():
            shutil.rmtree(directory)
        starts = [
            (two_mounts[n % 2], traced(log, [PYTHON.path(), cow, "x"]))
            for n, log in enumerate(logs)
        ]
        assert set(outcomes(at_once(starts))) == {RESULT}
        assert unpacked(logs) == 1
        assert Machine(disk).leftovers() == []
    counted(ROUNDS * STARTS, "starts")


def test_each_mount_of_a_cache_keeps_its_environment(
    cow: Path, two_mounts: Tuple[Machine, Machine]
) -> None:
    """Two containers don't see each other's path of the cache. A start must not take the environment of the other one for damaged."""
    boots = set()
    for _ in range(3):
        for number, machine in enumerate(two_mounts):
            hide = ["mount", "-t", "tmpfs", "tmpfs", two_mounts[1 - number].variables["PEXCZ_ROOT"]]
            script = f'{" ".join(hide)}; exec "$@"'
            start = ["unshare", "-m", "sh", "-c", script, "sh", PYTHON.path(), cow, "x"]
            outcome = machine.run(*start)
            assert (outcome.stdout, outcome.stderr) == ("moo x\n", "")
        found = Path(two_mounts[0].variables["PEXCZ_ROOT"]).glob("venvs/*/*/record")
        boots.add(tuple(sorted((path.name, path.stat().st_ino) for path in found)))
    assert len(boots) == 1
    assert len(boots.pop()) == 2


def test_app_that_runs_by_one_mount_is_not_pruned_by_the_other(
    workshop: Workshop, two_mounts: Tuple[Machine, Machine]
) -> None:
    source = "import sys\ndef main():\n    print(1)\n    sys.stdout.flush()\n    sys.stdin.read()\n"
    app = workshop.make("idle", sources={"idle.py": source}, options=["-m", "idle:main"])
    here, there = two_mounts
    process = here.start(PYTHON.path(), app)
    assert process.stdout.readline() == b"1\n"  # type: ignore[union-attr]
    at_other = Path(there.variables["PEXCZ_ROOT"])
    for path in at_other.rglob("*"):
        os.utime(path, (0, 0), follow_symlinks=False)
    pruned = cache(there, "--root", at_other, "clear")
    assert "an app is running in it" in pruned.stdout
    assert len(list(at_other.glob("venvs/*/*/record"))) == 1
    process.communicate()
    cache(there, "--root", at_other, "clear")
    assert list(at_other.glob("venvs/*/*/record")) == []


def test_concurrent_starts_of_apps_with_shared_wheels_survive_prunes(
    stable: List[Path], prepared: Machine
) -> None:
    each = STARTS // len(stable)
    for number in range(ROUNDS):
        if number % 2 == 0:
            shutil.rmtree(prepared.cache, ignore_errors=True)
        else:
            make_old(prepared, 40)
        starts = [(prepared, every_way(app, n)) for app in stable for n in range(each)]
        running = at_once(starts)
        prunes = [start_cache(prepared, command) for command in ("prune", "clear", "prune")]
        assert set(outcomes(running)) == {RESULT}
        for _, stderr, code in outcomes(prunes):
            assert code == 0
            assert stderr in (
                b"",
                b"pexcz: waiting for an app that installs itself into %s\n" % bytes(prepared.cache),
            )
        assert prepared.leftovers() == []
        assert len(list(prepared.cache.glob("wheels/*"))) == 2
    counted(ROUNDS * len(starts), "starts")


def test_starts_do_not_wait_for_killed_ones(stable: List[Path], prepared: Machine) -> None:
    generator = random.Random(17)
    kills = 0
    for _ in range(ROUNDS * 2):
        shutil.rmtree(prepared.cache, ignore_errors=True)
        running = at_once([(prepared, every_way(stable[n % 2], n)) for n in range(16)])
        for process in running[::2]:
            time.sleep(generator.uniform(0, 0.1))
            os.killpg(process.pid, signal.SIGKILL)
        began = time.monotonic()
        assert set(outcomes(running[1::2])) == {RESULT}
        # A runtime that waits for five seconds says so on stderr, so no start has waited that long.
        assert time.monotonic() - began < 60
        kills += [code for _, _, code in outcomes(running[::2])].count(-signal.SIGKILL)
        cache(prepared, "prune")
        assert [path for path in prepared.leftovers() if Path(path).is_dir()] == []
    counted(kills, "kills")
    assert kills > 0


def end(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)


def go_on(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGCONT)


@pytest.mark.parametrize("then", [end, go_on])
def test_start_waits_for_a_stopped_one(
    stable: List[Path], prepared: Machine, then: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    stopped = stop_while_it_unpacks(stable[0], prepared)
    process = prepared.start(PYTHON.path(), stable[1], "x")
    line = process.stderr.readline().decode()  # type: ignore[union-attr]
    assert line.startswith(f"czex: waiting for another process that uses {prepared.cache}/wheels/")
    assert line.endswith("; this start continues when that process ends\n")
    assert process.poll() is None
    then(stopped)
    assert outcomes([process]) == [RESULT]
    if then is go_on:
        assert outcomes([stopped]) == [RESULT]
    else:
        stopped.communicate()
        assert outcomes([prepared.start(PYTHON.path(), stable[0], "x")]) == [RESULT]
    assert prepared.leftovers() == []


def stop_while_it_unpacks(app: Path, machine: Machine) -> subprocess.Popen[bytes]:
    for _ in range(100):
        shutil.rmtree(machine.cache, ignore_errors=True)
        process = machine.start(PYTHON.path(), app, "x", start_new_session=True)
        while process.poll() is None and not list(machine.cache.glob("wheels/*.tmp/lib/hay")):
            time.sleep(0.001)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGSTOP)
            if list(machine.cache.glob("wheels/*.tmp")):
                return process
            os.killpg(process.pid, signal.SIGCONT)
        process.communicate()
    raise AssertionError("each start ended before it could be stopped")
