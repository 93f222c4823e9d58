"""A start repairs a cache with damaged or missing files. `pexcz verify` finds the damage that a start doesn't see."""

from __future__ import annotations

import marshal
import shutil
import subprocess
from pathlib import Path
from typing import Callable, Dict, List

import pytest

from support.pexcz import verify
from support.wheels import Wheel
from support.workshop import COW, Workshop
from testing.long_runs import LONG, counted
from testing.machine import Machine
from testing.missing import missing
from testing.pythons import PYTHON, Python, on

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
    """Return a machine where the app has been started by each way."""
    start = machine.with_python(PYTHON)
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
            f"{ENVIRONMENT}/record",
            "venvs/*/warm.*",
            "venvs/*/sh/**/python3.11",
            "code/*",
            "runtimes/*/pexcz",
        )
        for damage in (remove, empty, garble, halve)
    ),
    *(
        (pattern, remove)
        for pattern in ("sources", "code", "venvs", "venvs/*", ENVIRONMENT, f"{ENVIRONMENT}/bin")
    ),
    (f"{ENVIRONMENT}/bin/python", remove),
]


def test_next_start_repairs_a_damaged_cache(cow: Path, installed: Machine) -> None:
    damages = 0
    for number, (pattern, damage) in enumerate(NOTICED):
        commands = list(ways(cow).values())
        for argv in commands if LONG else commands[number % 2 :][:1]:
            if not list(installed.cache.glob(pattern)):
                # Only a cold start writes the file again.
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
def test_missing_directory_is_named_and_the_next_start_installs_it(
    cow: Path, installed: Machine, pattern: str, way: str
) -> None:
    damaged(installed, pattern, remove)
    outcome = installed.run(*ways(cow)[way])
    assert (outcome.stdout, outcome.code, outcome.stderr.count("\n")) == ("", 1, 1)
    assert outcome.stderr.startswith(f"czex: can't start {cow}: {installed.cache}/")
    assert outcome.stderr.endswith("; start again to install it again\n")
    for _ in range(2):
        outcome = installed.run(*ways(cow)[way])
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1)
    assert installed.leftovers() == []
    assert "as they were packed" in verify(installed, cow, "--installed").stdout


@on(*map(Python, ("cpython2.7", "cpython3.6", "cpython3.13", "pypy3")))
def test_every_python_names_a_missing_wheel(cow: Path, machine: Machine, python: Python) -> None:
    machine.run(python.path(), cow)
    damaged(machine, "wheels/*", remove)
    assert "is missing from the cache; start again" in machine.run(python.path(), cow).stderr
    assert machine.run(python.path(), cow, "x").stdout == "moo x\n"


@on(*map(Python, ("cpython2.7", "cpython3.6", "cpython3.11", "cpython3.13", "pypy3")))
@pytest.mark.parametrize("kind", ["function", "module"])
def test_missing_module_is_named_and_the_next_start_installs_it(
    workshop: Workshop, machine: Machine, python: Python, kind: str
) -> None:
    app = divided(workshop, kind)
    # Python has written bytecode into the cache by then, which must not hide the damage.
    assert [machine.run(python.path(), app).stdout for _ in range(2)] == ["moo\n"] * 2
    for damage in (remove, empty, halve):
        for pattern in ("wheels/*/lib/herd/code.py", "sources/*/lib/own.py"):
            damaged(machine, pattern, damage)
            for path in machine.cache.rglob("*.pyc"):
                path.unlink()
            outcome = machine.run(python.path(), app)
            last = outcome.stderr.splitlines()[0]
            assert (outcome.stdout, outcome.code) == ("", 1)
            assert last.startswith(f"czex: can't start {app}: {machine.cache}/"), outcome.stderr
            assert " is damaged in the cache: " in last
            assert last.endswith(" are missing; start again to install it again")
            for _ in range(2):
                outcome = machine.run(python.path(), app)
                assert (outcome.stdout, outcome.stderr) == ("moo\n", "")
    assert machine.leftovers() == []


def divided(workshop: Workshop, kind: str) -> Path:
    """Make an app with several modules in its wheel and its sources."""
    app = workshop.root / f"divided-{kind}.czex"
    if not app.exists():
        code = "LINES = ['moo']\n\ndef say(lines):\n    print(lines[0])\n"
        workshop.make(
            f"divided-{kind}",
            requirements=["herd"],
            wheels=[Wheel("herd", {"herd/__init__.py": "", "herd/code.py": code})],
            sources={
                "main.py": (
                    "from own import say, LINES\ndef main():\n    say(LINES)\n"
                    "if __name__ == '__main__':\n    main()\n"
                ),
                "own.py": "from herd.code import *\nfrom herd.code import LINES, say\n",
            },
            options=["-m", "main:main" if kind == "function" else "main"],
        )
    return app


@on(*map(Python, ("cpython2.7", "cpython3.7", "cpython3.11", "pypy3")))
def test_truncated_bytecode_is_named_and_removed(
    workshop: Workshop, machine: Machine, python: Python
) -> None:
    app = divided(workshop, "function")
    machine.run(python.path(), app)
    # The second module is not in a package.
    for pattern in ("wheels/*/lib/herd/**/code*.pyc", "venvs/*/*/**/site-packages/**/own*.pyc"):
        (path,) = machine.cache.glob(pattern)
        path.write_bytes(path.read_bytes()[:-30])
        outcome = machine.run(python.path(), app)
        assert (outcome.stdout, outcome.code) == ("", 1)
        first = outcome.stderr.splitlines()[0]
        assert first.startswith(f"czex: can't start {app}: {path} is damaged in the cache; ")
        assert machine.run(python.path(), app).stdout == "moo\n"


def test_failing_app_shows_only_its_own_traceback(workshop: Workshop, machine: Machine) -> None:
    for name, line in {
        "absent": "import nothing_like_this",
        "invalid": "1 +",
        "value": "int('x')",
        "cut": "raise EOFError()",
    }.items():
        app = workshop.make(
            name,
            requirements=["cow"],
            wheels=[COW],
            sources={"main.py": "import own\n", "own.py": line + "\n"},
            options=["-m", "main:main"],
        )
        for _ in range(2):
            outcome = machine.run(PYTHON.path(), app)
            assert (outcome.stdout, outcome.code) == ("", 1)
            assert "czex: " not in outcome.stderr and "Traceback" in outcome.stderr
            assert list(machine.cache.glob(f"{ENVIRONMENT}/record"))


def test_failing_app_in_a_damaged_cache_shows_message_and_traceback(
    workshop: Workshop, machine: Machine
) -> None:
    source = "import sys\nimport cow.say\nif len(sys.argv) > 1:\n    raise KeyError('own')\n"
    options = ["-m", "main"]
    sources = {"main.py": source}
    app = workshop.make(
        "otherwise", requirements=["cow"], wheels=[COW], sources=sources, options=options
    )
    machine.run(PYTHON.path(), app)
    damaged(machine, "wheels/*/lib/cow/data/grass.txt", remove)
    assert machine.run(PYTHON.path(), app).stderr == ""
    first, *rest = machine.run(PYTHON.path(), app, "fail").stderr.splitlines()
    assert first.startswith("czex: ") and rest[-1] == "KeyError: 'own'"
    machine.run(PYTHON.path(), app)
    assert list(machine.cache.glob("wheels/*/lib/cow/data/grass.txt"))


def test_damage_in_a_read_only_cache_names_the_directory_to_remove(
    workshop: Workshop, machine: Machine
) -> None:
    app = divided(workshop, "function")
    machine.run(PYTHON.path(), app)
    damaged(machine, "wheels/*/lib/herd/code.py", remove)
    if subprocess.run(["mount", "--bind", machine.cache, machine.cache]).returncode != 0:
        missing("user that may mount a file system")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", machine.cache], check=True)
        stderr = machine.run(PYTHON.path(), app).stderr
    finally:
        subprocess.run(["umount", machine.cache], check=True)
    assert stderr.endswith(" are missing; remove it and start again\n")


FOUND = [
    *((f"{ENVIRONMENT}/__main__.py", damage) for damage in (remove, empty, garble, halve)),
    ("venvs/*/warm.*", lambda path: path.write_bytes(marshal.dumps((1, 2)))),
    ("code/*", lambda path: path.write_bytes(marshal.dumps({"code": {"warm": 1}}))),
    ("wheels/*/lib/cow/say.py", remove),
    ("wheels/*/lib/cow/say.py", garble),
    ("wheels/*/lib/cow/__init__.py", remove),
    (f"{ENVIRONMENT}/lib/python*/site-packages/cow", remove),
]


def test_verify_repairs_damage_that_a_start_does_not_see(cow: Path, installed: Machine) -> None:
    for pattern, damage in FOUND:
        damaged(installed, pattern, damage)
        assert verify(installed, cow, "--installed").code in (0, 1)
        for argv in ways(cow).values():
            for _ in range(2):
                outcome = installed.run(*argv)
                assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1), pattern
