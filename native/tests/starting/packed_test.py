"""A CZEX that is a directory starts like the file, from any place, and names missing files.

The parity table compares it with its PEX.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, Set

import pytest

from support.workshop import Workshop
from testing.machine import Machine
from testing.missing import missing
from testing.pythons import PYTHON, Python, on

MOO = ("moo x\n", "", 1)
SOME = on(Python("cpython2.7"), Python("cpython3.6"), PYTHON, Python("pypy3"))


@pytest.fixture(scope="module")
def packed(workshop: Workshop, cow_pex: Path) -> Path:
    return workshop.czex(cow_pex, layout="packed")


def files(directory: Path) -> Dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


@SOME
def test_every_way_in_starts_a_directory_from_anywhere_without_changing_it(
    packed: Path, machine: Machine, python: Python, tmp_path: Path
) -> None:
    moved = tmp_path / "moved" / "application"
    shutil.copytree(packed, moved)
    (tmp_path / "link").symlink_to(moved)
    (tmp_path / "command").symlink_to(moved / "pex")
    before = files(moved)
    for path in (
        moved,
        f"{moved}/",
        moved / "__main__.py",
        moved / "pex",
        tmp_path / "link",
        tmp_path / "command",
    ):
        for _ in ("cold", "warm"):
            outcome = machine.run(python.path(), path, "x")
            assert (outcome.stdout, outcome.stderr, outcome.code) == MOO
        shutil.rmtree(machine.cache)
    for name in (".", "pex"):
        assert machine.run(python.path(), name, "x", cwd=moved).stdout == "moo x\n"
    # No start has written bytecode, which another version of Python could mistake for its own.
    assert files(moved) == before


@on(PYTHON, Python("cpython3.13"))
def test_a_warm_start_imports_no_more_modules_than_an_empty_directory(
    packed: Path, machine: Machine, python: Python, tmp_path: Path
) -> None:
    (tmp_path / "__main__.py").write_text("")

    def imported(directory: Path) -> Set[str]:
        outcome = machine.run(python.path(), "-X", "importtime", directory)
        found = re.findall(r"^import time:[^|]*\|[^|]*\|(.*)$", outcome.stderr, re.M)
        return {name.strip() for name in found}

    machine.run(python.path(), packed)
    assert imported(packed) - imported(tmp_path) == {"cow", "cow.say"}


def test_a_program_starts_a_directory_by_a_link(
    packed: Path, machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "command").symlink_to(packed / "pex")
    # The shebang of `__main__.py` names the Python that built the PEX.
    own = Python("cpython{}.{}".format(*sys.version_info))
    places = [str(Path(python.path()).parent) for python in (PYTHON, own)]
    on_path = machine.with_(PATH=":".join([*places, "/usr/bin", "/bin"]))
    for start in (packed / "pex", packed / "__main__.py", tmp_path / "command"):
        for _ in range(3):
            outcome = on_path.run(start, "x")
            assert (outcome.stdout, outcome.stderr, outcome.code) == MOO
        shutil.rmtree(machine.cache)
    nowhere = machine.with_(PATH=str(tmp_path)).run("/bin/sh", packed / "pex")
    assert (nowhere.code, nowhere.stdout) == (127, "")
    assert nowhere.stderr.startswith(f"czex: can't start {packed}/pex: no Python answers; install ")


def test_a_directory_shares_the_environment_of_the_file(
    packed: Path, cow: Path, machine: Machine, tmp_path: Path
) -> None:
    copy = tmp_path / "packed.czex"
    shutil.copytree(packed, copy)
    machine.run(PYTHON.path(), cow, "x")
    shutil.rmtree(copy / ".czex")
    assert machine.run(PYTHON.path(), copy, "x").stdout == "moo x\n"
    assert len(list(machine.cache.glob("venvs/*/cpython*"))) == 1


def test_a_directory_chooses_another_interpreter(
    packed: Path, machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "command").symlink_to(packed / "pex")
    asked = machine.with_(PEX_PYTHON=Python("cpython3.9").path(), PYTHONHASHSEED="0")
    for path in (packed, packed / "pex", tmp_path / "command"):
        for _ in ("cold", "warm"):
            outcome = asked.run(PYTHON.path(), path, "x")
            assert (outcome.stdout, outcome.stderr, outcome.code) == MOO
        assert list(machine.cache.glob("venvs/*/cpython-3.9*"))
        shutil.rmtree(machine.cache)


def test_bytecode_of_a_directory_is_unpacked_from_separate_files(
    workshop: Workshop, cow_pex: Path, machine: Machine
) -> None:
    app = workshop.czex(cow_pex, precompile=[PYTHON], layout="packed")
    # The packs of the app's sources, which are empty, of its wheel, and of the wheel's bytecode.
    assert len(list(app.glob(".czex/packs/*.pack"))) == 3
    outcome = machine.run(PYTHON.path(), app, "x")
    assert (outcome.stdout, outcome.stderr, outcome.code) == MOO
    (bytecode,) = machine.cache.glob("wheels/*/lib/cow/__pycache__/say.*.pyc")
    # PEP 552: Python doesn't compare it with the source.
    assert bytecode.read_bytes()[4:8] == b"\1\0\0\0"


def test_the_tools_name_the_directory(workshop: Workshop, machine: Machine) -> None:
    pex = workshop.pex(
        "tooled",
        sources={"tooled.py": "print('hi')\n"},
        options=["-m", "tooled", "--include-tools"],
    )
    app = workshop.czex(pex, layout="packed")
    asked = machine.with_(PEX_TOOLS="1")
    info = asked.run(PYTHON.path(), app, "info")
    assert (info.stderr, info.code) == ("", 0) and '"entry_point": "tooled"' in info.stdout
    usage = asked.run(PYTHON.path(), app / "pex", "--help", cwd=app.parent)
    assert f"PEX_TOOLS=1 ./{app.name} " in usage.stdout
    venv = asked.run(PYTHON.path(), app, "venv", "--rm", "pex", machine.root / "venv")
    assert (venv.stderr, venv.code) == ("", 0)
    assert not app.exists()
    assert machine.run(machine.root / "venv" / "pex").stdout == "hi\n"


@SOME
def test_a_directory_can_be_imported(packed: Path, machine: Machine, python: Python) -> None:
    program = "import __pex__, cow.say, sys; sys.argv[1:] = ['y']; cow.say.main()"
    outcome = machine.with_(PYTHONPATH=str(packed)).run(python.path(), "-c", program)
    assert (outcome.stdout, outcome.stderr) == ("moo y\n", "")


def test_a_directory_can_be_added_to_apps_of_both_layouts(
    workshop: Workshop, packed: Path, facts: Path, machine: Machine
) -> None:
    other = workshop.czex(facts.with_suffix(".pex"), layout="packed")
    together = machine.with_(PEX_PATH=str(packed), PEX_MODULE="cow.say:main")
    for app in (facts, other):
        outcome = together.run(PYTHON.path(), app, "z")
        assert (outcome.stdout, outcome.stderr) == ("moo z\n", "")


@pytest.mark.parametrize(
    "pattern", [".czex/packs/*.pack", ".czex/start.*", ".czex/boot.*", ".czex/runtime/*/*"]
)
@pytest.mark.parametrize("damage", ["missing", "short"])
def test_a_missing_or_short_file_gives_one_message_and_installs_nothing(
    packed: Path, machine: Machine, tmp_path: Path, pattern: str, damage: str
) -> None:
    app = tmp_path / "app.czex"
    shutil.copytree(packed, app)
    file = sorted(app.glob(pattern))[0]
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-1])
    for path in (app, app / "pex"):
        outcome = machine.run(PYTHON.path(), path, "x")
        assert (outcome.stdout, outcome.code) == ("", 1)
        assert outcome.stderr.startswith(f"czex: can't start {app}")
        assert outcome.stderr.count("\n") == 1
        assert file.name in outcome.stderr or damage == "short"
        assert " build it again" in outcome.stderr
    assert list(machine.cache.glob("venvs/*/cpython*")) == []
    assert machine.leftovers() == []


def test_a_changed_main_file_is_noticed(packed: Path, machine: Machine, tmp_path: Path) -> None:
    app = tmp_path / "app.czex"
    shutil.copytree(packed, app)
    for name in ("__main__.py", "pex"):
        text = (app / name).read_text()
        (app / name).write_text(text + "# one more line\n")
        outcome = machine.run(PYTHON.path(), app / name)
        assert outcome.stderr == (
            f"czex: can't start {app}/pex: it is incomplete or damaged: the checksum of {name} is wrong; copy or build it again\n"
        )
        (app / name).write_text(text)
    assert machine.run(PYTHON.path(), app, "x").stdout == "moo x\n"


def test_a_read_only_directory_starts(packed: Path, machine: Machine, tmp_path: Path) -> None:
    app = tmp_path / "app.czex"
    shutil.copytree(packed, app)
    command = ["mount", "--bind", "-o", "ro", str(app), str(app)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        missing("user that may mount a file system")
    try:
        outcome = machine.run(PYTHON.path(), app, "x")
        assert (outcome.stdout, outcome.stderr, outcome.code) == MOO
    finally:
        subprocess.run(["umount", str(app)], check=True)
