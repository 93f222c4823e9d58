"""The sh header starts an installed app by itself, and finds the right Python."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Dict

import pytest

from support.interpreters import clean_python, links, pyenv, script
from support.workshop import Workshop
from testing.machine import Machine
from testing.missing import missing
from testing.pythons import PYTHON, Python, on_every_python

OLD, NEW = Python("cpython3.9"), Python("cpython3.12")
MOO = ("moo x\n", "", 1)


def records(machine: Machine) -> Dict[str, str]:
    """Return the header's record for each candidate, by the candidate's name."""
    files = (path for path in machine.cache.glob("venvs/*/sh/**/*") if path.is_file())
    return {path.name: path.read_text().strip() for path in files}


def moos(machine: Machine, app: Path, times: int = 3) -> None:
    for _ in range(times):
        outcome = machine.run("/bin/sh", app, "x")
        assert (outcome.stdout, outcome.stderr, outcome.code) == MOO


@on_every_python()
def test_the_header_runs_the_installed_app_with_its_own_interpreter(
    cow: Path, machine: Machine, python: Python, tmp_path: Path
) -> None:
    bin_directory = tmp_path / "bin"
    bin_directory.mkdir()
    # The shebang of the PEX names this Python.
    name = "python{}.{}".format(*sys.version_info)
    (bin_directory / name).symlink_to(python.path())
    known = machine.with_(PATH=f"{bin_directory}:/bin")
    for _ in range(3):
        outcome = known.run(cow, "x")
        assert (outcome.stdout, outcome.stderr, outcome.code) == MOO
    assert records(machine) and all(path == name for path in records(machine))


def test_the_header_searches_path_and_pex_python_path_and_lists_the_names(
    cow: Path, machine: Machine, tmp_path: Path
) -> None:
    outcome = machine.with_(PATH=str(tmp_path)).run("/bin/sh", cow)
    assert outcome.code == 127
    assert outcome.stderr.startswith(f"czex: can't start {cow}: no Python answers; install ")
    assert "not on PATH: python3" in outcome.last_line
    python = Path(PYTHON.path())
    for asked in (
        {"PEX_PYTHON": str(python)},
        {"PEX_PYTHON_PATH": str(python.parent)},
        {"PEX_PYTHON_PATH": str(python)},
    ):
        for path in (str(tmp_path), ""):
            outcome = machine.with_(PATH=path, **asked).run("/bin/sh", cow, "x")
            assert (outcome.stdout, outcome.stderr) == ("moo x\n", "")


def test_the_header_passes_over_candidates_that_do_not_answer_and_remembers_them(
    cow: Path, machine: Machine, tmp_path: Path
) -> None:
    shims = tmp_path / "with a space*" / "shims"
    script(shims / "python3.11", 'echo "shim: $0: command not found" >&2; exit 127')
    script(shims / "python3.12", "exit 3")
    script(shims / "python3.13", "echo hello")
    script(shims / "python3.15", "read -r given; echo Python 3.4.1")
    (shims / "python3.10").mkdir()
    (shims / "python3.9").symlink_to("nowhere")
    (shims / "python3.8").write_text("#!/bin/sh\n")
    (shims / "python3.7").write_bytes(b"\x7fELF\x02\x01\x01\0")
    (shims / "python3.7").chmod(0o755)
    script(shims / "python3.6", "printf '\\033[31m'; exit 1")
    nothing = machine.with_(PATH=str(shims))
    refused = nothing.run("/bin/sh", cow, given="not for them")
    assert (refused.stdout, refused.code) == ("", 127)
    told = dict(line.strip().split(": ", 1) for line in refused.stderr.splitlines()[1:])
    assert told.pop(str(shims / "python3.7"))
    assert {Path(path).name: text for path, text in told.items()} == {
        "python3.11": "command not found",
        "python3.15": "Python 3.4.1",
        "python3.13": "hello",
        "python3.12": "exit code 3",
        "python3.6": "no answer",
    }

    works = clean_python(tmp_path / "venv", PYTHON)
    for path in works.glob("python*"):
        path.unlink()
    (works / "python3").symlink_to(PYTHON.path())
    known = machine.with_(PATH=f"{shims}:{works}")
    moos(known, cow)
    assert records(machine).pop("python3").startswith("cpython-")
    assert set(records(machine).values()) - {records(machine)["python3"]} == {"!"}
    # The next starts don't run them.
    for name in ("python3.11", "python3.12", "python3.13", "python3.15"):
        script(shims / name, f"echo >{tmp_path}/started")
    moos(known, cow)
    assert not (tmp_path / "started").exists()


def test_the_header_asks_a_shim_at_each_start(cow: Path, machine: Machine, tmp_path: Path) -> None:
    shims = pyenv(tmp_path / "pyenv", PYTHON, NEW) / "shims"
    on_path = machine.with_(PATH=str(shims))
    moos(on_path.with_(PYENV_VERSION="3.11.99"), cow)
    assert records(machine)["python3.11"] == "+"
    # It was passed over before, but no other candidate answers.
    moos(on_path.with_(PYENV_VERSION="3.12.99"), cow)
    refused = on_path.with_(PYENV_VERSION="").run("/bin/sh", cow)
    assert (refused.stdout, refused.code) == ("", 127)
    assert f"{shims}/python3.11: pyenv: python3.11: command not found\n" in refused.stderr


def test_a_python_that_fits_comes_before_one_that_only_answers(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    constraint = "CPython==3.9.*"
    app = workshop.make(
        "fitting",
        sources={"show.py": "import sys; print(sys.version_info[:2])"},
        options=[
            "-m",
            "show",
            f"--interpreter-constraint={constraint}",
            f"--python-path={OLD.path()}",
        ],
    )
    first, second = links(tmp_path / "1", python3=NEW), links(tmp_path / "2", python3=OLD)
    for _ in range(3):
        outcome = machine.with_(PATH=f"{first}:{second}").run("/bin/sh", app)
        assert (outcome.stdout, outcome.stderr) == ("(3, 9)\n", "")
    assert sorted(records(machine).values())[0] == "!"
    refused = machine.with_(PATH=str(tmp_path)).run("/bin/sh", app)
    assert f"install {constraint}, or start it as /path/to/python {app}; tried:" in refused.stderr


@pytest.mark.parametrize("path", ["bin", ":/nowhere"])
def test_relative_and_empty_entries_of_path_count(
    path: str, cow: Path, machine: Machine, tmp_path: Path
) -> None:
    links(tmp_path / "bin", python3=PYTHON)
    directory = tmp_path if path == "bin" else tmp_path / "bin"
    for _ in range(2):
        outcome = machine.with_(PATH=path).run("/bin/sh", cow, "x", cwd=directory)
        assert (outcome.stdout, outcome.stderr, outcome.code) == MOO
    assert records(machine) == {}


def test_a_working_directory_that_is_not_on_path_is_not_searched(
    cow: Path, machine: Machine, tmp_path: Path
) -> None:
    links(tmp_path / "bin", python3=PYTHON)
    outcome = machine.with_(PATH="/nowhere").run("/bin/sh", cow, "x", cwd=tmp_path / "bin")
    assert outcome.code == 127


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_every_shell_passes_over_candidates_that_do_not_answer(
    shell: str, cow: Path, machine: Machine, tmp_path: Path
) -> None:
    program = shutil.which(shell) or missing(shell)
    shims = tmp_path / "shims"
    script(shims / "python3", "exit 127")
    works = links(tmp_path / "bin", python3=PYTHON)
    # Shells that are named `sh` follow POSIX.
    sh = tmp_path / "sh"
    sh.symlink_to(program)
    for _ in range(2):
        outcome = machine.with_(PATH=f"{shims}:{works}").run(sh, cow, "x")
        assert (outcome.stdout, outcome.stderr, outcome.code) == MOO
