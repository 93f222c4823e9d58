"""An import table that is damaged, or not this user's, is not used. If it can't be written, the app runs without it."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path
from typing import Iterator

import pytest

from support.crowd import learnt, start_until_learnt, table_file
from support.workshop import full_disk
from testing.machine import Machine
from testing.missing import missing
from testing.pythons import PYTHON, Python

TEXT = "import crowd.late, crowd_07; print(crowd_07.NAME)"
UNUSED = "czex: no import table is used: "


def run(machine: Machine, app: Path, python: Python = PYTHON) -> None:
    outcome = machine.run(python.path(), app, TEXT)
    assert (outcome.stdout, outcome.stderr, outcome.code) == ("crowd_07\n", "", 0)


def damages(content: bytes) -> Iterator[bytes]:
    index = 32 + int.from_bytes(content[16:24], "little")
    for length in (0, 8, 31, index // 2, index, index + 100, len(content) - 1):
        yield content[:length]
    yield content + b"more"
    yield content[:index] + bytes(len(content) - index)
    chance = random.Random(20)
    for _ in range(3):
        garbled = bytearray(content)
        for place in chance.sample(range(len(content)), len(content) // 64):
            garbled[place] ^= 1 << chance.randrange(8)
        yield bytes(garbled)
        # Only the bytecode.
        yield content[:index] + bytes(garbled[index:])


def test_damaged_table_changes_nothing_and_is_made_again(crowd: Path, machine: Machine) -> None:
    start_until_learnt(machine, PYTHON.path(), crowd, TEXT)
    file = table_file(machine)
    content = file.read_bytes()
    for damaged in damages(content):
        file.write_bytes(damaged)
        run(machine, crowd)
    file.write_bytes(b"")
    run(machine, crowd)
    assert len(file.read_bytes()) > len(content) // 2
    file.unlink()
    file.mkdir()
    run(machine, crowd)
    assert machine.leftovers() == []


def test_table_of_another_interpreter_is_not_used(crowd: Path, machine: Machine) -> None:
    other = Python("cpython3.12")
    for python in (PYTHON, other):
        for _ in range(2):
            run(machine, crowd, python)
    mine, others = sorted(machine.cache.glob("venvs/*/*/imports"))
    shutil.copy(others, mine)
    outcome = machine.with_(PEX_VERBOSE="1").run(PYTHON.path(), crowd, TEXT)
    outcome_of_other = machine.with_(PEX_VERBOSE="1").run(other.path(), crowd, TEXT)
    assert outcome.stdout == outcome_of_other.stdout == "crowd_07\n"
    assert UNUSED + "it is for another interpreter" in outcome.stderr, outcome
    assert UNUSED not in outcome_of_other.stderr


@pytest.mark.parametrize("who", ["owner", "writable"])
def test_table_that_another_user_can_change_is_not_used(
    crowd: Path, machine: Machine, who: str
) -> None:
    start_until_learnt(machine, PYTHON.path(), crowd, TEXT)
    if who == "writable":
        table_file(machine).chmod(0o666)
    elif os.geteuid() == 0:
        os.chown(table_file(machine), 1234, 1234)
    else:
        missing("user that may give files away")
    outcome = machine.with_(PEX_VERBOSE="1").run(PYTHON.path(), crowd, TEXT)
    assert UNUSED + "another user can write to it\n" in outcome.stderr
    assert outcome.stdout == "crowd_07\n"


def test_full_disk_prevents_the_table_and_leaves_nothing(
    crowd: Path, machine: Machine, tmp_path: Path
) -> None:
    disk = full_disk(tmp_path, "8m")
    disk.chmod(0o755)
    try:
        on_disk = machine.with_(PEXCZ_ROOT=str(disk))
        run(on_disk, crowd)
        # The next start writes no bytecode.
        run(on_disk.with_(PEXCZ_IMPORTS="0"), crowd)
        free = os.statvfs(disk)
        (disk / "filler").write_bytes(bytes(free.f_bavail * free.f_frsize))
        run(on_disk, crowd)
        assert list(disk.glob("venvs/*/*/imports*")) == []
        (disk / "filler").unlink()
        run(on_disk, crowd)
        assert len(list(disk.glob("venvs/*/*/imports*"))) == 1
    finally:
        os.system(f"umount {disk}")


def test_start_that_is_killed_while_it_writes_leaves_no_table(
    crowd: Path, machine: Machine
) -> None:
    if not shutil.which("strace"):
        missing("strace")
    run(machine, crowd)
    rename = "rename,renameat,renameat2"
    command = ["strace", "-f", "-o", "/dev/null", "-e", f"inject={rename}:signal=SIGKILL"]
    machine.run(*command, PYTHON.path(), crowd, TEXT)
    assert learnt(machine) == set()
    (left,) = table_file(machine).parent.glob("imports.*")
    run(machine, crowd)
    assert learnt(machine) and left.exists()
    then = time.time() - 3600
    os.utime(left, (then, then))
    table_file(machine).unlink()
    run(machine, crowd)
    assert learnt(machine) and machine.leftovers() == []


def test_concurrent_starts_write_one_table(crowd: Path, machine: Machine) -> None:
    run(machine, crowd)
    processes = [machine.start(PYTHON.path(), crowd, TEXT) for _ in range(4)]
    for process in processes:
        assert process.communicate() == (b"crowd_07\n", b"")
    assert learnt(machine) and machine.leftovers() == []
    run(machine, crowd)


def test_an_unwritable_environment_gets_no_table(crowd: Path, machine: Machine) -> None:
    run(machine, crowd)
    # A directory in the place of the table can't be replaced, even by root.
    table_file(machine).mkdir()
    (table_file(machine) / "occupied").touch()
    run(machine, crowd)
    assert machine.leftovers() == []
