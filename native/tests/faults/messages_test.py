"""The message of a start that can't work names the problem of this app on this machine, and a remedy."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from support.interpreters import links, pyenv
from support.runtime import HOST
from support.wheels import Wheel
from support.workshop import COW, Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on

OLD, MIDDLE = Python("cpython3.8"), Python("cpython3.9")
OTHER = "linux-aarch64" if HOST != "linux-aarch64" else "linux-x86_64"
SOURCE = {"mine.py": "def main():\n    print('started')\n"}


@pytest.fixture(scope="module")
def both(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Return a workshop that also has a runtime for another platform (in fact a copy of this machine's)."""
    root = tmp_path_factory.mktemp("both")
    shutil.copytree(workshop.native, root / "native")
    runtimes = root / "native" / "runtime"
    shutil.copytree(runtimes / HOST, runtimes / OTHER)
    return Workshop(workshop.root, root / "native")


def compiled(workshop: Workshop, name: str, *platforms: str) -> Path:
    """Make a PEX with a wheel for CPython 3.11 on each of these platforms."""
    wheel = Wheel("lib", {"lib.py": ""}, tag="cp311-cp311-linux_")
    return workshop.pex(
        name,
        requirements=["lib"],
        wheels=[replace(wheel, tag=wheel.tag + one.partition("-")[2]) for one in platforms],
        sources=SOURCE,
        options=["-m", "mine:main", *(f"--platform={one}-cp-311-cp311" for one in platforms)],
    )


def test_app_for_another_machine_names_both_platforms(both: Workshop, machine: Machine) -> None:
    options = ["-m", "mine:main"]
    constrained = [*options, "--interpreter-constraint=CPython==3.11.*"]
    apps = [
        both.pex("pure", sources=SOURCE, options=options),
        both.pex("constrained", sources=SOURCE, options=constrained),
        compiled(both, "compiled", OTHER),
    ]
    pythons = [PYTHON, OLD, PYTHON]
    for app, python in zip(apps, pythons):
        czex = both.czex(app, [OTHER])
        for prepared in (machine, machine.with_(PEX_PYTHON=python.path())):
            outcome = prepared.run(python.path(), czex)
            assert (outcome.code, outcome.stdout) == (1, "")
            assert outcome.stderr == (
                f"czex: can't start {czex}: it was built for {OTHER}, but this machine is {HOST}; "
                f"add {HOST} to `platforms` of its czex_binary, or to --platform of pexcz\n"
            )


@on(*map(Python, ("cpython2.7", "cpython3.11", "pypy3")))
def test_wheels_for_another_machine_are_named(
    both: Workshop, machine: Machine, python: Python
) -> None:
    czex = both.czex(compiled(both, f"wheels-{python.name}", OTHER), [HOST])
    outcome = machine.run(python.path(), czex)
    assert (outcome.code, outcome.stdout) == (1, "")
    assert outcome.stderr == (
        f"czex: can't start {czex}: its wheels are for {OTHER}, but this machine is {HOST}; build its PEX with wheels "
        "for both, by `complete_platforms` of its `pex_binary`\n"
    )


def test_missing_runtime_is_named(both: Workshop, machine: Machine) -> None:
    czex = both.czex(compiled(both, "runtime", HOST, OTHER), [OTHER])
    outcome = machine.run(PYTHON.path(), czex)
    assert (outcome.code, outcome.stdout) == (1, "")
    assert outcome.stderr == (
        f"czex: can't start {czex}: it has wheels for this machine ({HOST}), but runtimes only for {OTHER}; "
        f"add {HOST} to `platforms` of its czex_binary, or to --platform of pexcz\n"
    )


def test_wheels_for_another_python_are_named(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    czex = workshop.czex(compiled(workshop, "python", HOST))
    prepared = machine.with_(PATH=str(links(tmp_path / "bin", python3=OLD)))
    outcome = prepared.run(OLD.path(), czex)
    assert "found no interpreter that can run it" in outcome.stderr
    assert "lib: it has lib-1.0-cp311-cp311-linux_" in outcome.stderr


def test_inactive_shim_is_named_with_its_message(
    cow: Path, machine: Machine, tmp_path: Path
) -> None:
    root = pyenv(tmp_path / "pyenv", MIDDLE, PYTHON)
    shims = f"{root}/shims"
    prepared = machine.with_(PATH=f"{shims}:/usr/bin:/bin", PYENV_VERSION="3.11.99")
    outcome = prepared.with_(PEX_PYTHON="python3.9").run(PYTHON.path(), cow)
    assert outcome.code == 1
    assert f"\n  {shims}/python3.9: pyenv: python3.9: command not found\n" in outcome.stderr
    assert outcome.stderr.endswith("\nunset PEX_PYTHON, or name another interpreter\n")
    outcome = prepared.with_(PEX_PYTHON=f"{shims}/python3.9").run(PYTHON.path(), cow)
    assert outcome.stderr == (
        f"czex: can't start {cow}: PEX_PYTHON={shims}/python3.9 can't run it: no active pyenv version has it: "
        "pyenv: python3.9: command not found; unset PEX_PYTHON, or name another interpreter\n"
    )


def test_message_shows_the_path_of_the_caller(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    options = ["-m", "mine:main", "--interpreter-constraint=CPython==3.9.*"]
    czex = workshop.make(
        "callers", sources=SOURCE, options=[*options, f"--python-path={MIDDLE.path()}"]
    )
    root = pyenv(tmp_path / "pyenv", PYTHON)
    callers = f"{root}/shims:/bin"
    added = f"{root}/versions/3.11.99/bin:{root}/libexec:{root}/plugins/python-build/bin"
    prepared = machine.with_(
        PATH=f"{added}:{callers}", PYENV_ROOT=str(root), PYENV_VERSION="3.11.99"
    )
    by_shim = prepared.with_(PYENV_DIR=str(tmp_path)).run(PYTHON.path(), czex)
    assert f"\nsearched PATH={callers}\n" in by_shim.stderr
    by_itself = prepared.run(PYTHON.path(), czex)
    assert f"\nsearched PATH={added}:{callers}\n" in by_itself.stderr


def test_message_about_missing_tools_names_the_field_for_pants(cow: Path, machine: Machine) -> None:
    for variable, field in (
        ("PEX_TOOLS", "include_tools=True"),
        ("PEX_VENV", 'execution_mode="venv"'),
    ):
        outcome = machine.with_(**{variable: "1"}).run(PYTHON.path(), cow)
        assert outcome.code == 1
        assert f"{variable} is set" in outcome.stderr and f"in Pants: {field}" in outcome.stderr


@pytest.mark.parametrize("layout", ["zipapp", "packed"])
def test_environment_records_the_path_of_its_app(
    workshop: Workshop, machine: Machine, tmp_path: Path, layout: str
) -> None:
    pex = workshop.pex(f"named-{layout}", requirements=["cow"], wheels=[COW], options=["-c", "cow"])
    czex = workshop.czex(pex, layout=layout)
    # The name is not UTF-8, but Python must be able to read `pyvenv.cfg` at each start of the environment's interpreter.
    named = Path(os.fsdecode(os.fsencode(tmp_path) + b"/h\xe9llo.czex"))
    czex.rename(named)
    assert machine.run(PYTHON.path(), named, "x").stdout == "moo x\n"
    (config,) = machine.cache.glob("venvs/*/*/pyvenv.cfg")
    assert f"\nczex = {tmp_path}/h\N{REPLACEMENT CHARACTER}llo.czex\n" in config.read_text("utf-8")
    assert machine.run(config.parent / "bin" / "cow", "y").stdout == "moo y\n"
