"""An app that imports enough modules for an import table, and functions that look at its table."""

from __future__ import annotations

import marshal
import os
import re
from pathlib import Path
from typing import Any, Dict, Set, Tuple

from support.wheels import Wheel
from support.workshop import Workshop
from testing.machine import Machine, Outcome
from testing.pythons import EVERY_PYTHON

SINGLE = [f"crowd_{number:02}" for number in range(35)]
PARTS = [f"part_{number:02}" for number in range(15)]
LATE = [f"late_{number:02}" for number in range(40)]
WITH_TABLE = [python for python in EVERY_PYTHON if python.name != "cpython2.7"]
# With these values in the boot, the smallest app gets an import table.
FOR_SMALL_APPS = (
    ("activate.py", "MANY", 1),
    ("imports.py", "MODULES_MIN", 1),
    ("imports.py", "MORE_MODULES", 0),
)
# The app executes the text in its first argument.
MAIN = """\
import gc, sys

import {single}
from crowd.parts import {parts}

AT_IMPORT = gc.get_threshold() if hasattr(gc, "get_threshold") else None

def main():
    exec(sys.argv[1] if len(sys.argv) > 1 else "", {{"AT_IMPORT": AT_IMPORT}})
"""
CROWD = Wheel(
    "crowd",
    {
        "crowd/__init__.py": "",
        "crowd/main.py": MAIN.format(single=", ".join(SINGLE), parts=", ".join(PARTS)),
        "crowd/parts/__init__.py": "",
        "crowd/parts/data.txt": "data\n",
        "crowd/late/__init__.py": "from crowd.late import {}\n".format(", ".join(LATE)),
        "portion/crowd.py": "",
        **{f"{name}.py": f"NAME = '{name}'\n" for name in SINGLE},
        **{f"crowd/parts/{name}.py": f"def name():\n    return '{name}'\n" for name in PARTS},
        **{f"crowd/late/{name}.py": "" for name in LATE},
    },
    scripts={"crowd": "crowd.main:main"},
)


def adapt_boot(boot: Path) -> None:
    """Give the apps of all tests an import table, if CZEX_TEST_IMPORTS is set. Otherwise only the tests of the table have one."""
    for name, variable, value in FOR_SMALL_APPS if os.environ.get("CZEX_TEST_IMPORTS") else ():
        file = boot / "boot" / name
        line = re.compile(rf"^{variable} = \d+$", re.M)
        text, count = line.subn(f"{variable} = {value}", file.read_text())
        assert count == 1, variable
        file.write_text(text)


def make_crowd(workshop: Workshop, name: str = "crowd", **kwargs: Any) -> Path:
    options = ["-c", "crowd", *kwargs.pop("options", ())]
    return workshop.make(name, requirements=["crowd"], wheels=[CROWD], options=options, **kwargs)


def table_file(machine: Machine) -> Path:
    """Return the path of the only environment's import table, which may be missing."""
    (record,) = machine.cache.glob("venvs/*/*/record")
    return record.with_name("imports")


def learnt(machine: Machine) -> Set[str]:
    """Return the names of the modules in the table; an empty set if there is no table."""
    return set(places(machine))


def places(machine: Machine) -> Dict[str, Tuple[int, int]]:
    """Return module -> the number of its group in the table, and its place in the group."""
    file = table_file(machine)
    if not file.exists():
        return {}
    content = file.read_bytes()
    index = content[32 : 32 + int.from_bytes(content[16:24], "little")]
    _, directories, _, _ = marshal.loads(index)
    return {
        name: facts[3:] for _, modules in directories.values() for name, facts in modules.items()
    }


def start_until_learnt(machine: Machine, *argv: object) -> Outcome:
    """Start an app until its environment has a table. Return the outcome of the next start."""
    for _ in range(2):
        outcome = machine.run(*argv)
        assert (outcome.stderr, outcome.code) == ("", 0), outcome
    assert learnt(machine), "no table was learnt"
    return machine.run(*argv)
