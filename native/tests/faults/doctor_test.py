"""`pexcz doctor` shows the parts of a start and their problems, without starting the app."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest

from pexcz.doctor import diagnose
from support.interpreters import links, script
from support.native_library import with_library
from support.pexcz import pexcz_command, pexcz_path
from support.workshop import COW, Workshop, full_disk
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on, on_every_python

STRANGER = 54321


@pytest.fixture
def here(machine: Machine) -> Machine:
    """Return a machine with one Python on PATH."""
    return machine.with_python(PYTHON)


def everything(root: Path) -> Dict[str, object]:
    return {str(path): path.lstat().st_mtime_ns for path in root.rglob("*") if not path.is_dir()}


def doctor(machine: Machine, app: Path, *options: object) -> Dict[str, Any]:
    """Return the parts of a diagnosis. Assert that nothing on the machine has changed, and that the exit code is right."""
    before = everything(machine.root)
    command = [
        sys.executable,
        "-c",
        "import sys; path = sys.argv.pop(1).split(':'); sys.path[:0] = path; ",
    ]
    command[-1] += "from pexcz.cli import main; sys.exit(main())"
    outcome = machine.run(*command, pexcz_path(), "doctor", app, *options, "--json")
    assert outcome.stderr == ""
    assert everything(machine.root) == before
    found: Dict[str, Any] = json.loads(outcome.stdout)
    assert outcome.code == (1 if problems(found) else 0)
    return found


def problems(found: Dict[str, Any]) -> List[str]:
    return [f"{name}: {text}" for name, part in found.items() for text in part["problems"]]


@on_every_python()
@pytest.mark.parametrize("layout", ["zipapp", "packed"])
def test_report_names_the_parts_that_the_next_start_uses(
    workshop: Workshop, cow_pex: Path, machine: Machine, python: Python, layout: str
) -> None:
    app = workshop.czex(cow_pex, layout=layout)
    found = doctor(machine, app, "--python", python.path())
    assert problems(found) == []
    assert found["interpreter"]["path"] == os.path.realpath(python.path())
    assert found["cache"]["path"] == str(machine.cache) and found["cache"]["free"] > 10**6
    assert not found["environment"]["installed"] and found["cache"]["needed"] > 100
    program = app / "__main__.py" if layout == "packed" else app
    assert machine.run(python.path(), program, "x").stdout == "moo x\n"
    assert Path(found["environment"]["path"], "record").is_file()
    found = doctor(machine, app, "--python", python.path())
    assert found["environment"]["installed"] and problems(found) == []


@pytest.mark.parametrize("layout", ["zipapp", "packed"])
def test_header_chooses_the_interpreter_cold_and_warm(
    workshop: Workshop, cow_pex: Path, here: Machine, layout: str
) -> None:
    app = workshop.czex(cow_pex, layout=layout)
    header = app / "pex" if layout == "packed" else app
    for starts in range(3):
        found = doctor(here, app)
        assert problems(found) == []
        assert found["interpreter"]["found_by"] == "the sh header"
        assert found["interpreter"]["path"] == os.path.realpath(PYTHON.path())
        assert found["environment"]["installed"] == bool(starts)
        assert here.run(header, "x").stdout == "moo x\n"


def test_report_follows_the_start_into_another_interpreter(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    options = ["--interpreter-constraint=CPython==3.9.*"]
    options += [f"--python-path={Python('cpython3.9').path()}", "-c", "cow"]
    app = workshop.make("elder", requirements=["cow"], wheels=[COW], options=options)
    pythons = links(tmp_path / "bin", python3=Python("cpython3.11"), python3_9=Python("cpython3.9"))
    both = machine.with_(PATH=f"{pythons}:/usr/bin:/bin")
    found = doctor(both, app, "--python", Python("cpython3.11").path())
    assert problems(found) == []
    assert found["interpreter"]["name"].startswith("CPython 3.9.")
    first = found["interpreter"]["found_first"]
    assert "3.11" in first
    prepared = both.with_(PYTHONPATH=pexcz_path())
    command = pexcz_command("doctor", app, "--python", Python("cpython3.11").path())
    assert f", instead of {first}\n" in prepared.run(*command).stdout
    found = doctor(machine.with_(PATH="/bin"), app, "--python", Python("cpython3.11").path())
    (problem,) = problems(found)
    assert problem.startswith("interpreter: found no interpreter that can run it; tried:")


def test_missing_interpreter_is_a_problem(cow: Path, machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (problem,) = problems(doctor(machine.with_(PATH=str(tmp_path / "bin")), cow))
    assert "no Python answers; install" in problem
    broken = script(tmp_path / "bin" / "python3", "echo out of order >&2; exit 3")
    (problem,) = problems(doctor(machine, cow, "--python", broken))
    assert problem == f"interpreter: can't start {broken}: out of order"
    (problem,) = problems(doctor(machine, cow, "--python", tmp_path / "none"))
    assert problem.startswith("interpreter: can't start ") and problem.endswith(
        "No such file or directory"
    )


def test_interpreter_that_never_answers_is_a_problem(
    cow: Path, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "bin" / "python3", "exec /bin/sleep 60")
    monkeypatch.setattr("pexcz.doctor.TIMEOUT_S", 1)
    found = diagnose(cow, None, {"PATH": f"{tmp_path}/bin", "HOME": str(machine.root)})
    assert found.problems == ["the sh header has found no interpreter within 1 seconds"]
    python = str(tmp_path / "bin" / "python3")
    found = diagnose(cow, python, {"PATH": "/bin", "HOME": str(machine.root)})
    assert found.problems == [f"can't start {python}: it did not answer within 1 seconds"]


def test_every_wrong_variable_is_named(cow: Path, here: Machine) -> None:
    wrong = here.with_(
        PEX_VERBOSE="loud", PEX_IGNORE_ERRORS="maybe", PEX_UNZIP="1", PEX_COLOUR="red"
    )
    found = doctor(wrong, cow)
    assert sorted(problems(found)) == [
        "variables: PEX_IGNORE_ERRORS must be one of 0, 1, false or true, not 'maybe'",
        "variables: PEX_VERBOSE must be a whole number, not 'loud'",
    ]
    assert found["variables"]["notes"] == [
        "PEX_COLOUR has no meaning, and makes each start slower; unset it",
        "PEX_UNZIP is deprecated and has no effect: an app is always unpacked before it runs; unset it",
    ]
    # The other parts are examined nevertheless.
    assert found["cache"]["path"] == str(here.cache) and found["environment"]["path"]


@pytest.mark.parametrize(
    "variables, problem",
    [
        ({"PEX_PYTHON": "/nowhere/python"}, "PEX_PYTHON=/nowhere/python can't run"),
        ({"PEX_TOOLS": "1"}, "PEX_TOOLS is set, but the PEX was built without tools"),
        ({"PEX_SCRIPT": "horse"}, "there is no script horse in this app"),
        ({"PEX_INHERIT_PATH": "maybe"}, "PEX_INHERIT_PATH must be false, prefer or fallback"),
        ({"PEX_PATH": "/nowhere.pex"}, "/nowhere.pex on PEX_PATH does not exist"),
    ],
)
def test_variable_that_asks_for_something_missing_is_a_problem(
    cow: Path, here: Machine, variables: Dict[str, str], problem: str
) -> None:
    (found,) = problems(doctor(here.with_(**variables), cow))
    assert problem in found


def test_pex_on_pex_path_is_not_asked(cow: Path, cow_pex: Path, here: Machine) -> None:
    both = here.with_(PEX_PATH=str(cow_pex))
    found = doctor(both, cow)
    assert problems(found) == []
    assert found["environment"]["notes"] == [
        f"a start will ask the PEX {cow_pex}, which installs itself to answer"
    ]
    assert found["environment"]["path"] is None and found["cache"]["needed"] > 100
    assert both.run(cow, "x").stdout == "moo x\n"
    found = doctor(both, cow)
    assert problems(found) == [] and found["environment"]["notes"] == []
    assert found["environment"]["installed"]


def test_wrong_pexrc_is_a_problem(cow: Path, here: Machine) -> None:
    (here.root / ".pexrc").write_text("PEX_VERBOSE=loud\n")
    assert problems(doctor(here, cow)) == [
        "variables: PEX_VERBOSE must be a whole number, not 'loud'"
    ]


def test_untrusted_cache_is_a_problem_and_is_not_read(cow: Path, here: Machine) -> None:
    assert here.run(cow, "x").stdout == "moo x\n"
    for record in here.cache.glob("venvs/*/*/record"):
        record.write_text("this is not to be run")
    here.cache.chmod(0o777)
    found = doctor(here, cow)
    assert problems(found) == [f"cache: {here.cache}: others can write to it"]
    here.cache.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(here.cache, STRANGER, STRANGER)
        (problem,) = problems(doctor(here, cow))
        assert problem == f"cache: {here.cache}: it belongs to another user, {STRANGER}"


def test_read_only_cache_is_a_problem_for_the_first_start(
    cow: Path, here: Machine, tmp_path: Path
) -> None:
    (here.root / "file").write_text("")
    (problem,) = problems(doctor(here.with_(PEXCZ_ROOT=str(here.root / "file" / "x")), cow))
    assert problem.endswith("Not a directory")
    disk = full_disk(tmp_path, "40m")
    try:
        there = here.with_(PEXCZ_ROOT=str(disk / "czex"))
        for installed in (False, True):
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            expected = [] if installed else [f"cache: {disk}: this user can't write to it"]
            assert problems(doctor(there, cow)) == expected
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
            assert there.run(cow, "x").stdout == "moo x\n"
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_full_disk_is_a_problem(workshop: Workshop, here: Machine, tmp_path: Path) -> None:
    large = {"large.py": "# " + "x" * 5_000_000}
    app = workshop.make("large", sources=large, options=["-m", "large"])
    disk = full_disk(tmp_path, "1m")
    try:
        (problem,) = problems(doctor(here.with_(PEXCZ_ROOT=str(disk / "czex")), app))
        assert f"it needs 5,000,002 bytes in {disk}, and 1,048,576 are free there" in problem
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_noexec_is_a_problem_for_native_libraries_only(
    workshop: Workshop, cow: Path, noexec: Machine
) -> None:
    python = ("--python", PYTHON.path())
    assert problems(doctor(noexec, cow, *python)) == []
    app = with_library(workshop, "whinny")
    (problem,) = problems(doctor(noexec, app, *python))
    root = noexec.variables["PEXCZ_ROOT"]
    assert problem.startswith(f"cache: {root} is on a file system that is mounted noexec")


def test_missing_files_of_an_environment_are_named(cow: Path, here: Machine) -> None:
    assert here.run(cow, "x").stdout == "moo x\n"
    (say,) = here.cache.glob("wheels/*/lib/cow/say.py")
    content = say.read_bytes()
    say.unlink()
    (problem,) = problems(doctor(here, cow))
    assert problem.startswith(f"environment: {say.parents[2]} is damaged in the cache: 1 of ")
    say.write_bytes(content)
    assert problems(doctor(here, cow)) == []
    (venv,) = here.cache.glob("venvs/*/cpython-*")
    (link,) = venv.glob("lib/python*/site-packages/cow")
    link.unlink()
    link.symlink_to("nowhere")
    assert problems(doctor(here, cow)) == [f"environment: {link} is a link that leads nowhere"]
    (venv / "record").unlink()
    expected = f"environment: {venv} can't be read; the next start installs it again"
    assert problems(doctor(here, cow)) == [expected]
    assert here.run(cow, "x").stdout == "moo x\n"


def test_damaged_czex_is_a_problem_and_is_not_run(
    workshop: Workshop, cow_pex: Path, here: Machine, tmp_path: Path
) -> None:
    content = workshop.czex(cow_pex).read_bytes()
    damaged = tmp_path / "damaged.czex"
    damaged.write_bytes(content[:300] + b"touch " + str(tmp_path / "run").encode() + content[300:])
    (problem,) = problems(doctor(here, damaged))
    assert problem.startswith("file: ") and str(damaged) in problem
    assert not (tmp_path / "run").exists()
    (problem,) = problems(doctor(here, tmp_path / "none.czex"))
    assert "none.czex" in problem and "does not exist" in problem


def test_czex_for_another_machine_is_a_problem(
    workshop: Workshop, cow_pex: Path, here: Machine
) -> None:
    other = workshop.native / "runtime" / "windows-x86_64" / "pexcz.exe"
    other.parent.mkdir(exist_ok=True)
    other.write_text("no runtime")
    app = workshop.czex(Path(os.path.relpath(cow_pex)), platforms=["windows-x86_64"])
    try:
        (problem,) = problems(doctor(here, app.absolute()))
        assert "it was built for windows-x86_64, but this machine is" in problem
    finally:
        workshop.czex(cow_pex)


def test_file_that_is_not_executable_gets_a_note(
    workshop: Workshop, cow_pex: Path, here: Machine, tmp_path: Path
) -> None:
    app = tmp_path / "app.czex"
    app.write_bytes(workshop.czex(cow_pex).read_bytes())
    found = doctor(here, app)
    assert problems(found) == []
    assert found["file"]["notes"] == [
        f"{app} is not executable; start it by an interpreter, or `chmod +x` it"
    ]


@on(PYTHON)
def test_doctor_never_starts_the_app(workshop: Workshop, machine: Machine, python: Python) -> None:
    mark = machine.root / "mark"
    text = f"open({str(mark)!r}, 'w').close()\n"
    (workshop.root / "preamble.py").write_text(text)
    app = workshop.make(
        f"marks-{python.name}",
        sources={"main.py": text, "sitecustomize.py": text},
        options=["-m", "main", "--preamble-file", str(workshop.root / "preamble.py"), "--venv"],
    )
    here = machine.with_python(python)
    for _ in range(2):
        for options in ([], ["--python", python.path()]):
            doctor(here, app, *options)
            assert not mark.exists()
        here.run(python.path(), app)
        mark.unlink()


def test_text_has_the_same_facts_as_the_json(cow: Path, here: Machine) -> None:
    prepared = here.with_(PYTHONPATH=pexcz_path(), PEX_UNZIP="1", PEX_VERBOSE="x")
    outcome = prepared.run(*pexcz_command("doctor", cow))
    lines = outcome.stdout.splitlines()
    assert (outcome.stderr, outcome.code) == ("", 1)
    assert lines[0].startswith(f"file         {cow}, ")
    assert "             problem: PEX_VERBOSE must be a whole number, not 'x'" in lines
    assert lines[-1] == "1 problem."
