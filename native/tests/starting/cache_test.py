"""`pexcz cache` shows the cache and reduces it, without an effect on apps."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from pathlib import Path

import pytest

from support.cache import DAY, cache, environments, make_old, start_cache
from support.interpreters import links
from support.pexcz import pexcz_command, pexcz_path
from support.workshop import COW, Workshop
from testing.machine import Machine
from testing.missing import missing
from testing.pythons import PYTHON, Python, on

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
    """Return an app with the same wheel."""
    options = ["-m", "lazy:main"]
    return workshop.make(
        "lazy", requirements=["cow"], wheels=[COW], sources={"lazy.py": LAZY}, options=options
    )


def test_info_shows_the_environments(cow: Path, other: Path, machine: Machine) -> None:
    for app in (cow, other):
        machine.run(PYTHON.path(), app)
    shown = cache(machine, "info")
    assert (shown.stderr, shown.code) == ("", 0)
    for word in (str(machine.cache), str(cow), str(other), "cpython-3.11", time.strftime("%Y")):
        assert word in shown.stdout
    assert cache(Machine(machine.root / "nobody"), "info").code == 0


def test_an_environment_of_an_older_czex_is_shown_by_the_name_of_its_file(
    cow: Path, machine: Machine
) -> None:
    machine.run(PYTHON.path(), cow)
    (environment,) = environments(machine)
    config = environment / "pyvenv.cfg"
    config.write_text(config.read_text().replace(f"czex = {cow}", "czex = older.czex"))
    assert " older.czex " in cache(machine, "info").stdout
    assert str(cow) not in cache(machine, "info").stdout


def test_a_redirect_to_another_interpreter_is_not_an_environment(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    options = ["-c", "cow", "--interpreter-constraint=CPython==3.9.*"]
    python = Python("cpython3.9")
    options.append(f"--python-path={python.path()}")
    app = workshop.make("leading", requirements=["cow"], wheels=[COW], options=options)
    prepared = machine.with_(PATH=str(links(tmp_path / "bin", python3=python)))
    assert prepared.run(PYTHON.path(), app, "x").stdout == "moo x\n"
    shown = cache(machine, "info").stdout
    assert "choices of another interpreter  1 " in shown
    assert "?" not in shown and "cpython-3.11" not in shown and shown.count("cpython-3.9") == 1
    make_old(machine, 1)
    assert "Removed 1 environments" in cache(machine, "clear").stdout
    assert environments(machine) == []


def test_clear_keeps_everything_younger_than_a_minute_and_explains_it(
    cow: Path, machine: Machine
) -> None:
    machine.run(PYTHON.path(), cow)
    cleared = cache(machine, "clear").stdout
    reason = "Kept 3 environments, wheels and sources that are less than a minute old: a start may be about to use them.\n"
    assert cleared == f"Removed 0 environments, and 0 wheels and sources: 0 bytes.\n{reason}"
    # `prune` was not asked to remove them.
    assert "Kept" not in cache(machine, "prune").stdout
    make_old(machine, 1)
    assert "Kept" not in cache(machine, "clear").stdout


@pytest.mark.parametrize("place", range(3))
def test_the_root_option_is_accepted_at_every_position(
    cow: Path, machine: Machine, place: int
) -> None:
    machine.run(PYTHON.path(), cow)
    root = ["--root", str(machine.cache)]
    other = str(machine.root / "other")
    prepared = machine.with_(PYTHONPATH=pexcz_path(), PEXCZ_ROOT=other, COLUMNS="200")
    for command, word in (
        (["cache", "info"], str(machine.cache)),
        (["cache", "prune"], "Removed 0"),
        (["cache", "clear"], "Kept 3"),
        (["verify", "--installed", str(cow)], f"in {machine.cache} are as they were packed"),
    ):
        position = [0, 1, len(command)][place]
        argv = [*command[:position], *root, *command[position:]]
        outcome = prepared.run(*pexcz_command(*argv))
        assert (outcome.stderr, outcome.code) == ("", 0)
        assert word in outcome.stdout


def test_prune_removes_an_unused_environment_and_a_start_installs_it_again(
    cow: Path, machine: Machine
) -> None:
    machine.run(PYTHON.path(), cow)
    make_old(machine, 20)
    assert "Removed 0 environments, and 0 wheels" in cache(machine, "prune").stdout
    assert len(environments(machine)) == 1
    make_old(machine, 31)
    assert "Removed 1 environments, and 2 wheels" in cache(machine, "prune").stdout
    left = [path for path in machine.cache.rglob("*") if not path.is_dir()]
    assert left == []
    assert machine.run(PYTHON.path(), cow, "x").stdout == "moo x\n"


def test_prune_keeps_a_wheel_that_one_app_uses(cow: Path, other: Path, machine: Machine) -> None:
    machine.run(PYTHON.path(), cow)
    make_old(machine, 40)
    machine.run(PYTHON.path(), other)
    assert "Removed 1 environments, and 1 wheels" in cache(machine, "prune").stdout
    assert machine.run(PYTHON.path(), other, given="\n").stdout == "started\nmoo \n"
    assert len(list(machine.cache.glob("wheels/*"))) == 1


@on(*map(Python, ("cpython2.7", "cpython3.6", "cpython3.11", "cpython3.13", "pypy3")))
@pytest.mark.parametrize("way", ["file", "header"])
def test_clear_keeps_the_environment_of_a_running_app(
    other: Path, machine: Machine, python: Python, way: str
) -> None:
    start = machine.with_python(python)
    argv = [python.path(), other] if way == "file" else [other]
    start.run(*argv, given="\n")
    process = start.start(*argv, "x")
    assert process.stdout.readline() == b"started\n"  # type: ignore[union-attr]
    make_old(machine, 40)
    pruned = cache(machine, "clear")
    stdout, stderr = process.communicate(b"\n")
    assert (stdout, stderr, process.returncode) == (b"moo x\n", b"", 1)
    (environment,) = environments(machine)
    assert f"Kept {environment}: an app is running in it." in pruned.stdout
    make_old(machine, 1)
    cache(machine, "clear")
    assert environments(machine) == []


def test_a_start_is_recorded_once_a_day(cow: Path, machine: Machine) -> None:
    machine.run(PYTHON.path(), cow)
    (environment,) = environments(machine)
    for days, is_recorded in ((0.9, False), (1.1, True)):
        then = time.time() - days * DAY
        os.utime(environment / "record", (then, then))
        machine.run(PYTHON.path(), cow)
        assert ((environment / "record").stat().st_mtime > then + 1) == is_recorded


def test_prune_to_a_size_removes_the_least_recently_used(
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
    assert cache(machine, "prune", "--to-size", "1e400").code == 2
    (left,) = environments(machine)
    assert left in before
    assert machine.run(PYTHON.path(), other, given="\n").stdout == "started\nmoo \n"


def test_prune_removes_the_files_of_killed_starts(cow: Path, machine: Machine) -> None:
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


def test_clear_removes_the_directories_of_killed_prunes(cow: Path, machine: Machine) -> None:
    machine.run(PYTHON.path(), cow, "x")
    name = "0" * 200 + ".0123456789abcdef.discarded"
    (machine.cache / "wheels" / name / "lib").mkdir(parents=True)
    cache(machine, "clear")
    assert machine.leftovers() == []


def test_environment_that_cannot_be_removed_stays_whole(cow: Path, machine: Machine) -> None:
    machine.run(PYTHON.path(), cow)
    make_old(machine, 1)
    (environment,) = environments(machine)
    # The place of a mounted file system can't be renamed.
    if subprocess.run(["mount", "--bind", environment, environment]).returncode != 0:
        missing("user that may mount a file system")
    try:
        assert "Removed 0 environments" in cache(machine, "clear").stdout
    finally:
        subprocess.run(["umount", environment], check=True)
    assert environments(machine) == [environment]


def test_starts_succeed_while_the_cache_is_cleared(cow: Path, machine: Machine) -> None:
    for _ in range(8):
        machine.run(PYTHON.path(), cow)
        make_old(machine, 1)
        clearing = start_cache(machine, "clear")
        starts = [machine.start(PYTHON.path(), cow, "x") for _ in range(6)]
        outcomes = {(*process.communicate(), process.returncode) for process in starts}
        assert outcomes == {(b"moo x\n", b"", 1)}
        assert clearing.communicate()[1] == b""
    assert machine.leftovers() == []


def test_a_start_waits_for_a_prune(cow: Path, machine: Machine) -> None:
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
        f"czex: waiting for another process that uses {machine.cache}/; "
        "this start continues when that process ends\n"
    )
