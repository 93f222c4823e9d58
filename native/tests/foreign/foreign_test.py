"""A CZEX starts on Linux on other processors: their Python starts it, and their runtime unpacks it.

A short run takes one processor: s390x, whose numbers have the other byte order. `build-support/every-system` takes all.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Dict

import pytest

from support.damages import Damager, cuts, flips
from support.foreign import PORTS, PYTHON, Foreign, make_foreign
from support.large import make_large
from support.runtime import HOST, executable_of
from support.workshop import COW, Workshop
from testing import pythons
from testing.machine import Machine, Outcome
from testing.missing import missing
from testing.systems import EVERY

# Pants makes it: see BUILD.
NATIVE_PEX = Path("native/foreign.pex")
RIGHT = Outcome("moo x\n", "", 1)
KILLS = 5
STARTS = 10
# Starts other processes in the ways that depend on the processor, and tells what they say.
CHILDREN = """\
import json, multiprocessing, os, platform, subprocess, sys

def square(number):
    return number * number

def main():
    child = "import cow.say, platform; print(platform.machine())"
    with multiprocessing.Pool(1) as pool:
        facts = {
            "child": subprocess.check_output([sys.executable, "-c", child]).decode().strip(),
            "pool": pool.map(square, [3]),
            "script": subprocess.run(["cow", "x"], stdout=subprocess.PIPE).stdout.decode(),
        }
    facts["is_same"] = facts.pop("child") == platform.machine()
    print(json.dumps(facts, sort_keys=True))
"""


@pytest.fixture(scope="session")
def foreigners() -> Dict[str, Foreign]:
    return {}


@pytest.fixture(params=sorted(PORTS) if EVERY else ["linux-s390x"])
def foreign(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    workshop: Workshop,
    foreigners: Dict[str, Foreign],
) -> Foreign:
    platform = request.param
    if platform == HOST:
        pytest.skip("that is this machine")
    if platform not in foreigners:
        tests = tmp_path_factory.getbasetemp()
        foreigners[platform] = make_foreign(platform, tests / platform, tests)
        runtime = executable_of(platform, tmp_path_factory)
        target = workshop.native / "runtime" / platform / runtime.name
        target.parent.mkdir()
        shutil.copy(runtime, target)
    return foreigners[platform]


@pytest.fixture
def machine(foreign: Foreign, tmp_path: Path) -> Machine:
    return foreign.machine(tmp_path / "home")


@pytest.fixture
def cow(foreign: Foreign, workshop: Workshop, cow_pex: Path) -> Path:
    return made(foreign, workshop, cow_pex)


def made(foreign: Foreign, workshop: Workshop, pex: Path, **kwargs: object) -> Path:
    """Return the CZEX of a PEX for this platform. It is made once."""
    output = workshop.root / f"{pex.stem}.{foreign.platform}.czex"
    if not output.exists():
        workshop.czex(pex, platforms=[foreign.platform], **kwargs).rename(output)
    return output


@pytest.mark.parametrize("way", [[PYTHON], []], ids=["python", "header"])
def test_app_starts_cold_and_warm(machine: Machine, cow: Path, way: list) -> None:
    for _ in ("cold", "warm", "warm"):
        assert machine.run(*way, cow, "x") == RIGHT
    assert machine.leftovers() == []


def test_directory_starts(
    foreign: Foreign, machine: Machine, workshop: Workshop, cow_pex: Path
) -> None:
    pex = cow_pex.with_name("directory.pex")
    shutil.copy(cow_pex, pex)
    app = made(foreign, workshop, pex, layout="packed")
    for _ in ("cold", "warm"):
        assert machine.run(PYTHON, app, "x") == RIGHT
        assert machine.run(app / "pex", "x") == RIGHT


def test_processes_of_an_app_run_in_its_environment(
    foreign: Foreign, machine: Machine, workshop: Workshop
) -> None:
    pex = workshop.root / "children.pex"
    if not pex.exists():
        workshop.pex(
            "children",
            requirements=["cow"],
            wheels=[COW],
            sources={"children.py": CHILDREN},
            options=["-m", "children:main", "--venv", "prepend"],
        )
    app = made(foreign, workshop, pex)
    expected = '{"is_same": true, "pool": [9], "script": "moo x\\n"}\n'
    for way in ([PYTHON], [PYTHON], []):
        assert machine.run(*way, app) == Outcome(expected, "", 0)


def test_bytecode_of_another_processor_is_used(
    foreign: Foreign, machine: Machine, workshop: Workshop, cow_pex: Path
) -> None:
    python = pythons.Python(foreign.system[1])
    pex = cow_pex.with_name("compiled.pex")
    shutil.copy(cow_pex, pex)
    app = made(foreign, workshop, pex, precompile=[python])
    outcome = machine.with_(PYTHONDONTWRITEBYTECODE="1", PYTHONVERBOSE="1").run(PYTHON, app, "x")
    assert (outcome.stdout, outcome.code) == ("moo x\n", 1)
    assert re.search(r"code object from '[^']*/say\.cpython-[0-9]*\.pyc'", outcome.stderr)


def test_a_cache_serves_two_processors(
    foreign: Foreign, machine: Machine, workshop: Workshop, cow_pex: Path
) -> None:
    pex = cow_pex.with_name("both.pex")
    shutil.copy(cow_pex, pex)
    both = workshop.czex(pex, platforms=[HOST, foreign.platform])
    here = replace(machine, enter=())
    for _ in ("cold", "warm"):
        for one, python in ((machine, PYTHON), (here, pythons.PYTHON.path())):
            assert one.run(python, both, "x") == RIGHT


def test_library_for_the_processor_is_loaded(
    foreign: Foreign, machine: Machine, workshop: Workshop
) -> None:
    if not NATIVE_PEX.exists():
        missing(str(NATIVE_PEX))
    pex = workshop.root / NATIVE_PEX.name
    shutil.copy(NATIVE_PEX, pex)
    app = made(foreign, workshop, pex)
    program = "from charset_normalizer import from_bytes, md; print(md.__file__[-3:], from_bytes(b'moo').best())"
    for way in ([PYTHON], [PYTHON], []):
        assert machine.run(*way, app, "-c", program) == Outcome(".so moo\n", "", 0)


def test_a_large_app_starts(
    foreign: Foreign, machine: Machine, workshop: Workshop, cow_pex: Path
) -> None:
    """A file of more than 2 GiB needs other calls on a processor with 32 bits."""
    large = make_large(workshop, cow_pex, foreign.platform)
    for way in ([PYTHON], [PYTHON], []):
        assert machine.run(*way, large, "x") == RIGHT


def test_start_on_an_older_kernel(foreign: Foreign, machine: Machine, cow: Path) -> None:
    old = machine.with_(QEMU_UNAME="4.20.0" if foreign.platform == "linux-riscv64" else "3.10.0")
    for _ in ("cold", "warm"):
        assert old.run(PYTHON, cow, "x") == RIGHT


def test_start_succeeds_after_kills_at_random_moments(machine: Machine, cow: Path) -> None:
    generator = random.Random(5)
    began = time.monotonic()
    assert machine.run(PYTHON, cow, "x") == RIGHT
    duration = time.monotonic() - began
    kills = 0
    for _ in range(KILLS):
        shutil.rmtree(machine.root / ".cache")
        process = machine.start(PYTHON, cow, "x", start_new_session=True)
        time.sleep(generator.uniform(0.05, 0.6) * duration)
        (os.kill if generator.random() < 0.3 else os.killpg)(process.pid, signal.SIGKILL)
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        assert machine.run(PYTHON, cow, "x") == RIGHT
    assert kills


@pytest.mark.parametrize("starter", [PYTHON, "/bin/sh"], ids=["python", "sh"])
def test_damaged_file_gives_no_wrong_output(
    foreign: Foreign, cow: Path, tmp_path: Path, starter: str
) -> None:
    damages = [*flips(cow, STARTS), *cuts(cow, STARTS)]
    damages = damages[:: max(len(damages) // STARTS, 1)]
    Damager(cow, [starter], tmp_path, foreign.machine).run(damages)
