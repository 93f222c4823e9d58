from __future__ import annotations

import json
from pathlib import Path

from testing.machine import Machine
from testing.pair import Pair, comparable
from testing.pythons import Python, on_every_python

HELLO = Pair.of("hello", "hello", "czex")


@on_every_python()
def test_app_reads_its_resource(python: Python, tmp_path: Path) -> None:
    outcome = HELLO.assert_same(Machine(tmp_path), python, "you", "and you")
    assert outcome.stdout == "Hello, you!\nHello, and you!\n"


@on_every_python()
def test_app_runs_its_executable_file(python: Python, tmp_path: Path) -> None:
    outcome = HELLO.assert_same(Machine(tmp_path), python, "--shout", "you")
    assert outcome.stdout == "HELLO, YOU!\n"


@on_every_python()
def test_exit_code_is_that_of_the_app(python: Python, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert HELLO.assert_same(machine, python, "--exit", "42").code == 42
    failed = HELLO.assert_same(machine, python, "--fail", "no one is there")
    assert (failed.code, failed.stderr) == (1, "no one is there\n")


@on_every_python()
def test_app_sees_the_same_surroundings(python: Python, tmp_path: Path) -> None:
    machine = Machine(tmp_path, {"FROM_OUTSIDE": "kept", "PEX_VERBOSE": "0"})
    expected, cold, warm = (
        json.loads(machine.run(python.path(), app, "--facts").stdout)
        for app in (HELLO.pex, HELLO.czex, HELLO.czex)
    )
    assert comparable(cold, HELLO) == comparable(expected, HELLO)
    assert comparable(warm, HELLO) == comparable(expected, HELLO)
