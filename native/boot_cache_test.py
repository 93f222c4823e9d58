"""The cache is shown and made smaller by `pexcz cache`, and no app notices."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from pathlib import Path

import pytest
from boot_for_tests import COW, PYTHON, Machine, Workshop
from cache_for_tests import DAY, cache, environments, make_old, start_cache

from testprojects.pythons import Python, on

LAZY = """\
import sys

def main():
    print("started")
    sys.stdout.flush()
    sys.stdin.readline()
    import cow.say
    sys.exit(cow.say.main())
"""


@pytest.fixture(scope="module")
def other(workshop: Workshop) -> Path:
    """An app with the same wheel."""
    options = ["-m", "lazy:main"]
    return workshop.make(
        "lazy", requirements=["cow"], wheels=[COW], sources={"lazy.py": LAZY}, options=options
    )


def test_it_shows_what_is_there(cow: Path, other: Path, machine: Machine) -> None:
    for app in (cow, other):
        machine.run(PYTHON.path(), app)
    shown = cache(machine, "info")
    assert (shown.stderr, shown.code) == ("", 0)
    for word in (str(machine.cache), "cow.czex", "lazy.czex", "cpython-3.11", time.strftime("%Y")):
        assert word in shown.stdout
    assert cache(Machine(machine.root / "nobody"), "info").code == 0


def test_what_was_not_used_for_long_is_removed_and_comes_again(cow: Path, machine: Machine) -> None:
    machine.run(PYTHON.path(), cow)
    make_old(machine, 20)
    assert "Removed 0 environments, and 0 wheels" in cache(machine, "prune").stdout
    assert len(environments(machine)) == 1
    make_old(machine, 31)
    assert "Removed 1 environments, and 2 wheels" in cache(machine, "prune").stdout
    left = [path for path in machine.cache.rglob("*") if not path.is_dir()]
    assert left == []
    assert machine.run(PYTHON.path(), cow, "x").stdout == "moo x\n"


def test_a_wheel_stays_as_long_as_one_app_uses_it(cow: Path, other: Path, machine: Machine) -> None:
    machine.run(PYTHON.path(), cow)
    make_old(machine, 40)
    machine.run(PYTHON.path(), other)
    assert "Removed 1 environments, and 1 wheels" in cache(machine, "prune").stdout
    assert machine.run(PYTHON.path(), other, given="\n").stdout == "started\nmoo \n"
    assert len(list(machine.cache.glob("wheels/*"))) == 1


@on(*map(Python, ("cpython2.7", "cpython3.6", "cpython3.11", "cpython3.13", "pypy3")))
@pytest.mark.parametrize("way", ["file", "header"])
def test_what_a_running_app_uses_stays(
    other: Path, machine: Machine, python: Python, way: str
) -> None:
    start = machine.with_(PATH=f"{Path(python.path()).parent}:/usr/bin:/bin")
    argv = [python.path(), other] if way == "file" else [other]
    start.run(*argv, given="\n")
    process = start.start(*argv, "x")
    assert process.stdout.readline() == b"started\n"  # type: ignore[union-attr]
    make_old(machine, 40)
    pruned = cache(machine, "clear")
    stdout, stderr = process.communicate(b"\n")
    assert (stdout, stderr, process.returncode) == (b"moo x\n", b"", 1)
    (environment,) = environments(machine)
    assert f"Kept {environment}, in which an app is running." in pruned.stdout
    make_old(machine, 1)
    cache(machine, "clear")
    assert environments(machine) == []


def test_a_start_is_recorded_once_a_day(cow: Path, machine: Machine) -> None:
    machine.run(PYTHON.path(), cow)
    (environment,) = environments(machine)
    for days, is_recorded in ((0.9, False), (1.1, True)):
        then = time.time() - days * DAY
        os.utime(environment / "boot", (then, then))
        machine.run(PYTHON.path(), cow)
        assert ((environment / "boot").stat().st_mtime > then + 1) == is_recorded


def test_it_is_pruned_to_a_size_from_what_was_used_first(
    cow: Path, other: Path, machine: Machine
) -> None:
    machine.run(PYTHON.path(), cow)
    make_old(machine, 2)
    machine.run(PYTHON.path(), other)
    before = environments(machine)
    assert "Removed 0 environments" in cache(machine, "prune", "--to-size", "1G").stdout
    files = [path for path in machine.cache.rglob("*") if path.is_symlink() or path.is_file()]
    size = sum(path.lstat().st_size for path in files)
    assert "Removed 0 environments" in cache(machine, "prune", "--to-size", str(size)).stdout
    assert "Removed 1 environments" in cache(machine, "prune", "--to-size", str(size - 99)).stdout
    (left,) = environments(machine)
    assert left in before
    assert machine.run(PYTHON.path(), other, given="\n").stdout == "started\nmoo \n"


def test_what_killed_processes_have_left_is_removed(cow: Path, machine: Machine) -> None:
    machine.run(PYTHON.path(), cow)
    (runtime,) = machine.cache.glob("runtimes/*")
    (runtime / "pexcz.0123456789abcdef.tmp").write_text("half")
    (machine.cache / "wheels" / "0123.tmp" / "lib").mkdir(parents=True)
    cache(machine, "prune")
    assert machine.leftovers() == [str(runtime / "pexcz.0123456789abcdef.tmp")]
    os.utime(runtime / "pexcz.0123456789abcdef.tmp", (0, 0))
    cache(machine, "prune")
    assert machine.leftovers() == []
    assert machine.run(PYTHON.path(), cow, "x").stdout == "moo x\n"


def test_what_killed_prunes_have_left_again_and_again_is_removed(
    cow: Path, machine: Machine
) -> None:
    machine.run(PYTHON.path(), cow, "x")
    name = "0" * 200 + ".0123456789abcdef.discarded"
    (machine.cache / "wheels" / name / "lib").mkdir(parents=True)
    cache(machine, "clear")
    assert machine.leftovers() == []


def test_starts_and_a_cache_that_is_cleared_all_the_time_do_not_meet(
    cow: Path, machine: Machine
) -> None:
    for _ in range(8):
        machine.run(PYTHON.path(), cow)
        make_old(machine, 1)
        clearing = start_cache(machine, "clear")
        starts = [machine.start(PYTHON.path(), cow, "x") for _ in range(6)]
        outcomes = {(*process.communicate(), process.returncode) for process in starts}
        assert outcomes == {(b"moo x\n", b"", 1)}
        assert clearing.communicate()[1] == b""
    assert machine.leftovers() == []


def test_a_start_waits_for_a_cache_that_is_being_pruned(cow: Path, machine: Machine) -> None:
    machine.cache.mkdir(parents=True)
    descriptor = os.open(machine.cache, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    process = machine.start(PYTHON.path(), cow, "x")
    with pytest.raises(subprocess.TimeoutExpired):
        # The message comes after five seconds.
        process.wait(9)
    os.close(descriptor)
    stdout, stderr = process.communicate()
    assert stdout == b"moo x\n"
    assert stderr.decode() == (
        f"czex: waiting for another process to finish {machine.cache}/; "
        "this one goes on when that one is done or has ended\n"
    )
