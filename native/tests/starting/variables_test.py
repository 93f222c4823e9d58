"""PEX_* variables and rc files have the same effect on a CZEX as on its PEX: each case starts both."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict

import pytest
from pex.variables import Variables as PexVariables

from support.runtime import NATIVE
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python

sys.path.append(str(NATIVE / "boot"))

from boot.variables import Variables

OTHER = Python("cpython3.9")
SOURCES = {
    "seen.py": """\
import os, sys

def main():
    left = sorted(name for name in os.environ if name.startswith("PEX_"))
    print("the app", sys.version_info[:2], sys.argv[1:], left)
""",
    "other.py": "print('another module')\n",
}


@dataclass(frozen=True)
class Apps:
    """Each app by its name, as a PEX and as a CZEX."""

    pexes: Dict[str, Path]
    czexes: Dict[str, Path]


@dataclass(frozen=True)
class Case:
    """A start of an app.

    :param rc: The content of the rc file in the home directory.
    :param names: A text that both messages contain, if the app doesn't start.
    """

    app: str
    variables: Dict[str, str] = field(default_factory=dict)
    rc: str = ""
    names: str = ""

    @property
    def id(self) -> str:
        parts = [f"{name}={value}" for name, value in self.variables.items()]
        return "-".join([self.app, *parts, *(["rc", self.rc] if self.rc else [])])


@pytest.fixture(scope="module")
def apps(workshop: Workshop) -> Apps:
    options = {"zipapp": (), "venv": ("--venv",), "silent": ("--no-emit-warnings",)}
    pexes = {
        name: workshop.pex(f"variables-{name}", sources=SOURCES, options=["-m", "seen:main", *more])
        for name, more in options.items()
    }
    return Apps(pexes, {name: workshop.czex(pex) for name, pex in pexes.items()})


def both_modes(*cases: Case) -> list[Case]:
    """Return these cases in zipapp mode and in venv mode."""
    return [
        Case(app, case.variables, case.rc, case.names)
        for case in cases
        for app in ("zipapp", "venv")
    ]


def refused(name: str, value: str) -> Case:
    return Case("", {name: value}, names=name)


BOOLEANS = [
    Case("", {"PEX_IGNORE_ERRORS": "TRUE"}),
    Case("", {"PEX_IGNORE_ERRORS": "False"}),
    *(
        refused(f"PEX_{name}", value)
        for name in ("DISABLE_VARIABLES", "IGNORE_ERRORS", "EMIT_WARNINGS", "TOOLS", "VENV")
        for value in ("yes", "")
    ),
    refused("PEX_IGNORE_RCFILES", "on"),
    refused("PEX_UNZIP", "2"),
]
NUMBERS = [
    Case("", {"PEX_VERBOSE": " 0 "}),
    Case("", {"PEX_VERBOSE": "-1"}),
    Case("", {"PEX_MAX_INSTALL_JOBS": "-1"}),
    Case("", {"PEX_MAX_INSTALL_JOBS": "4"}),
    refused("PEX_VERBOSE", ""),
    refused("PEX_VERBOSE", "1.5"),
    refused("PEX_MAX_INSTALL_JOBS", "many"),
    refused("PEX_MAX_INSTALL_JOBS", "-2"),
]
TEXTS = [
    Case("", {"PEX_MULTIPROCESSING_START_METHOD": "spawn"}),
    Case("", {"PEX_MULTIPROCESSING_START_METHOD": "nonsense"}),
    Case("", {"PEX_NO_SUCH_VARIABLE": "nonsense"}),
    Case("", {"PEX_MODULE": "other"}),
    Case("", {"PEX_SCRIPT": ""}),
]
RC_FILES = [
    Case("", rc=f"PEX_PYTHON={OTHER.path()}"),
    Case("", {"PEX_PYTHON": sys.executable}, rc="PEX_PYTHON=/no/such/python"),
    Case("", {"PEX_IGNORE_RCFILES": "1"}, rc=f"PEX_PYTHON={OTHER.path()}"),
    Case("", {"PEX_DISABLE_VARIABLES": "1"}, rc=f"PEX_PYTHON={OTHER.path()}"),
    Case("", rc="PEX_MODULE=other"),
    Case("", rc="PEX_VENV_BIN_PATH=nonsense"),
    Case("", rc="PEX_VERBOSE=nonsense", names="PEX_VERBOSE"),
    Case("", rc="PEX_IGNORE_ERRORS=nonsense", names="PEX_IGNORE_ERRORS"),
    Case("", rc="PEX_DISABLE_VARIABLES=1\nPEX_MODULE=other"),
    Case("", rc="PEX_IGNORE_RCFILES=1\nPEX_MODULE=other"),
]
CASES = [
    *both_modes(*BOOLEANS, *NUMBERS, *TEXTS, *RC_FILES),
    Case(
        "zipapp", {"PEX_DISABLE_VARIABLES": "1", "PEX_MODULE": "other", "PEX_VERBOSE": "nonsense"}
    ),
    # Zipapp mode reads these at every start. Venv mode ignores them, or takes an invalid value as false.
    *(
        Case(app, {f"PEX_{name}": value}, names=f"PEX_{name}" if app == "zipapp" else "")
        for app in ("zipapp", "venv")
        for name in ("COVERAGE", "INTERPRETER", "PROFILE")
        for value in ("yes", "")
    ),
    Case("zipapp", {"PEX_MODULE": ""}),
    Case("zipapp", {"PEX_VENV_BIN_PATH": "nonsense"}),
    Case("venv", {"PEX_VENV_BIN_PATH": "nonsense"}, names="PEX_VENV_BIN_PATH"),
    Case("zipapp", rc="PEX_INTERPRETER=nonsense", names="PEX_INTERPRETER"),
    Case("venv", rc="PEX_INTERPRETER=nonsense\nPEX_MODULE=other"),
    Case("zipapp", rc="PEX_SCRIPT=missing", names="missing"),
    Case("venv", rc="PEX_SCRIPT=missing"),
    *(
        Case("zipapp", rc=line)
        for line in (
            "PEX_MODULE = other",
            "  PEX_MODULE=other \r\n",
            "# PEX_MODULE=other",
            "export PEX_MODULE=other",
            "PEX_MODULE=other=",
            "PEX_MODULE=a=b",
            "PEX_MODULE=",
            "nonsense\n\nOTHER=1\nPEX_MODULE=seen\nPEX_MODULE=other",
        )
    ),
    Case("zipapp", rc="PEX_MODULE='other'", names="'other'"),
    Case("zipapp", rc='PEX_MODULE="other"', names='"other"'),
    Case("zipapp", {"WHICH": "other"}, rc="PEX_MODULE=$WHICH", names="$WHICH"),
    Case("zipapp", rc="PEX_MODULE==other"),
]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_variable_has_the_same_effect_as_for_the_pex(
    apps: Apps, machine: Machine, case: Case
) -> None:
    if case.rc:
        (machine.root / ".pexrc").write_text(case.rc)
    prepared = machine.with_(**case.variables)
    pex = prepared.run(PYTHON.path(), apps.pexes[case.app], "x")
    czex = prepared.run(PYTHON.path(), apps.czexes[case.app], "x")
    assert (czex.stdout, czex.code) == (pex.stdout, pex.code)
    assert case.names in pex.stderr
    assert case.names in czex.stderr
    # A failure is one line, except for an exception in the app.
    assert czex.stderr.count("\n") <= 1 or "ImportError: No module named" in czex.stderr


def test_PEX_VERBOSE_logs_each_step(apps: Apps, machine: Machine) -> None:
    for value, lines in (("1", 1), ("9", 1), ("0", 0), ("-1", 0)):
        prepared = machine.with_(PEX_VERBOSE=value, PEXCZ_ROOT=str(machine.root / value))
        outcome = prepared.run(PYTHON.path(), apps.czexes["zipapp"])
        assert outcome.stderr.count("\n") == lines
        assert not lines or outcome.stderr.startswith("czex: installing into ")


def test_later_rc_files_win_and_the_environment_wins_over_all(
    apps: Apps, machine: Machine, tmp_path: Path
) -> None:
    home, beside = machine.root / ".pexrc", tmp_path / "elsewhere" / ".pexrc"
    beside.parent.mkdir()
    starts = []
    for path in (apps.pexes["zipapp"], apps.czexes["zipapp"]):
        link = beside.parent / path.name
        link.symlink_to(path)
        seen = []
        home.write_text("PEX_MODULE=other\n")
        seen.append(machine.run(PYTHON.path(), link).stdout)
        beside.write_text("PEX_MODULE=seen:main\n")
        seen.append(machine.run(PYTHON.path(), link).stdout)
        seen.append(machine.run(PYTHON.path(), path).stdout)
        seen.append(machine.with_(PEX_MODULE="other").run(PYTHON.path(), link).stdout)
        starts.append(seen)
        beside.unlink()
    assert starts[0] == starts[1]
    assert [text.split()[0] for text in starts[1]] == ["another", "the", "another", "another"]


def test_an_unreadable_rc_file_is_ignored_or_named_in_an_error(
    apps: Apps, machine: Machine
) -> None:
    path = machine.root / ".pexrc"
    path.mkdir()
    outcome = machine.run(PYTHON.path(), apps.czexes["zipapp"])
    assert (outcome.stdout.split()[:2], outcome.stderr) == (["the", "app"], "")
    path.rmdir()
    for content in (b"PEX_MODULE=\xff\xfe\n", b"PEX_MODULE==other\n"):
        path.write_bytes(content)
        assert machine.run(PYTHON.path(), apps.pexes["zipapp"]).code == 1
        outcome = machine.run(PYTHON.path(), apps.czexes["zipapp"])
        assert (outcome.code, outcome.stderr.count("\n")) == (1, 1)
        assert outcome.stderr.startswith(f"czex: can't start {apps.czexes['zipapp']}: {path} ")


@pytest.mark.parametrize("name", ["ALWAYS_CACHE", "FORCE_LOCAL", "TEARDOWN_VERBOSE", "UNZIP"])
def test_a_deprecated_variable_is_accepted_with_a_warning(
    apps: Apps, machine: Machine, name: str
) -> None:
    prepared = machine.with_(**{f"PEX_{name}": "1"})
    warning = f"czex: PEX_{name} is deprecated"
    for app in ("zipapp", "venv"):
        pex = prepared.run(PYTHON.path(), apps.pexes[app])
        assert f"`PEX_{name}` env var is deprecated" in pex.stderr
        # With PEX_PYTHON, a start consists of three processes.
        for variables in ({}, {"PEX_PYTHON": OTHER.path()}):
            outcome = prepared.with_(**variables).run(PYTHON.path(), apps.czexes[app])
            assert outcome.stdout.startswith("the app")
            assert (outcome.stderr.count("\n"), outcome.stderr[: len(warning)]) == (1, warning)
    for variables, app in (({"PEX_EMIT_WARNINGS": "0"}, "zipapp"), ({}, "silent")):
        assert prepared.with_(**variables).run(PYTHON.path(), apps.czexes[app]).stderr == ""
    loud = prepared.with_(PEX_EMIT_WARNINGS="0", PEX_VERBOSE="1")
    assert warning in loud.run(PYTHON.path(), apps.czexes["zipapp"]).stderr


def test_an_rc_file_can_set_the_cache(apps: Apps, machine: Machine, tmp_path: Path) -> None:
    for root, expected in (
        ("~/a-root", machine.root / "a-root"),
        ("b-root", tmp_path / "b-root"),
        (f"{tmp_path}/x/../c-root", tmp_path / "c-root"),
    ):
        (machine.root / ".pexrc").write_text(f"PEX_ROOT={root}\n")
        for _ in range(2):
            outcome = machine.run(PYTHON.path(), apps.czexes["zipapp"], cwd=tmp_path)
            assert (outcome.stdout.split()[:2], outcome.stderr) == (["the", "app"], "")
        assert (expected / "czex" / "venvs").is_dir()
        (machine.root / ".pexrc").unlink()
        outcome = machine.with_(PEX_ROOT=root).run(
            PYTHON.path(), apps.czexes["zipapp"], cwd=tmp_path
        )
        assert outcome.stdout.startswith("the app")
    assert not machine.cache.exists()


@pytest.mark.parametrize("name", ["PYTHON_PATH", "PATH", "EXTRA_SYS_PATH"])
@pytest.mark.parametrize(
    "value", [None, "", ".", "a", "a:b:a", "./a:a/", "~:~/x", "/a/../b::/b", ":", "a::"]
)
def test_paths_are_normalised_as_in_pex(name: str, value: str | None) -> None:
    environ = {} if value is None else {f"PEX_{name}": value.replace(":", os.pathsep)}
    expected = getattr(PexVariables(environ={**environ, "PEX_IGNORE_RCFILES": "1"}), f"PEX_{name}")
    assert Variables(environ).paths(name, empty_is_here=name != "PATH") == list(expected or ())
