"""Runs a CZEX beside the PEX that it was made from, and compares all that can be seen of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Sequence

from testing.differences import CACHE, EVERYWHERE, NOT_FOR_APPS, SHELL_TOOLS
from testing.pythons import Python

# What an app may see of its environment, for an app that doesn't print it. For every Python.
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
class Outcome:
    """What a process leaves behind."""

    stdout: str
    stderr: str
    exit_code: int


@dataclass(frozen=True)
class Machine:
    """A machine that has never started an app: an empty home and empty caches, below `root`."""

    root: Path

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        home = self.root / "home"
        home.mkdir(exist_ok=True)
        return {
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PEX_ROOT": str(home / "pex"),
            "PEXCZ_ROOT": str(home / "czex"),
            **extra,
        }

    def with_one_python(self, interpreter: str) -> Path:
        """A directory for PATH in which this is the only Python."""
        directory = self.root / "bin"
        directory.mkdir(exist_ok=True)
        targets = {name: shutil.which(name, path="/bin:/usr/bin") for name in SHELL_TOOLS}
        for name in ("python", "python3", os.path.basename(interpreter)):
            targets[name] = interpreter
        for name, target in targets.items():
            if target and not (directory / name).exists():
                (directory / name).symlink_to(target)
        return directory

    def run(self, argv: Sequence[str], extra: Mapping[str, str] | None = None) -> Outcome:
        work = self.root / "work"
        work.mkdir(exist_ok=True)
        process = subprocess.run(
            argv,
            cwd=work,
            env=self.environment(extra or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=300,
        )
        return Outcome(
            process.stdout.decode(errors="replace"),
            process.stderr.decode(errors="replace"),
            process.returncode,
        )


@dataclass(frozen=True)
class Pair:
    """A PEX and its CZEX."""

    pex: Path
    czex: Path

    @classmethod
    def of(cls, project: str) -> Pair:
        """Those that Pants put into the sandbox of a test in `testprojects/<project>`."""
        directory = Path(f"testprojects.{project}").absolute()
        return cls(directory / f"{project}.pex", directory / "czex.czex")

    def assert_same(
        self,
        machine: Machine,
        python: Python,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Start both with these arguments: the CZEX cold, warm, and by its own header."""
        interpreter = python.path()
        expected = machine.run([interpreter, str(self.pex), *arguments], environment)
        for command in ([interpreter, str(self.czex)], [interpreter, str(self.czex)]):
            seen = machine.run([*command, *arguments], environment)
            assert self._without_names(seen) == self._without_names(expected)
        alone = {**(environment or {}), "PATH": str(machine.with_one_python(interpreter))}
        seen = machine.run([str(self.czex), *arguments], alone)
        assert self._without_names(seen) == self._without_names(expected)
        return expected

    def assert_same_surroundings(self, machine: Machine, python: Python) -> None:
        """Both show an interpreter that runs in them the same surroundings."""
        interpreter = python.path()
        probe = ["-c", PROBE, "argument"]
        asked = {"PEX_INTERPRETER": "1", "FROM_OUTSIDE": "kept"}
        expected = machine.run([interpreter, str(self.pex), *probe], asked)
        seen = machine.run([interpreter, str(self.czex), *probe], asked)
        assert seen.exit_code == expected.exit_code == 0, seen
        assert seen.stderr == expected.stderr
        assert comparable(json.loads(seen.stdout), self) == comparable(
            json.loads(expected.stdout), self
        )

    def _without_names(self, outcome: Outcome) -> Outcome:
        stdout, stderr = self.without_names(outcome.stdout), self.without_names(outcome.stderr)
        for difference in EVERYWHERE:
            stdout, stderr = difference.without(stdout), difference.without(stderr)
        return Outcome(stdout, stderr, outcome.exit_code)

    def without_names(self, text: str) -> str:
        return text.replace(str(self.czex), "<app>").replace(str(self.pex), "<app>")


def comparable(facts: dict[str, Any], pair: Pair) -> dict[str, Any]:
    """Facts without what differs by design: the app's own path, and which cache it is in."""
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
