"""A temporary cache is removed however its process ends, and is kept while a process uses it."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import List

import pytest

from support.workshop import COW, Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on

# The app prints the path of its environment, and then does what its input says.
PUPPET = """\
import os, signal, sys

def main():
    import cow.say
    print(sys.prefix)
    sys.stdout.flush()
    line = sys.stdin.readline().strip()
    if line == "again":
        os.execv(sys.executable, [sys.executable] + sys.argv)
    if line == "other":
        code = "import sys; print(sys.prefix); sys.stdout.flush(); sys.stdin.readline(); import cow.say; print(1)"
        os.execv(sys.executable, [sys.executable, "-u", "-c", code])
    if line == "exit":
        os._exit(3)
    if line == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if line == "term":
        os.kill(os.getpid(), signal.SIGTERM)
    with open(os.path.join(os.path.dirname(cow.say.__file__), "data", "grass.txt")) as stream:
        sys.stdout.write(stream.read())
"""
PYTHONS = on(*map(Python, ("cpython2.7", "cpython3.6", "cpython3.11", "pypy3")))


class Places:
    """A machine with a cache that can't be used, and its temporary directory."""

    def __init__(self, machine: Machine, tmp_path: Path) -> None:
        obstacle = machine.root / "file"
        obstacle.write_text("")
        self.directory = tmp_path / "temporary"
        self.directory.mkdir()
        self.machine = machine.with_(PEXCZ_ROOT=str(obstacle / "cache"), TMPDIR=str(self.directory))

    def caches(self) -> List[Path]:
        return sorted(self.directory.iterdir())

    def grow_old(self) -> None:
        for path in self.caches():
            os.utime(path, (time.time() - 90,) * 2)


@pytest.fixture
def places(machine: Machine, tmp_path: Path) -> Places:
    return Places(machine, tmp_path)


@pytest.fixture(scope="session")
def puppet(workshop: Workshop) -> Path:
    return workshop.make(
        "puppet",
        requirements=["cow"],
        wheels=[COW],
        sources={"puppet.py": PUPPET},
        options=["-m", "puppet:main"],
    )


def started(places: Places, python: Python, puppet: Path) -> subprocess.Popen[bytes]:
    process = places.machine.start(python.path(), puppet)
    assert process.stdout.readline().startswith(os.fsencode(places.directory))  # type: ignore[union-attr]
    return process


@PYTHONS
def test_abandoned_cache_is_removed_by_the_next_start_that_needs_one(
    cow: Path, puppet: Path, places: Places, python: Python
) -> None:
    for end in ("exit", "kill", "term"):
        process = started(places, python, puppet)
        process.communicate(f"{end}\n".encode())
        (left,) = places.caches()
        # A start keeps young caches, because their process may not have locked them yet.
        assert places.machine.run(python.path(), cow, "x").stdout == "moo x\n"
        assert places.caches() == [left]
        places.grow_old()
        assert places.machine.run(python.path(), cow, "x").stdout == "moo x\n"
        assert places.caches() == []


@PYTHONS
def test_start_keeps_temporary_caches_that_are_in_use(
    cow: Path, puppet: Path, places: Places, python: Python
) -> None:
    processes = [started(places, python, puppet) for _ in range(2)]
    places.grow_old()
    used = places.caches()
    assert len(used) == 2
    places.machine.run(python.path(), cow)
    assert places.caches() == used
    for process in processes:
        assert process.communicate(b"\n")[0] == b"green\n"
    assert places.caches() == []


@PYTHONS
def test_app_that_restarts_itself_keeps_its_temporary_cache(
    cow: Path, puppet: Path, places: Places, python: Python
) -> None:
    process = started(places, python, puppet)
    (used,) = places.caches()
    for _ in range(2):
        process.stdin.write(b"again\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
        assert process.stdout.readline().startswith(os.fsencode(used))  # type: ignore[union-attr]
        places.grow_old()
        places.machine.run(python.path(), cow)
        assert places.caches() == [used]
    process.communicate(b"\n")
    assert places.caches() == []


@PYTHONS
def test_program_that_replaces_the_app_keeps_its_temporary_cache(
    cow: Path, puppet: Path, places: Places, python: Python
) -> None:
    process = started(places, python, puppet)
    process.stdin.write(b"other\n")  # type: ignore[union-attr]
    process.stdin.flush()  # type: ignore[union-attr]
    assert process.stdout.readline().startswith(os.fsencode(places.directory))  # type: ignore[union-attr]
    places.grow_old()
    places.machine.run(python.path(), cow)
    assert process.communicate(b"\n")[0] == b"1\n"
    places.machine.run(python.path(), cow)
    assert places.caches() == []


def test_other_directories_than_abandoned_caches_stay(
    cow: Path, places: Places, tmp_path: Path
) -> None:
    names = ["czex-1-abc", "czex-abcdefgh", "czex-2-linked", "czex-3-more", "czex-4-open"]
    for name in names:
        path = places.directory / name
        if name.endswith("linked"):
            (tmp_path / "elsewhere").mkdir(mode=0o700)
            (tmp_path / "elsewhere" / "wheels").mkdir()
            path.symlink_to(tmp_path / "elsewhere")
            continue
        path.mkdir(mode=0o700)
        (path / "wheels").mkdir()
    (places.directory / "czex-3-more" / "mine").write_text("")
    (places.directory / "czex-4-open").chmod(0o755)
    places.grow_old()
    places.machine.run(PYTHON.path(), cow)
    assert [path.name for path in places.caches()] == sorted(names[1:])
    assert (tmp_path / "elsewhere" / "wheels").is_dir()


def test_abandoned_cache_stays_in_a_directory_that_others_can_write_to(
    cow: Path, places: Places
) -> None:
    (places.directory / "czex-1-abc").mkdir(mode=0o700)
    places.grow_old()
    places.directory.chmod(0o777)
    places.machine.run(PYTHON.path(), cow)
    assert len(places.caches()) == 1
    places.directory.chmod(0o1777)
    places.machine.run(PYTHON.path(), cow)
    assert places.caches() == []


def test_concurrent_starts_remove_abandoned_caches_together(cow: Path, places: Places) -> None:
    for number in range(20):
        path = places.directory / f"czex-{number}-left"
        (path / "wheels" / "x").mkdir(parents=True)
        path.chmod(0o700)
    places.grow_old()
    processes = [places.machine.start(PYTHON.path(), cow, "x") for _ in range(6)]
    assert {process.communicate()[0] for process in processes} == {b"moo x\n"}
    assert places.caches() == []


def test_process_without_stderr_gets_a_temporary_cache(cow: Path, places: Places) -> None:
    argv = ["-c", 'exec "$0" "$@" 2>&-', PYTHON.path(), cow, "x"]
    outcome = places.machine.run("/bin/sh", *argv)
    assert (outcome.code, outcome.stdout) == (1, "moo x\n")
    assert places.caches() == []
