"""A CZEX treats `.start` files (PEP 829) like Python's `site`: since 3.15 they are entry points, before that they are ignored."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import List, Tuple

import pytest

from support.pex_boot import IMPORT_BOOT, ask
from support.runtime import NATIVE
from support.wheels import Wheel
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import Python

sys.path.append(str(NATIVE / "boot"))

from boot import seldom

# The first Python with these files.
FIRST = Python("cpython3.15")
STARTED = Wheel(
    "started",
    {
        "started.py": "import sys\n\ndef start():\n    sys.stdout.write('start\\n')\n",
        "started.pth": "import sys; sys.stdout.write('pth\\n')\n",
        "started.start": "started:start\n",
        ".hidden.start": "started:start\n",
    },
)
SHOW = {"show.py": "def main():\n    print('main')\n"}


class StartupState:
    """A stand-in for the class in Python 3.15's `site`, which records its calls."""

    calls: List[Tuple[str, ...]] = []

    def __init__(self, known_paths: set[str]) -> None:
        assert known_paths == set(sys.path)

    def _read_pth_file(self, directory: str, name: str) -> None:
        self.calls.append(("pth", directory, name))

    def _read_start_file(self, directory: str, name: str) -> None:
        self.calls.append(("start", directory, name))

    def process(self) -> None:
        self.calls.append(("process",))


def test_files_are_read_in_one_batch_if_site_has_batches() -> None:
    site = SimpleNamespace(StartupState=StartupState)
    seldom.read_as_site(site, "/site-packages", ["a.pth", "b.pth", "a.start"])
    assert StartupState.calls == [
        ("pth", "/site-packages", "a.pth"),
        ("pth", "/site-packages", "b.pth"),
        ("start", "/site-packages", "a.start"),
        ("process",),
    ]


@pytest.fixture(scope="module")
def started(workshop: Workshop) -> Path:
    options = ["-m", "show:main"]
    return workshop.make(
        "started", requirements=["started"], wheels=[STARTED], sources=SHOW, options=options
    )


@pytest.mark.parametrize("python", map(Python, ("cpython2.7", "cpython3.11", "cpython3.13")))
def test_a_start_file_is_ignored_before_python_3_15(
    started: Path, machine: Machine, python: Python
) -> None:
    for start in ("cold", "warm"):
        outcome = machine.run(python.path(), started)
        assert (outcome.stdout, outcome.stderr) == ("pth\nmain\n", ""), start


def test_a_start_file_replaces_the_code_of_its_pth_file(started: Path, machine: Machine) -> None:
    for start in ("cold", "warm"):
        outcome = machine.run(FIRST.path(), started)
        assert (outcome.stdout, outcome.stderr) == ("start\nmain\n", ""), start


@pytest.mark.parametrize(
    ("name", "content", "has_effects"),
    [
        ("trust.start", "# A comment\n trust:inject\n", True),
        ("trust.start", "# A comment\n", False),
        ("_virtualenv.start", "_virtualenv:start\n", False),
        ("trust.pth", "\ufeff import trust\n", True),
        ("trust.pth", "trust\n", False),
    ],
)
def test_the_machines_files_are_judged_by_the_code_that_they_run(
    tmp_path: Path, name: str, content: str, has_effects: bool
) -> None:
    (tmp_path / name).write_text(content)
    code = IMPORT_BOOT + (
        "from boot import machine\n"
        "json.dump(machine.has_effects([json.load(sys.stdin)]), sys.stdout)\n"
    )
    assert ask(FIRST, code, str(tmp_path), tmp_path) == has_effects
