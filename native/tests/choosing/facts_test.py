"""A start asks an interpreter for its facts once, and asks it again only if the interpreter has changed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from support.interpreters import links, logging_python, own_python, pyenv, script
from support.wheels import Wheel
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python

OLD, MIDDLE, NEW = Python("cpython3.8"), Python("cpython3.9"), Python("cpython3.10")
SOURCE = "import sys\ndef main():\n    print('%d.%d' % sys.version_info[:2])\n"


@pytest.fixture(scope="module")
def constrained(workshop: Workshop) -> Path:
    """An app for Python 3.9 and 3.10."""
    search = os.pathsep.join(python.path() for python in (MIDDLE, NEW))
    return workshop.make(
        "facts-constrained",
        sources={"version.py": SOURCE},
        options=[
            "-m",
            "version:main",
            "--interpreter-constraint=CPython>=3.9,<3.11",
            f"--python-path={search}",
        ],
    )


def started(log: Path) -> list[str]:
    """Return the versions of the interpreters that were started since the last call, oldest first."""
    lines = log.read_text().split() if log.exists() else []
    log.write_text("")
    return sorted(lines, key=lambda line: [int(part) for part in line.split(".")])


def test_second_start_runs_only_the_chosen_interpreter(
    constrained: Path, machine: Machine, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    pythons = [logging_python(tmp_path / p.name, p, log) for p in (NEW, MIDDLE, OLD)]
    prepared = machine.with_(PEX_PYTHON_PATH=os.pathsep.join(map(str, pythons)))
    assert prepared.run(PYTHON.path(), constrained).stdout == "3.9\n"
    assert started(log) == ["3.8", "3.9", "3.9", "3.10"]
    assert prepared.run(PYTHON.path(), constrained).stdout == "3.9\n"
    assert started(log) == ["3.9"]
    by_name = machine.with_(PEX_PYTHON=str(pythons[0]))
    assert by_name.run(PYTHON.path(), constrained).stdout == "3.10\n"
    assert started(log) == ["3.10"]
    # A rejected interpreter is remembered, too.
    none = machine.with_(PEX_PYTHON_PATH=str(pythons[2]))
    assert "CPython<3.11,>=3.9" in none.run(PYTHON.path(), constrained).stderr
    assert started(log) == []


def test_answers_are_kept_apart_by_PEX_IGNORE_ERRORS(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    app = workshop.make("facts-any", sources={"version.py": SOURCE}, options=["-m", "version:main"])
    log = tmp_path / "log"
    python = logging_python(tmp_path / "python", MIDDLE, log)
    prepared = machine.with_(PEX_PYTHON=str(python))
    for variables, expected in (
        ({}, ["3.9", "3.9"]),
        ({"PEX_IGNORE_ERRORS": "1"}, ["3.9", "3.9"]),
        ({}, ["3.9"]),
        ({"PEX_IGNORE_ERRORS": "1"}, ["3.9"]),
    ):
        assert prepared.with_(**variables).run(PYTHON.path(), app).stdout == "3.9\n"
        assert started(log) == expected


def test_replaced_interpreter_is_asked_again(
    constrained: Path, machine: Machine, tmp_path: Path
) -> None:
    directory = tmp_path / "python"
    prepared = machine.with_(PEX_PYTHON_PATH=str(directory / "bin"))
    for python, expected in ((MIDDLE, "3.9\n"), (PYTHON, ""), (NEW, "3.10\n"), (MIDDLE, "3.9\n")):
        own_python(directory, python)
        for _ in range(2):
            outcome = prepared.run(PYTHON.path(), constrained)
            assert outcome.stdout == expected
            assert expected or f"{directory}/bin/python3 (CPython 3.11." in outcome.stderr
    (directory / "bin" / "python3").unlink()
    assert "searched PEX_PYTHON_PATH=" in prepared.run(PYTHON.path(), constrained).stderr


def test_script_that_starts_an_interpreter_is_asked_each_time(
    constrained: Path, machine: Machine, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    script(tmp_path / "bin" / "python3", f'exec "$(cat {target})" "$@"')
    prepared = machine.with_(PEX_PYTHON_PATH=str(tmp_path / "bin"), PATH=os.environ["PATH"])
    for python, expected in ((MIDDLE, "3.9\n"), (NEW, "3.10\n"), (OLD, ""), (MIDDLE, "3.9\n")):
        target.write_text(python.path())
        assert prepared.run(PYTHON.path(), constrained).stdout == expected


@pytest.mark.parametrize(
    "content", ["", "garbage", "[]", "{}", '{"facts": 1}', "\xff\xfe", "[" * 100_000, "damaged"]
)
def test_damaged_record_of_interpreters_is_written_again(
    constrained: Path, machine: Machine, content: str
) -> None:
    prepared = machine.with_(PEX_PYTHON=MIDDLE.path())
    assert prepared.run(PYTHON.path(), constrained).stdout == "3.9\n"
    (path,) = machine.cache.glob("venvs/*/interpreters")
    whole = path.read_text()
    if content == "damaged":
        known = json.loads(whole)
        for record in known.values():
            record["facts"] = {"library": 5}
        content = json.dumps(known)
    path.write_text(content, encoding="latin-1")
    outcome = prepared.run(PYTHON.path(), constrained)
    assert (outcome.stdout, outcome.stderr) == ("3.9\n", "")
    assert path.read_text() == whole
    assert machine.leftovers() == []


def test_wrong_record_of_an_interpreter_is_corrected(constrained: Path, machine: Machine) -> None:
    prepared = machine.with_(PEX_PYTHON_PATH=f"{OLD.path()}:{MIDDLE.path()}")
    prepared.run(PYTHON.path(), constrained)
    (path,) = machine.cache.glob("venvs/*/interpreters")
    right = json.loads(path.read_text())
    wrong = json.loads(path.read_text())
    for record in wrong.values():
        record["facts"]["reason"] = None
    path.write_text(json.dumps(wrong))
    outcome = prepared.run(PYTHON.path(), constrained)
    assert (outcome.stdout, outcome.stderr) == ("3.9\n", "")
    kept = json.loads(path.read_text())
    assert {key: right[key] for key in kept} == kept


def test_choice_works_without_a_writable_cache(
    constrained: Path, machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    prepared = machine.with_(PEXCZ_ROOT=str(tmp_path / "file" / "cache"), TMPDIR=str(tmp_path))
    for variables in (
        {"PEX_PYTHON": MIDDLE.path()},
        {"PATH": str(links(tmp_path / "bin", python=MIDDLE))},
    ):
        outcome = prepared.with_(**variables).run(PYTHON.path(), constrained)
        assert (outcome.stdout, outcome.stderr.count("\n")) == ("3.9\n", 1)


def test_start_chooses_again_after_interpreters_on_path_change(
    constrained: Path, machine: Machine, tmp_path: Path
) -> None:
    directory = links(tmp_path / "bin", python3=NEW)
    own = tmp_path / "own"
    (directory / "python").symlink_to(own_python(own, PYTHON))
    prepared = machine.with_(PATH=str(directory))

    def seen() -> list[str]:
        outcomes = [prepared.run(PYTHON.path(), constrained) for _ in range(2)]
        return [outcome.stdout + outcome.stderr for outcome in outcomes]

    assert seen() == ["3.10\n"] * 2
    (directory / "python3.9").symlink_to(MIDDLE.path())
    assert seen() == ["3.9\n"] * 2
    (directory / "python3.9").unlink()
    assert seen() == ["3.10\n"] * 2
    own_python(own, MIDDLE)
    assert seen() == ["3.9\n"] * 2
    own_python(own, PYTHON)
    assert seen() == ["3.10\n"] * 2
    prepared = machine.with_(PATH=str(links(tmp_path / "other", python3=MIDDLE)))
    assert seen() == ["3.9\n"] * 2
    (tmp_path / "other" / "python3").unlink()
    assert "no interpreter that can run" in seen()[1]


def test_start_chooses_again_if_pyenv_selects_another_version(
    constrained: Path, machine: Machine, tmp_path: Path
) -> None:
    root = pyenv(tmp_path / "pyenv", MIDDLE, NEW)
    prepared = machine.with_(PATH=str(root / "shims"))
    places = {"3.9\n": tmp_path / "old", "3.10\n": tmp_path / "new"}
    for version, directory in places.items():
        directory.mkdir()
        (directory / ".python-version").write_text(version.replace("\n", ".99\n"))
    for _ in range(2):
        for version, directory in places.items():
            assert prepared.run(PYTHON.path(), constrained, cwd=directory).stdout == version
    below = tmp_path / "new" / "below"
    below.mkdir()
    assert prepared.run(PYTHON.path(), constrained, cwd=below).stdout == "3.10\n"
    (below / ".python-version").write_text("3.9.99")
    assert prepared.run(PYTHON.path(), constrained, cwd=below).stdout == "3.9\n"
    asked = prepared.with_(PYENV_VERSION="3.10.99")
    assert asked.run(PYTHON.path(), constrained, cwd=below).stdout == "3.10\n"


def test_choice_among_shims_is_kept_while_pyenv_selects_the_same_version(
    constrained: Path, machine: Machine, tmp_path: Path
) -> None:
    """A new choice needs the cold path, which takes several times as long."""
    root = pyenv(tmp_path / "pyenv", MIDDLE, NEW)
    (root / "version").write_text("3.9.99\n")
    shims = machine.with_(PATH=str(root / "shims"))
    (tmp_path / "here").mkdir()
    (tmp_path / "there" / "below").mkdir(parents=True)
    # `pyenv exec` sets the variable, so it is set in a start by a shim.
    for prepared, version in ((shims, "3.9\n"), (shims.with_(PYENV_VERSION="3.10.99"), "3.10\n")):
        kept = set()
        for place in ("here", "there", "there/below", "here"):
            outcome = prepared.run(PYTHON.path(), constrained, cwd=tmp_path / place)
            assert (outcome.stdout, outcome.stderr) == (version, "")
            (record,) = machine.cache.glob("venvs/*/cpython-3.11.*/redirect")
            kept.add(record.stat().st_ino)
        assert len(kept) == 1


def test_redirected_start_runs_only_the_chosen_interpreter(
    constrained: Path, machine: Machine, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    first = logging_python(tmp_path / "first", PYTHON, log)
    python = logging_python(tmp_path / "python", MIDDLE, log)
    prepared = machine.with_(PATH=str(python.parent))
    assert prepared.run(first, constrained).stdout == "3.9\n"
    started(log)
    for variables in (
        {},
        {"PEX_ROOT": str(tmp_path / "root")},
        {"PEX_ROOT": str(tmp_path / "root")},
    ):
        outcome = prepared.with_(**variables).run(first, constrained)
        assert (outcome.stdout, outcome.stderr) == ("3.9\n", "")
        chosen = started(log)
    assert chosen == ["3.9", "3.11"]


def test_ignored_errors_are_not_ignored_by_the_next_start(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    options = ["-m", "version:main", f"--python={MIDDLE.path()}"]
    wheels = [
        Wheel("root", {"root.py": ""}, metadata="Requires-Dist: pick\n"),
        Wheel("pick", {"pick.py": ""}, tag="cp39-none-any"),
    ]
    pex = workshop.pex(
        "facts-ignored",
        requirements=["root"],
        wheels=wheels,
        sources={"version.py": SOURCE},
        options=options,
    )
    prepared = machine.with_(PATH=str(links(tmp_path / "bin", python3=MIDDLE)))
    ignoring = prepared.with_(PEX_IGNORE_ERRORS="1")
    for app in (pex, workshop.czex(pex)):
        starts = [each.run(PYTHON.path(), app) for each in (prepared, ignoring) * 3]
        assert [start.stdout for start in starts] == ["3.9\n", "3.11\n"] * 3


def test_wrong_redirect_is_replaced_by_an_environment(
    workshop: Workshop, constrained: Path, machine: Machine, tmp_path: Path
) -> None:
    name = "facts-fitting"
    app = workshop.make(name, sources={"version.py": SOURCE}, options=["-m", "version:main"])
    assert machine.run(PYTHON.path(), app).stdout == "3.11\n"
    (environment,) = machine.cache.glob("venvs/*/cpython-3.11.*")
    redirecting = machine.with_(PATH=str(links(tmp_path / "bin", python3=MIDDLE)))
    assert redirecting.run(PYTHON.path(), constrained).stdout == "3.9\n"
    (record,) = set(machine.cache.glob("venvs/*/cpython-3.11.*")) - {environment}
    shutil.rmtree(environment)
    record.rename(environment)
    assert redirecting.run(PYTHON.path(), app).stdout == "3.9\n"
    for _ in range(2):
        outcome = machine.run(PYTHON.path(), app)
        assert (outcome.stdout, outcome.stderr) == ("3.11\n", "")
    assert machine.leftovers() == []
