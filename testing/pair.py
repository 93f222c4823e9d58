"""Start a PEX and its CZEX, and compare their outcomes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testing.differences import CACHE, EVERYWHERE, NOT_FOR_APPS
from testing.machine import Machine, Outcome, fill_path
from testing.pythons import Python

# Prints the surroundings of an app that doesn't print them itself. It runs on every Python.
PROBE = """
import json, os, sys
main = sys.modules["__main__"]
json.dump(
    {
        "argv": sys.argv,
        "cwd": os.getcwd(),
        "environment": dict(os.environ),
        "flags": [getattr(sys.flags, name) for name in ("optimize", "dont_write_bytecode")],
        "main": main.__name__,
        "version": sys.version,
        "warnings": list(sys.warnoptions),
    },
    sys.stdout,
)
"""


@dataclass(frozen=True)
class Pair:
    """A PEX and its CZEX."""

    pex: Path
    czex: Path

    @classmethod
    def of(cls, project: str, pex: str, czex: str | None = None) -> Pair:
        """Return the files that Pants put into the sandbox of a test in `testprojects/<project>`.

        :param czex: Its name where it differs from the PEX's; both names are without the suffix.
        """
        directory = Path(f"testprojects.{project}").absolute()
        return cls(directory / f"{pex}.pex", directory / f"{czex or pex}.czex")

    def assert_same(self, machine: Machine, python: Python, *arguments: str) -> Outcome:
        """Start both with these arguments: the CZEX cold, warm, and by its own header."""
        interpreter = python.path()
        alone = machine.with_(PATH=str(only_python(machine.root / "bin", python)))
        expected = machine.run(interpreter, self.pex, *arguments, cwd=machine.root)
        for seen in (
            machine.run(interpreter, self.czex, *arguments, cwd=machine.root),
            machine.run(interpreter, self.czex, *arguments, cwd=machine.root),
            alone.run(self.czex, *arguments, cwd=machine.root),
        ):
            assert self._without_names(seen) == self._without_names(expected)
        return expected

    def assert_same_surroundings(self, machine: Machine, python: Python) -> None:
        """Start the interpreter in both, and compare the surroundings that it sees."""
        asked = machine.with_(PEX_INTERPRETER="1", FROM_OUTSIDE="kept")
        probe = ["-c", PROBE, "argument"]
        expected = asked.run(python.path(), self.pex, *probe)
        seen = asked.run(python.path(), self.czex, *probe)
        assert seen.code == expected.code == 0, seen
        assert seen.stderr == expected.stderr
        assert comparable(json.loads(seen.stdout), self) == comparable(
            json.loads(expected.stdout), self
        )

    def _without_names(self, outcome: Outcome) -> Outcome:
        stdout, stderr = self.without_names(outcome.stdout), self.without_names(outcome.stderr)
        for difference in EVERYWHERE:
            stdout, stderr = difference.without(stdout), difference.without(stderr)
        return Outcome(stdout, stderr, outcome.code)

    def without_names(self, text: str) -> str:
        return text.replace(str(self.czex), "<app>").replace(str(self.pex), "<app>")


def comparable(facts: dict[str, Any], pair: Pair) -> dict[str, Any]:
    """Return facts without the intended differences: the path of the app, and its cache."""
    environment = {
        name: CACHE.without(pair.without_names(value))
        for name, value in facts["environment"].items()
        if name not in NOT_FOR_APPS
    }
    return {
        **facts,
        "argv": [pair.without_names(word) for word in facts["argv"]],
        "environment": environment,
    }


def only_python(directory: Path, python: Python) -> Path:
    """Make a directory for PATH in which this is the only Python."""
    names = ("python", "python3", os.path.basename(python.path()))
    return fill_path(directory, {name: python.path() for name in names})
