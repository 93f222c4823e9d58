"""The next start handles an interpreter that was upgraded in its place, replaced, moved or removed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.interpreters import own_python
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python

SOURCE = """\
import subprocess, sys

def main():
    print("%d.%d" % sys.version_info[:2])
    sys.stdout.flush()
    sys.exit(subprocess.call([sys.executable, "-c", "import here; print(here.ANSWER)"]))
"""
UPGRADES = [
    Python(name)
    for name in ("cpython3.9", "cpython3.11", "cpython3.12", "cpython3.6", "cpython3.13")
]


@pytest.fixture(scope="module")
def app(workshop: Workshop) -> Path:
    return workshop.make(
        "upgraded",
        sources={"version.py": SOURCE, "here.py": "ANSWER = 42\n"},
        options=["-m", "version:main", "--python-shebang=/usr/bin/env python3"],
    )


def minor(python: Python) -> str:
    return "{0}.{1}\n42\n".format(*python.minor)


@pytest.mark.parametrize("way", ["python app.czex", "./app.czex"])
def test_a_start_notices_an_interpreter_that_was_replaced(
    app: Path, machine: Machine, tmp_path: Path, way: str
) -> None:
    directory = tmp_path / "python"
    prepared = machine.with_(PATH=f"{directory}/bin:/bin")
    command = [app] if way == "./app.czex" else [directory / "bin" / "python3", app]
    for python in UPGRADES:
        own_python(directory, python)
        for _ in range(3):
            outcome = prepared.run(*command)
            assert (outcome.stdout, outcome.stderr, outcome.code) == (minor(python), "", 0)
    assert machine.leftovers() == []


def test_the_header_runs_the_environment_of_the_new_interpreter_directly(
    app: Path, machine: Machine, tmp_path: Path
) -> None:
    directory = tmp_path / "python"
    prepared = machine.with_(PATH=f"{directory}/bin:/bin")
    for python in UPGRADES[:2]:
        executable = own_python(directory, python)
        for _ in range(3):
            prepared.run(app)
        (entry,) = machine.cache.glob(f"venvs/*/sh{executable}")
        assert entry.read_text().startswith("cpython-{0}.{1}.".format(*python.minor))


def test_flags_are_kept_if_the_header_finds_another_interpreter(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    source = "import sys\ndef main():\n    print(sys.version_info[1], sys.flags.optimize, sys.argv[1:])\n"
    app = workshop.make(
        "upgraded-flags",
        sources={"flags.py": source},
        options=["-m", "flags:main", "--python-shebang=/usr/bin/env python3 -O"],
    )
    prepared = machine.with_(PATH=f"{tmp_path}/python/bin:/bin")
    for python in UPGRADES[:2]:
        own_python(tmp_path / "python", python)
        for _ in range(3):
            outcome = prepared.run(app, "a b")
            assert (outcome.stdout, outcome.stderr) == (f"{python.minor[1]} 1 ['a b']\n", "")


@pytest.mark.parametrize("way", ["python app.czex", "./app.czex"])
def test_a_start_notices_an_interpreter_that_was_removed(
    app: Path, machine: Machine, tmp_path: Path, way: str
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    own_python(first, UPGRADES[0])
    own_python(second, PYTHON)
    prepared = machine.with_(PATH=f"{first}/bin:{second}/bin:/bin")

    def command(directory: Path) -> list[Path]:
        return [app] if way == "./app.czex" else [directory / "bin" / "python3", app]

    for _ in range(2):
        assert prepared.run(*command(first)).stdout == minor(UPGRADES[0])
    shutil.rmtree(first)
    for _ in range(2):
        assert prepared.run(*command(second)).stdout == minor(PYTHON)
    own_python(first, UPGRADES[0])
    assert prepared.run(*command(first)).stdout == minor(UPGRADES[0])


@pytest.mark.parametrize("way", ["python app.czex", "./app.czex"])
def test_two_interpreters_of_one_version_get_two_environments(
    app: Path, machine: Machine, tmp_path: Path, way: str
) -> None:
    for _ in range(3):
        for directory in (tmp_path / "first", tmp_path / "second"):
            if not directory.exists():
                own_python(directory, PYTHON)
            prepared = machine.with_(PATH=f"{directory}/bin:/bin")
            command = [app] if way == "./app.czex" else [directory / "bin" / "python3", app]
            assert prepared.run(*command).stdout == minor(PYTHON)
    environments = machine.cache.glob("venvs/*/cpython-*")
    bases = {(path / "bin" / "python").resolve().parents[1] for path in environments}
    assert bases == {tmp_path / "first", tmp_path / "second"}


def test_a_start_notices_an_interpreter_that_was_moved(
    app: Path, machine: Machine, tmp_path: Path
) -> None:
    own_python(tmp_path / "one", PYTHON)
    link = tmp_path / "python"
    link.symlink_to("one")
    for name in ("one", "two"):
        if name == "two":
            (tmp_path / "one").rename(tmp_path / "two")
            link.unlink()
            link.symlink_to("two")
        for _ in range(2):
            outcome = machine.run(link / "bin" / "python3", app)
            assert (outcome.stdout, outcome.stderr) == (minor(PYTHON), "")


@pytest.mark.parametrize("way", ["python app.czex", "./app.czex"])
def test_a_start_notices_a_link_that_was_changed_to_another_interpreter(
    app: Path, machine: Machine, tmp_path: Path, way: str
) -> None:
    """The alternatives of a Linux distribution, and version managers, have such links."""
    link = tmp_path / "bin" / "python3"
    link.parent.mkdir()
    prepared = machine.with_(PATH=f"{link.parent}:/bin")
    command = [app] if way == "./app.czex" else [link, app]
    for python in (*UPGRADES, *UPGRADES):
        link.unlink(missing_ok=True)
        link.symlink_to(python.path())
        for _ in range(2):
            outcome = prepared.run(*command)
            assert (outcome.stdout, outcome.stderr, outcome.code) == (minor(python), "", 0)
    assert len(list(machine.cache.glob("venvs/*/cpython-*"))) == len(UPGRADES)
