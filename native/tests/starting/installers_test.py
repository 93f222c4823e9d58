"""An app that installs a package into itself changes only its own environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, List

import pytest

from support.pexcz import verify
from support.wheels import Wheel
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import PYTHON

TELL = "import cow; print(cow.VERSION, cow.deep.VERSION)"


def cow(version: str) -> Wheel:
    text = f"VERSION = {version!r}\n"
    return Wheel(
        "cow", {"cow/__init__.py": "from cow import deep\n" + text, "cow/deep.py": text}, version
    )


@pytest.fixture(scope="module")
def pip_wheel() -> str:
    """Return the path of the pip wheel that `ensurepip` carries."""
    import ensurepip

    bundled = Path(ensurepip.__file__).parent / "_bundled"
    return str(next(bundled.glob("pip-*.whl")))


def contents(root: Path) -> Dict[str, bytes]:
    """Return all files of the wheels in a cache, without bytecode, which Python adds."""
    return {
        str(path): path.read_bytes()
        for path in (root / "wheels").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


@pytest.mark.parametrize("options", [[], ["--venv"]], ids=["zipapp", "venv"])
def test_an_upgrade_by_an_apps_own_pip_changes_only_its_environment(
    workshop: Workshop, machine: Machine, pip_wheel: str, options: List[str], tmp_path: Path
) -> None:
    name = "-".join(["own", *options])
    app = workshop.make(
        f"{name}-app", requirements=["cow", pip_wheel], wheels=[cow("1.0")], options=options
    )
    other = workshop.make(
        f"{name}-other", requirements=["cow"], wheels=[cow("1.0")], options=options
    )
    cow("2.0").write(tmp_path)
    assert machine.run(PYTHON.path(), app, "-c", TELL).stdout == "1.0 1.0\n"
    assert machine.run(PYTHON.path(), other, "-c", TELL).stdout == "1.0 1.0\n"
    before = contents(machine.cache)

    command = ["-m", "pip", "install", "-U", "--no-index", "--find-links", tmp_path, "cow"]
    outcome = machine.run(PYTHON.path(), app, *command)
    assert outcome.code == 0 and "Successfully installed cow-2.0" in outcome.stdout, outcome
    for start in ([PYTHON.path(), app], [app]):
        with_path = machine.with_(PATH=f"{os.path.dirname(PYTHON.path())}:/usr/bin:/bin")
        assert with_path.run(*start, "-c", TELL).stdout == "2.0 2.0\n"
    assert machine.run(PYTHON.path(), other, "-c", TELL).stdout == "1.0 1.0\n"
    assert contents(machine.cache) == before

    for each in (app, other):
        verified = verify(machine, each, "--installed")
        assert verified.code == 0 and "damaged" not in verified.stdout, verified
        (line,) = (line for line in verified.stdout.splitlines() if "was removed" in line)
        assert line.startswith(f"The environment {machine.cache}/venvs/"), line
    # This start makes the environment again.
    assert machine.run(PYTHON.path(), app, "-c", TELL).stdout == "1.0 1.0\n"
