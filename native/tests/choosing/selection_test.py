"""A CZEX runs in the same interpreter as its PEX, and fails in the same cases."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Sequence

import pytest

from support.interpreters import links, pyenv, script
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on, on_every_python

OLD, MIDDLE, NEW = Python("cpython3.8"), Python("cpython3.9"), Python("cpython3.10")
SOURCE = """\
import os, sys

def main():
    print(sys.version_info[:3], sys.argv[1:], sys.flags.optimize, sys.warnoptions)
    print(getattr(sys.stdout, "write_through", None), os.environ.get("WRAPPED"))
    print([entry for entry in sys.path if "a-virtual-environment" in entry])
"""
CONSTRAINT = "--interpreter-constraint=CPython>=3.9,<3.11"
APPS: Dict[str, Sequence[str]] = {
    "any": (),
    "any-venv": ("--venv",),
    "constrained": (CONSTRAINT,),
    "constrained-venv": (CONSTRAINT, "--venv"),
    "newest": (CONSTRAINT, "--interpreter-selection-strategy=newest"),
}


@dataclass(frozen=True)
class Bench:
    """The things that all cases share: apps, each as a PEX and as a CZEX, and directories with interpreters."""

    pexes: Dict[str, Path]
    czexes: Dict[str, Path]
    places: Dict[str, str]
    pex_root: Path


@dataclass(frozen=True)
class Case:
    """A way to start an app.

    :param variables: The environment, with the names of places of the bench in braces.
    :param names: The words that the messages of both have in common, if the app doesn't start.
    """

    name: str
    app: str
    variables: Dict[str, str] = field(default_factory=dict)
    names: Sequence[str] = ()


@pytest.fixture(scope="module")
def bench(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    root = tmp_path_factory.mktemp("bench")
    search = "--python-path=" + os.pathsep.join(python.path() for python in (MIDDLE, NEW))
    pexes = {
        name: workshop.pex(
            f"selection-{name}",
            sources={"seen.py": SOURCE},
            options=["-m", "seen:main", *options, *([search] if CONSTRAINT in options else ())],
        )
        for name, options in APPS.items()
    }
    pythons = {"python3_9": MIDDLE, "python3_10": NEW, "python3": NEW, "mypython": MIDDLE}
    script(root / "wrapper" / "python3.9", f'WRAPPED=1 exec {MIDDLE.path()} "$@"')
    script(root / "broken" / "python3.9", "echo boom >&2; exit 3")
    (root / "garbage").mkdir()
    (root / "garbage" / "python3.9").write_text("garbage")
    (root / "garbage" / "python3.9").chmod(0o755)
    (root / "empty").mkdir()
    places = {name: str(root / name) for name in ("wrapper", "broken", "garbage", "empty")}
    places["links"] = str(links(root / "links", **pythons))
    places["pyenv"] = str(pyenv(root / "pyenv", MIDDLE, NEW, Python("cpython3.11")))
    for python in (OLD, MIDDLE, NEW, PYTHON):
        places[python.name.replace(".", "_")] = python.path()
    czexes = {name: workshop.czex(pex) for name, pex in pexes.items()}
    return Bench(pexes, czexes, places, root / "pex-root")


CASES = [
    Case("the-running-one-wins", "any"),
    Case("the-oldest-wins", "constrained"),
    Case("the-newest-wins-if-asked-for", "newest"),
    Case("an-absolute-PEX_PYTHON-wins", "any", {"PEX_PYTHON": "{cpython3_8}"}),
    Case("a-fitting-PEX_PYTHON-wins", "constrained", {"PEX_PYTHON": "{cpython3_10}"}),
    Case(
        "an-absolute-PEX_PYTHON-that-does-not-fit-is-fatal",
        "constrained",
        {"PEX_PYTHON": "{cpython3_8}"},
        ["PEX_PYTHON={cpython3_8}", "CPython<3.11,>=3.9"],
    ),
    Case(
        "a-missing-PEX_PYTHON-is-fatal",
        "any",
        {"PEX_PYTHON": "/no/such/python"},
        ["/no/such/python"],
    ),
    Case(
        "a-broken-PEX_PYTHON-is-fatal",
        "any",
        {"PEX_PYTHON": "{broken}/python3.9"},
        ["{broken}/python3.9", "boom"],
    ),
    Case(
        "a-PEX_PYTHON-that-is-no-program-is-fatal",
        "any",
        {"PEX_PYTHON": "{garbage}/python3.9"},
        ["{garbage}/python3.9", "Exec format error"],
    ),
    Case("PEX_PYTHON-by-name", "any", {"PEX_PYTHON": "python3.9"}),
    Case("PEX_PYTHON-by-any-name", "any", {"PEX_PYTHON": "mypython"}),
    Case("PEX_PYTHON-by-the-running-ones-name", "any", {"PEX_PYTHON": "python3.11"}),
    Case(
        "PEX_PYTHON-by-a-name-that-nothing-has",
        "constrained",
        {"PEX_PYTHON": "python3.7"},
        ["PEX_PYTHON=python3.7"],
    ),
    Case(
        "PEX_PYTHON-by-a-name-that-does-not-fit",
        "constrained",
        {"PEX_PYTHON": "python3.11"},
        ["PEX_PYTHON=python3.11", "CPython<3.11,>=3.9", "{cpython3_11}", "3.11."],
    ),
    Case("an-empty-PEX_PYTHON-is-none", "any", {"PEX_PYTHON": ""}),
    Case("PEX_PYTHON_PATH-of-files", "any", {"PEX_PYTHON_PATH": "{cpython3_10}:{cpython3_8}"}),
    Case("PEX_PYTHON_PATH-of-a-directory", "any", {"PEX_PYTHON_PATH": "{links}"}),
    Case(
        "PEX_PYTHON_PATH-with-the-running-one", "any", {"PEX_PYTHON_PATH": "{links}:{cpython3_11}"}
    ),
    Case("PEX_PYTHON_PATH-with-a-link", "any", {"PEX_PYTHON_PATH": "{links}/mypython"}),
    Case("PEX_PYTHON_PATH-is-the-only-one", "constrained", {"PEX_PYTHON_PATH": "{cpython3_10}"}),
    Case(
        "PEX_PYTHON_PATH-without-an-interpreter",
        "any",
        {"PEX_PYTHON_PATH": "{empty}"},
        ["PEX_PYTHON_PATH=", "{empty}", "{cpython3_11}"],
    ),
    Case(
        "PEX_PYTHON_PATH-without-one-that-fits",
        "constrained",
        {"PEX_PYTHON_PATH": "{cpython3_8}:{broken}:{garbage}"},
        ["{cpython3_8}", "3.8.", "CPython<3.11,>=3.9", "{broken}/python3.9", "boom", "{garbage}"],
    ),
    Case("an-empty-PEX_PYTHON_PATH-is-here", "any", {"PEX_PYTHON_PATH": ""}, ["PEX_PYTHON_PATH="]),
    Case(
        "PEX_PYTHON-on-PEX_PYTHON_PATH",
        "any",
        {"PEX_PYTHON": "{cpython3_9}", "PEX_PYTHON_PATH": "{cpython3_8}:{cpython3_9}"},
    ),
    Case(
        "PEX_PYTHON-not-on-PEX_PYTHON_PATH",
        "any",
        {"PEX_PYTHON": "{cpython3_9}", "PEX_PYTHON_PATH": "{cpython3_8}"},
        ["PEX_PYTHON={cpython3_9}", "PEX_PYTHON_PATH=", "{cpython3_8}"],
    ),
    Case(
        "PEX_PYTHON_PATH-beats-a-name",
        "any",
        {"PEX_PYTHON": "python3.9", "PEX_PYTHON_PATH": "{links}/python3.10:{cpython3_8}"},
    ),
    Case("a-wrapper-is-left-behind", "any", {"PEX_PYTHON": "{wrapper}/python3.9"}),
    Case(
        "a-wrapper-that-is-found-is-left-behind", "any", {"PEX_PYTHON_PATH": "{wrapper}:{broken}"}
    ),
    Case(
        "an-active-shim",
        "any",
        {"PEX_PYTHON": "{pyenv}/shims/python3.9", "PYENV_VERSION": "3.9.99"},
    ),
    Case(
        "a-shim-that-is-not-active",
        "any",
        {"PEX_PYTHON": "{pyenv}/shims/python3.9", "PYENV_VERSION": "3.10.99"},
        ["{pyenv}/shims/python3.9", "active"],
    ),
    Case(
        "shims-on-PATH",
        "constrained",
        {"PATH": "{pyenv}/shims", "PYENV_VERSION": "3.11.99:3.10.99"},
    ),
    Case("venv-the-oldest-wins", "constrained-venv"),
    Case("venv-PEX_PYTHON", "any-venv", {"PEX_PYTHON": "{cpython3_9}"}),
    Case("venv-PEX_PYTHON-by-name", "any-venv", {"PEX_PYTHON": "python3.9"}),
    Case("venv-PEX_PYTHON_PATH", "any-venv", {"PEX_PYTHON_PATH": "{cpython3_9}:{cpython3_8}"}),
    Case(
        "venv-none-fits",
        "constrained-venv",
        {"PEX_PYTHON_PATH": "{cpython3_8}"},
        ["{cpython3_8}", "CPython<3.11,>=3.9"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_czex_runs_in_the_interpreter_of_its_pex(
    bench: Bench, machine: Machine, case: Case
) -> None:
    variables = {"PATH": bench.places["links"], "PYENV_ROOT": bench.places["pyenv"]}
    for name, value in case.variables.items():
        variables[name] = value.format(**bench.places)
    prepared = machine.with_(**variables)
    with_root = prepared.with_(PEX_ROOT=str(bench.pex_root))
    pex = with_root.run(PYTHON.path(), bench.pexes[case.app], "x y", cwd=machine.root)
    # The second start uses the facts that the first has recorded.
    for _ in range(2):
        czex = prepared.run(PYTHON.path(), bench.czexes[case.app], "x y", cwd=machine.root)
        assert (czex.stdout, czex.code) == (pex.stdout, pex.code)
        assert (czex.stderr == "") == (czex.code == 0)
        for name in case.names:
            assert name.format(**bench.places) in pex.stderr
            assert name.format(**bench.places) in czex.stderr


@on_every_python()
def test_every_python_can_choose_and_be_chosen(
    bench: Bench, machine: Machine, python: Python
) -> None:
    for running, other in ((python, NEW), (NEW, python)):
        asked = machine.with_(PEX_PYTHON_PATH=other.path())
        pex = asked.run(running.path(), bench.pexes["any"], "x")
        for _ in range(2):
            outcome = asked.run(running.path(), bench.czexes["any"], "x")
            assert (outcome.stdout, outcome.stderr) == (pex.stdout, "")
            assert pex.code == outcome.code == 0


@on(MIDDLE, PYTHON)
def test_flags_apply_in_the_chosen_interpreter(
    bench: Bench, machine: Machine, python: Python
) -> None:
    command = [python.path(), "-O", "-u", "-W", "error::UserWarning"]
    other = machine.with_(PEX_PYTHON=NEW.path())
    pex = other.run(*command, bench.pexes["any"], "x")
    assert "1 ['error::UserWarning']\nTrue None" in pex.stdout
    for _ in range(2):
        assert other.run(*command, bench.czexes["any"], "x").stdout == pex.stdout


def test_flags_apply_in_an_interpreter_that_an_earlier_start_chose(
    bench: Bench, machine: Machine
) -> None:
    known = machine.with_(PATH=bench.places["links"])
    for _ in range(3):
        outcome = known.run(PYTHON.path(), "-O", "-u", bench.czexes["constrained"], "x")
        assert "['x'] 1 []\nTrue None" in outcome.stdout


def test_interpreter_of_a_virtual_environment_stands_for_its_base(
    bench: Bench, machine: Machine, tmp_path: Path
) -> None:
    venv = tmp_path / "a-virtual-environment"
    subprocess.run([PYTHON.path(), "-m", "venv", "--without-pip", str(venv)], check=True)
    python = str(venv / "bin" / "python")
    for prepared in (
        machine,
        machine.with_(PEX_PYTHON=python),
        machine.with_(PEX_PYTHON_PATH=str(venv / "bin")),
    ):
        for command in ([python], [MIDDLE.path()]):
            pex = prepared.run(*command, bench.pexes["any"])
            assert pex.stdout.endswith("\n[]\n")
            assert prepared.run(*command, bench.czexes["any"]).stdout == pex.stdout


def test_version_file_of_pyenv_is_obeyed(bench: Bench, machine: Machine, tmp_path: Path) -> None:
    below = tmp_path / "project" / "below"
    below.mkdir(parents=True)
    shim = f"{bench.places['pyenv']}/shims/python3"
    prepared = machine.with_(PEX_PYTHON=shim, PYENV_ROOT=bench.places["pyenv"])
    for version in ("3.9.99", "3.10.99"):
        (tmp_path / "project" / ".python-version").write_text(f"{version}\n")
        pex = prepared.run(PYTHON.path(), bench.pexes["any"], cwd=below)
        czex = prepared.run(PYTHON.path(), bench.czexes["any"], cwd=below)
        assert czex.stdout == pex.stdout != ""
    (Path(bench.places["pyenv"]) / "version").write_text("3.9.99\n")
    pex = prepared.run(PYTHON.path(), bench.pexes["any"], cwd=tmp_path)
    assert prepared.run(PYTHON.path(), bench.czexes["any"], cwd=tmp_path).stdout == pex.stdout
