"""What is damaged or deleted in the cache by hand is noticed and made again, or found by `pexcz verify`."""

from __future__ import annotations

import marshal
import shutil
from pathlib import Path
from typing import Callable, Dict, List

import pytest
from boot_for_tests import PYTHON, Machine
from boot_verify_test import verify

from testprojects.long_runs import LONG, counted
from testprojects.pythons import Python, on

ENVIRONMENT = "venvs/*/cpython-*"
Damage = Callable[[Path], object]


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garble(path: Path) -> None:
    path.write_bytes(b"\xff\0gar'bage\n")


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def ways(cow: Path) -> Dict[str, List[object]]:
    return {"file": [PYTHON.path(), cow, "x"], "header": [cow, "x"]}


@pytest.fixture
def installed(cow: Path, machine: Machine) -> Machine:
    """A machine where the app has been started by each way."""
    start = machine.with_(PATH=f"{Path(PYTHON.path()).parent}:/usr/bin:/bin")
    for argv in ways(cow).values():
        for _ in range(2):
            assert start.run(*argv).stderr == ""
    return start


def damaged(machine: Machine, pattern: str, damage: Damage) -> None:
    found = sorted(machine.cache.glob(pattern))
    assert found, pattern
    for path in found:
        damage(path)


NOTICED = [
    *(
        (pattern, damage)
        for pattern in (
            f"{ENVIRONMENT}/boot",
            "venvs/*/warm.*",
            "venvs/*/sh/**/python3.11",
            "boot/*",
            "runtimes/*/pexcz",
        )
        for damage in (remove, empty, garble, halve)
    ),
    *(
        (pattern, remove)
        for pattern in ("sources", "boot", "venvs", "venvs/*", ENVIRONMENT, f"{ENVIRONMENT}/bin")
    ),
    (f"{ENVIRONMENT}/bin/python", remove),
]


def test_damage_is_noticed_by_the_next_start(cow: Path, installed: Machine) -> None:
    damages = 0
    for number, (pattern, damage) in enumerate(NOTICED):
        commands = list(ways(cow).values())
        for argv in commands if LONG else commands[number % 2 :][:1]:
            if not list(installed.cache.glob(pattern)):
                # Only a cold start writes it.
                shutil.rmtree(installed.cache)
                for command in (*commands, *commands):
                    installed.run(*command)
            damaged(installed, pattern, damage)
            damages += 1
            for command in (argv, *commands):
                outcome = installed.run(*command)
                assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1), pattern
    assert installed.leftovers() == []
    counted(damages, "damages")


@pytest.mark.parametrize("way", ["file", "header"])
@pytest.mark.parametrize(
    "pattern",
    ["wheels", "wheels/*", "wheels/*/lib", "wheels/*/lib/cow", f"{ENVIRONMENT}/lib"],
)
def test_what_the_app_does_not_find_is_named_and_installed_by_the_next_start(
    cow: Path, installed: Machine, pattern: str, way: str
) -> None:
    damaged(installed, pattern, remove)
    outcome = installed.run(*ways(cow)[way])
    assert (outcome.stdout, outcome.code, outcome.stderr.count("\n")) == ("", 1, 1)
    assert outcome.stderr.startswith(f"czex: {installed.cache}/")
    assert outcome.stderr.endswith(
        " is gone from the cache; start again, to have it installed anew\n"
    )
    for _ in range(2):
        outcome = installed.run(*ways(cow)[way])
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1)
    assert installed.leftovers() == []
    assert "as it was packed" in verify(installed, cow, "--installed").stdout


@on(*map(Python, ("cpython2.7", "cpython3.6", "cpython3.13", "pypy3")))
def test_every_python_names_what_is_gone(cow: Path, machine: Machine, python: Python) -> None:
    machine.run(python.path(), cow)
    damaged(machine, "wheels/*", remove)
    assert "is gone from the cache; start again" in machine.run(python.path(), cow).stderr
    assert machine.run(python.path(), cow, "x").stdout == "moo x\n"


FOUND = [
    *((f"{ENVIRONMENT}/__main__.py", damage) for damage in (remove, empty, garble, halve)),
    ("venvs/*/warm.*", lambda path: path.write_bytes(marshal.dumps((1, 2)))),
    ("boot/*", lambda path: path.write_bytes(marshal.dumps({"code": {"warm": 1}}))),
    ("wheels/*/lib/cow/say.py", remove),
    ("wheels/*/lib/cow/say.py", garble),
    ("wheels/*/lib/cow/__init__.py", remove),
    (f"{ENVIRONMENT}/lib/python*/site-packages/cow", remove),
]


def test_other_damage_is_made_good_by_verify(cow: Path, installed: Machine) -> None:
    for pattern, damage in FOUND:
        damaged(installed, pattern, damage)
        assert verify(installed, cow, "--installed").code in (0, 1)
        for argv in ways(cow).values():
            for _ in range(2):
                outcome = installed.run(*argv)
                assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1), pattern
