"""A start with a bad cache, disk or file has the right result or one message, and leaves no temporary files."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.wheels import Wheel
from support.workshop import Workshop, full_disk
from testing.machine import Machine
from testing.missing import missing
from testing.pythons import PYTHON, Python, on


@pytest.mark.parametrize("attempt", range(4))
def test_concurrent_starts_all_succeed(cow: Path, machine: Machine, attempt: int) -> None:
    processes = [machine.start(PYTHON.path(), cow, "x") for _ in range(20)]
    outcomes = {(*process.communicate(), process.returncode) for process in processes}
    assert outcomes == {(b"moo x\n", b"", 1)}
    assert machine.leftovers() == []


def test_unwritable_cache_is_replaced_for_one_start(
    cow: Path, machine: Machine, tmp_path: Path
) -> None:
    obstacle = machine.root / "file"
    obstacle.write_text("")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    blocked = machine.with_(PEXCZ_ROOT=str(obstacle / "cache"), TMPDIR=str(temporary))
    outcome = blocked.run(PYTHON.path(), cow, "x")
    assert (outcome.stdout, outcome.code) == ("moo x\n", 1)
    assert outcome.stderr.startswith(f"czex: can't use the cache {obstacle}/cache: ")
    assert outcome.stderr.count("\n") == 1
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("home", ["/proc/nope", "/dev/null"])
def test_impossible_home_directory_gives_only_a_warning(
    cow: Path, machine: Machine, home: str
) -> None:
    start = machine.with_(HOME=home).with_python(PYTHON)
    for command in ([PYTHON.path(), cow], [cow]):
        outcome = start.run(*command, "x")
        assert (outcome.stdout, outcome.code) == ("moo x\n", 1)
        assert outcome.stderr.startswith(f"czex: can't use the cache {home}/.cache/czex: ")


@pytest.mark.parametrize("home", ["with space", "with'quote", "ünï", "x" * 200])
def test_unusual_home_directory_works(cow: Path, tmp_path: Path, home: str) -> None:
    (tmp_path / home).mkdir()
    machine = Machine(tmp_path / home).with_python(PYTHON)
    for command in ([PYTHON.path(), cow], [PYTHON.path(), cow], [cow], [cow]):
        outcome = machine.run(*command, "x")
        assert (outcome.stdout, outcome.stderr) == ("moo x\n", "")
    (script,) = machine.cache.glob("venvs/*/cpython*/bin/cow")
    assert machine.run(script, "y").stdout == "moo y\n"


def test_full_disk_gives_a_message_and_leaves_no_files(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    noise = random.Random(1).randbytes(2_000_000).hex()
    wheel = Wheel("large", {"large.py": "", "large.txt": noise})
    app = workshop.make("large", requirements=["large"], wheels=[wheel], options=["-m", "large"])
    disk = full_disk(tmp_path, "1m")
    try:
        outcome = machine.with_(PEXCZ_ROOT=str(disk / "czex")).run(PYTHON.path(), app)
        assert outcome.code != 0
        first, second = outcome.stderr.splitlines()
        assert first.startswith("czex: ") and str(disk) in first
        size = 2 * 2_000_000
        pattern = rf"czex: can't install {app}: it needs ([0-9,]+) bytes in {disk}/czex, and ([0-9,]+) are free there"
        match = re.fullmatch(pattern, second)
        assert match
        needed, free = (int(number.replace(",", "")) for number in match.groups())
        assert size < needed < size + 10_000 and free < 1 << 20
        files = [path for path in disk.rglob("*") if path.is_file() and path.name != "pexcz"]
        assert files == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_damaged_environment_is_installed_again(cow: Path, machine: Machine) -> None:
    machine.run(PYTHON.path(), cow)
    (record,) = machine.cache.glob("venvs/*/*/record")
    for damage in (b"", b"garbage", record.read_bytes()[:100]):
        record.write_bytes(damage)
        outcome = machine.run(PYTHON.path(), cow, "x")
        assert (outcome.stdout, outcome.stderr) == ("moo x\n", "")
    record.unlink()
    assert machine.run(PYTHON.path(), cow, "x").stdout == "moo x\n"
    assert machine.leftovers() == []


def test_damaged_runtime_in_the_cache_is_not_started(cow: Path, machine: Machine) -> None:
    machine.run(PYTHON.path(), cow)
    (runtime,) = machine.cache.glob("runtimes/*/pexcz")
    content = runtime.read_bytes()
    for damage in (b"#!/bin/sh\necho damaged\n".ljust(len(content)), content[:-1], b""):
        runtime.write_bytes(damage)
        shutil.rmtree(machine.cache / "venvs")
        outcome = machine.run(PYTHON.path(), cow, "x")
        assert (outcome.stdout, outcome.stderr) == ("moo x\n", "")
        assert runtime.read_bytes() == content
    assert machine.leftovers() == []


@on(*map(Python, ("cpython2.7", "cpython3.11")))
def test_killed_runtime_gives_a_message(cow: Path, machine: Machine, python: Python) -> None:
    machine.run(python.path(), cow)
    shutil.rmtree(machine.cache / "venvs")
    if not shutil.which("strace"):
        missing("strace")
    inject = ["-f", "-qq", "-o", "/dev/null", "-e", "inject=flock:signal=KILL"]
    outcome = machine.run("strace", *inject, python.path(), cow)
    assert (outcome.stdout, outcome.code) == ("", 1)
    assert outcome.stderr.startswith(f"czex: can't start {cow}: {machine.cache}/runtimes/")
    assert outcome.stderr.endswith("was ended by signal 9; give it more memory, or start again\n")
    assert machine.run(python.path(), cow, "x").stdout == "moo x\n"


def test_pack_with_changed_content_is_not_run(cow: Path, machine: Machine, tmp_path: Path) -> None:
    content = bytearray(cow.read_bytes())
    position = content.rindex(b"CZEXPACK") + 400
    content[position] ^= 0xFF
    app = tmp_path / "tampered.czex"
    app.write_bytes(content)
    outcome = machine.run(PYTHON.path(), app, "x")
    assert outcome.stdout == ""
    assert outcome.code == 65
    assert outcome.stderr.startswith("czex: ") and str(app) in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    assert list(machine.cache.glob("wheels/*")) == []
