"""The tool `venv` makes a complete virtual environment, or leaves no file and prints a message."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path
from typing import Dict

import pytest

from support.herd import Herd, files, tool
from support.wheels import Wheel
from support.workshop import Workshop, full_disk
from testing.machine import Machine
from testing.pythons import PYTHON, Python

CASES = {
    "content": ({"shared.py": "X = 1\n"}, {"shared.py": "X = 2\n"}),
    "package": ({"p/__init__.py": "X = 1\n"}, {"p/__init__.py": "X = 2\n"}),
    "script": ({}, {}),
}
NO_COLLISION = {
    "equal": ({"shared.py": "X = 1\n"}, {"shared.py": "X = 1\n"}),
    "same package": ({"p/__init__.py": "X = 1\n"}, {"p/__init__.py": "# one\nX=1\n"}),
}


def colliding(workshop: Workshop, name: str, one: Dict[str, str], two: Dict[str, str]) -> Herd:
    scripts = ({"both": "one:main"}, {"both": "two:main"}) if name == "script" else ({}, {})
    return Herd.make(
        workshop,
        f"colliding-{name.replace(' ', '-')}",
        requirements=["one", "two"],
        wheels=[
            Wheel("one", {"one.py": "", **one}, scripts=scripts[0]),
            Wheel("two", {"two.py": "", **two}, scripts=scripts[1]),
        ],
        options=["--include-tools"],
    )


@pytest.mark.parametrize("name", CASES)
def test_colliding_files_are_an_error_or_a_warning(
    workshop: Workshop, machine: Machine, tmp_path: Path, name: str
) -> None:
    herd = colliding(workshop, name, *CASES[name])
    expected, seen = herd.both(machine, PYTHON.path(), "venv", "-f", tmp_path / "v")
    assert seen.code == expected.code == 1
    assert seen.stderr.splitlines()[:2] == expected.stderr.splitlines()[:2]
    shutil.rmtree(tmp_path / "v")
    assert tool(machine, PYTHON.path(), herd.czex, "venv", tmp_path / "v").code == 1
    assert os.listdir(tmp_path) == ["home"]
    outcome = tool(machine, PYTHON.path(), herd.czex, "venv", tmp_path / "v", "--collisions-ok")
    assert outcome.code == 0
    assert outcome.stderr.startswith("czex: Encountered collision populating")
    options = ["--collisions-ok", "--no-emit-warnings", "-f"]
    outcome = tool(machine, PYTHON.path(), herd.czex, "venv", tmp_path / "v", *options)
    assert (outcome.stderr, outcome.code) == ("", 0)


@pytest.mark.parametrize("name", NO_COLLISION)
def test_equal_files_do_not_collide(
    workshop: Workshop, machine: Machine, tmp_path: Path, name: str
) -> None:
    herd = colliding(workshop, name, *NO_COLLISION[name])
    for number, outcome in enumerate(
        [
            *herd.both(machine, PYTHON.path(), "venv", "-f", tmp_path / "v"),
            tool(machine, PYTHON.path(), herd.czex, "venv", tmp_path / "w"),
        ]
    ):
        assert (outcome.stderr, outcome.code) == ("", 0), number


@pytest.mark.parametrize(
    ("before", "options", "code"),
    [
        ([], [], 1),
        ([], ["--force"], 0),
        (["--scope=deps"], ["--scope=deps"], 0),
        (["--scope=srcs"], ["--scope=srcs"], 1),
    ],
)
def test_existing_venv_is_overwritten_only_by_force(
    herd: Herd, machine: Machine, tmp_path: Path, before: list[str], options: list[str], code: int
) -> None:
    for app in (herd.pex, herd.czex):
        venv = tmp_path / app.suffix
        shared = machine.with_(PEX_ROOT=str(herd.pex.parent / "pex-tools"))
        assert tool(shared, PYTHON.path(), app, "venv", venv, *before).code == 0
        (venv / "own").write_text("own")
        outcome = tool(shared, PYTHON.path(), app, "venv", venv, *options)
        assert (outcome.code, (venv / "own").exists()) == (code, "--force" not in options)
        assert ("[Errno 17] File exists" in outcome.stderr) == bool(code)


def test_files_of_an_existing_directory_are_kept(
    herd: Herd, machine: Machine, tmp_path: Path
) -> None:
    venv = tmp_path / "v"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "own").write_text("own")
    identity = venv.stat().st_ino
    assert tool(machine, PYTHON.path(), herd.czex, "venv", ".", cwd=venv).code == 0
    assert venv.stat().st_ino == identity
    assert (venv / "bin" / "own").read_text() == "own"
    assert machine.run(venv / "pex").code == 3
    assert [name for name in files(venv) if "tmp" in name] == []


def test_file_in_the_way_is_an_error_and_is_kept(
    herd: Herd, machine: Machine, tmp_path: Path
) -> None:
    venv = tmp_path / "v"
    (venv / "lib").mkdir(parents=True)
    (venv / "lib" / "python3.11").write_text("own")
    outcome = tool(machine, PYTHON.path(), herd.czex, "venv", venv)
    assert outcome.code == 1
    assert outcome.stderr.startswith(
        f"czex: can't run the tool: {venv}/lib/python3.11 exists already"
    )
    assert files(venv) == {"lib/python3.11"}
    (tmp_path / "file").write_text("own")
    outcome = tool(machine, PYTHON.path(), herd.czex, "venv", "-f", tmp_path / "file")
    assert (outcome.code, (tmp_path / "file").read_text()) == (1, "own")


@pytest.mark.parametrize("scope", ["all", "deps"])
@pytest.mark.parametrize("is_there", [False, True])
def test_killed_venv_tool_leaves_no_partial_venv(
    herd: Herd, machine: Machine, tmp_path: Path, scope: str, is_there: bool
) -> None:
    generator = random.Random(7)
    asked = machine.with_(PEX_TOOLS="1")
    command = [PYTHON.path(), herd.czex, "venv", "--scope", scope, tmp_path / "v"]
    started = time.monotonic()
    assert asked.run(*command).code == 0
    duration = time.monotonic() - started
    whole = files(tmp_path / "v")
    for _ in range(12):
        shutil.rmtree(tmp_path / "v")
        if is_there:
            (tmp_path / "v").mkdir()
        process = asked.start(*command, start_new_session=True)
        time.sleep(generator.uniform(0.3, 1.1) * duration)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        there = (tmp_path / "v" / ".pex-venv-scope").exists()
        if not is_there:
            assert there == (tmp_path / "v").exists()
        if there:
            assert {name for name in files(tmp_path / "v") if ".czex-venv" not in name} == whole
        else:
            assert asked.run(*command).code == 0
        assert files(tmp_path / "v") >= whole
    assert asked.run(*command, "--force").code == 0
    assert files(tmp_path / "v") == whole
    assert sorted(os.listdir(tmp_path)) == ["home", "v"]


@pytest.mark.parametrize("size", ["40k", "80k"])
def test_venv_tool_leaves_no_files_on_a_full_disk(
    herd: Herd, machine: Machine, tmp_path: Path, size: str
) -> None:
    disk = full_disk(tmp_path, size)
    try:
        outcome = tool(machine, PYTHON.path(), herd.czex, "venv", disk / "v")
        assert outcome.code in (1, 73)
        assert outcome.stderr.startswith("czex: ") and outcome.stderr.count("\n") == 1
        assert os.listdir(disk) == []
        inside = tool(machine, PYTHON.path(), herd.czex, "venv", disk)
        assert inside.code == outcome.code and os.listdir(disk) == []
    finally:
        os.system(f"umount {disk}")


def test_only_one_of_several_processes_makes_the_venv(
    herd: Herd, machine: Machine, tmp_path: Path
) -> None:
    asked = machine.with_(PEX_TOOLS="1")
    command = [PYTHON.path(), herd.czex, "venv", tmp_path / "v"]
    processes = [asked.start(*command) for _ in range(6)]
    ends = [(process.communicate()[1].decode(), process.returncode) for process in processes]
    assert [code for _, code in ends].count(0) == 1
    for stderr, code in ends:
        assert code == 0 or "another process is making" in stderr or "File exists" in stderr
    assert machine.run(tmp_path / "v" / "pex").code == 3
    assert sorted(os.listdir(tmp_path)) == ["home", "v"]


def test_second_scope_needs_the_python_of_the_first(
    herd: Herd, machine: Machine, tmp_path: Path
) -> None:
    first = Python("cpython3.8").path()
    assert tool(machine, first, herd.czex, "venv", "--scope=deps", tmp_path / "v").code == 0
    outcome = tool(machine, PYTHON.path(), herd.czex, "venv", "--scope=srcs", tmp_path / "v")
    assert outcome.code == 1
    assert "v was made for another Python than" in outcome.stderr
