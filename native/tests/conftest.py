"""The fixtures of the tests of the runtime and the boot."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import List

import pytest

from support.crowd import adapt_boot
from support.herd import BULL, CALF, Herd
from support.installs import empty_app
from support.packs import App
from support.runtime import HOST, NATIVE, Runtime, built_runtime, host_runtime
from support.wheels import Wheel
from support.workshop import COW, FACTS, Workshop
from testing.machine import STARTED, Machine
from testing.pythons import EVERY_PYTHON, NEWEST, Python
from testing.systems import EVERY, record


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    if EVERY and call.when == "call" and not call.excinfo:
        values = getattr(item, "funcargs", {}).values()
        pythons = [value for value in values if isinstance(value, Python)] + started_pythons()
        systems = {(HOST, python.name) for python in pythons}
        systems |= {value.system for value in values if getattr(value, "system", None)}
        record(item.nodeid, systems)
    STARTED.clear()


def started_pythons() -> List[Python]:
    """Return the Pythons that the running test has started by their paths."""
    return [python for python in (*EVERY_PYTHON, *NEWEST) if not STARTED.isdisjoint(python.paths())]


@pytest.fixture(scope="session")
def runtime(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    """Return the runtime as it is shipped. A test file can request other runtimes (`BOTH_RUNTIMES`)."""
    make = getattr(request, "param", host_runtime)
    return make(tmp_path_factory)


@pytest.fixture
def app(tmp_path: Path) -> App:
    return empty_app(tmp_path)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    home = tmp_path / "home"
    home.mkdir()
    return Machine(home)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    root = tmp_path_factory.mktemp("workshop")
    native = root / "native"
    shutil.copytree(NATIVE / "boot", native / "boot")
    adapt_boot(native / "boot")
    shutil.copy(NATIVE / "platforms.json", native)
    executable = built_runtime(HOST, root / "built")
    target = native / "runtime" / HOST / executable.name
    target.parent.mkdir(parents=True)
    shutil.copy(executable, target)
    return Workshop(root, native)


@pytest.fixture(scope="session")
def cow_pex(workshop: Workshop) -> Path:
    return workshop.pex("cow", requirements=["cow"], wheels=[COW], options=["-c", "cow"])


@pytest.fixture(scope="session")
def cow(workshop: Workshop, cow_pex: Path) -> Path:
    return workshop.czex(cow_pex)


@pytest.fixture(scope="session")
def facts(workshop: Workshop) -> Path:
    return workshop.make(
        "facts",
        sources={"facts.py": FACTS},
        requirements=["shadow"],
        wheels=[Wheel("shadow", {"shadow.py": "WHERE = 'the app'\n"})],
        options=["-m", "facts:main"],
    )


@pytest.fixture(scope="session")
def herd(workshop: Workshop) -> Herd:
    return Herd.make(
        workshop,
        "herd",
        requirements=["bull"],
        wheels=[BULL, CALF],
        sources={
            "mine.py": "import bull, sys\nif __name__ == '__main__':\n    sys.exit(bull.main())\n",
            "package/__init__.py": "",
            "package/data/run.sh": "#!/bin/sh\n",
        },
        options=["-c", "bull", "--venv", "prepend", "--inject-env", "HERD=large"],
    )
