"""An app runs from a cache on a file system that is mounted with noexec, unless it needs native libraries."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.native_library import with_library
from support.wheels import Wheel
from support.workshop import COW, Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on, on_every_python, only_on


@on_every_python()
@pytest.mark.parametrize("layout", ["zipapp", "packed"])
def test_a_cache_on_noexec_starts_a_pure_python_app(
    workshop: Workshop, cow_pex: Path, noexec: Machine, python: Python, layout: str
) -> None:
    cow = workshop.czex(cow_pex, layout=layout)
    start = noexec.with_python(python)
    header = cow / "pex" if layout == "packed" else cow
    for command in ([python.path(), cow], [header]) * 2:
        outcome = start.run(*command, "x")
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1)


@on(*map(Python, ("cpython2.7", "cpython3.6", "pypy3")))
def test_runtime_starts_from_another_directory_without_memfd(
    cow: Path, noexec: Machine, python: Python, tmp_path: Path
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    outcome = noexec.with_(TMPDIR=str(place)).run(python.path(), cow, "x")
    assert (outcome.stdout, outcome.stderr) == ("moo x\n", "")
    assert list(place.iterdir()) == []


# Later versions can start a program from memory.
@only_on(*map(Python, ("cpython2.7", "cpython3.7")))
def test_machine_with_noexec_everywhere_gives_a_message(
    cow: Path, noexec: Machine, python: Python
) -> None:
    disk = Path(noexec.variables["PEXCZ_ROOT"]).parent
    places = [f"mount -t tmpfs -o noexec tmpfs {path}" for path in ("/dev/shm", "/var/tmp")]
    command = ["unshare", "-m", "sh", "-c", " && ".join([*places, 'exec "$@"']), "sh"]
    outcome = noexec.with_(TMPDIR=str(disk)).run(*command, python.path(), cow)
    assert (outcome.stdout, outcome.code) == ("", 1)
    assert outcome.stderr.count("\n") == 1
    assert outcome.stderr.startswith(f"czex: can't start {cow}: {disk}/czex/runtimes/")
    assert "noexec" in outcome.stderr


@on(*map(Python, ("cpython2.7", "cpython3.11")))
def test_venv_copies_links_the_interpreter_on_noexec(
    workshop: Workshop, noexec: Machine, python: Python
) -> None:
    app = workshop.root / "copies.czex"
    if not app.exists():
        workshop.make(
            "copies",
            sources={
                "main.py": (
                    "import subprocess, sys\ndef main():\n"
                    "    sys.exit(subprocess.call([sys.executable, '-c', 'print(1)']))\n"
                )
            },
            options=["-m", "main:main", "--venv", "--venv-copies"],
        )
    for _ in range(2):
        outcome = noexec.run(python.path(), app)
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("1\n", "", 0)


def test_cache_works_after_a_remount_with_noexec(workshop: Workshop, noexec: Machine) -> None:
    app = workshop.make(
        "becoming",
        requirements=["cow"],
        wheels=[COW],
        options=["-c", "cow", "--venv", "--venv-copies"],
    )
    disk = Path(noexec.variables["PEXCZ_ROOT"]).parent
    for option in ("exec", "noexec", "exec"):
        subprocess.run(["mount", "-o", f"remount,{option}", disk], check=True)
        for _ in range(2):
            outcome = noexec.run(PYTHON.path(), app, "x")
            assert (outcome.stdout, outcome.stderr) == ("moo x\n", "")


@on(*map(Python, ("cpython2.7", "cpython3.7", "cpython3.11", "pypy3")))
def test_app_that_needs_a_native_library_names_its_wheel(
    workshop: Workshop, noexec: Machine, python: Python
) -> None:
    app = with_library(workshop, "whinny")
    root = noexec.variables["PEXCZ_ROOT"]
    for _ in range(2):
        outcome = noexec.run(python.path(), app)
        assert (outcome.stdout, outcome.code) == ("", 1)
        assert outcome.stderr.splitlines()[0] == (
            f"czex: can't start {app}: whinny-1.0-py2.py3-none-any.whl has native libraries, "
            f"which can't be loaded from {root}: its file system is mounted with noexec; set PEXCZ_ROOT to "
            "a directory on another one"
        )


@on(*map(Python, ("cpython2.7", "cpython3.11")))
def test_app_that_works_without_its_native_library_runs(
    workshop: Workshop, noexec: Machine, python: Python
) -> None:
    app = with_library(workshop, "hoof")
    for _ in range(2):
        outcome = noexec.run(python.path(), app)
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("None\n", "", 0)


def test_app_that_is_a_program_of_a_wheel_names_the_program(
    workshop: Workshop, noexec: Machine
) -> None:
    path = "tool-1.0.data/scripts/tool"
    wheel = Wheel("tool", {path: "#!/bin/sh\necho moo\n"}, executables=[path])
    app = workshop.make("tool", requirements=["tool"], wheels=[wheel], options=["-c", "tool"])
    outcome = noexec.run(PYTHON.path(), app)
    assert (outcome.stdout, outcome.code, outcome.stderr.count("\n")) == ("", 1, 1)
    assert outcome.stderr.startswith(f"czex: can't start {app}: {noexec.variables['PEXCZ_ROOT']}/")
    assert "/bin/tool: Permission denied; set PEXCZ_ROOT to " in outcome.stderr
