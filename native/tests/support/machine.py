"""What the tests of the boot share: machines to start an app on, and a workshop that makes apps.

Apps are small, made of wheels made here; the PEX is Pex's, the CZEX pexcz's, the runtime the real one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Dict, List, Sequence

from support.runtime import HOST, NATIVE
from support.wheels import Wheel, build_pex

from testing.missing import missing
from testing.pythons import Python

PEXCZ = NATIVE.parent / "pants-plugins"
PYTHON = Python("cpython3.11")

COW = Wheel(
    "cow",
    {
        "cow/__init__.py": "",
        "cow/say.py": (
            "import sys\n"
            "def main():\n"
            "    print('moo ' + ' '.join(sys.argv[1:]))\n"
            "    return len(sys.argv) - 1\n"
        ),
        "cow/data/grass.txt": "green\n",
    },
    scripts={"cow": "cow.say:main"},
)
# Everything an app can see of where it runs, but for what is allowed to differ.
FACTS = """\
import json, os, sys

def facts():
    main = sys.modules["__main__"]
    return {
        "argv0": sys.argv[0],
        "executable": sys.executable,
        "path": [entry for entry in sys.path if entry not in ("", os.getcwd())],
        "prefix": [sys.prefix, sys.exec_prefix],
        "main": [main.__name__, getattr(main, "__file__", None), str(getattr(main, "__spec__", None))],
        "foreign": sorted(
            name
            for name, module in list(sys.modules.items())
            if name.partition(".")[0] in ("shadow", "hidden", "boot", "czex_activate")
        ),
        "environment": sorted(
            (name, value)
            for name, value in os.environ.items()
            if name not in ("_", "SHLVL", "OLDPWD", "PWD", "LC_CTYPE", "__CF_USER_TEXT_ENCODING")
        ),
        "meta_path": [getattr(finder, "__module__", "") for finder in sys.meta_path],
    }

def main():
    json.dump(facts(), sys.stdout, sort_keys=True)
"""


@dataclass(frozen=True)
class Outcome:
    stdout: str
    stderr: str
    code: int

    @property
    def last_line(self) -> str:
        return self.stderr.strip().splitlines()[-1]


@dataclass(frozen=True)
class Machine:
    """An empty home directory, and a clean environment."""

    root: Path
    variables: Dict[str, str] = field(default_factory=dict)

    @property
    def cache(self) -> Path:
        return self.root / ".cache" / "czex"

    def with_(self, **variables: str) -> Machine:
        return replace(self, variables={**self.variables, **variables})

    def start(self, *argv: object, **kwargs: object) -> subprocess.Popen[bytes]:
        environment = {"HOME": str(self.root), "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        return subprocess.Popen(
            [str(argument) for argument in argv],
            env={**environment, **self.variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **kwargs,  # type: ignore[call-overload]
        )

    def run(self, *argv: object, given: str = "", **kwargs: object) -> Outcome:
        """Run to the end, with `given` as its standard input."""
        process = self.start(*argv, **kwargs)
        stdout, stderr = process.communicate(given.encode(), timeout=120)
        return Outcome(stdout.decode(), stderr.decode("utf-8", "replace"), process.returncode)

    def leftovers(self) -> List[str]:
        """What a start has not cleaned up."""
        return [
            str(path)
            for path in self.root.rglob("*")
            if path.name.endswith((".tmp", ".lock", ".discarded", ".plan"))
        ]


@dataclass(frozen=True)
class Workshop:
    """Makes CZEX files."""

    root: Path
    native: Path

    def pex(self, name: str, **kwargs: object) -> Path:
        return build_pex(self.root / f"{name}.pex", **kwargs)  # type: ignore[arg-type]

    def czex(
        self,
        pex: Path,
        platform: str = HOST,
        precompile: Sequence[Python] = (),
        layout: str = "zipapp",
    ) -> Path:
        names = "".join(f".{python.name}" for python in precompile)
        names += ".packed" if layout == "packed" else ""
        output = pex.with_suffix(f"{names}.czex")
        command = [sys.executable, "-m", "pexcz", "inject", str(pex), "-o", str(output)]
        command += ["--native", str(self.native), "--platform", platform, "--layout", layout]
        for python in precompile:
            command += ["--precompile", python.path()]
        search = os.pathsep.join([str(PEXCZ), *(entry for entry in sys.path if entry)])
        process = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": search}, capture_output=True, text=True
        )
        assert process.returncode == 0, process.stderr
        return output

    def make(self, name: str, precompile: Sequence[Python] = (), **kwargs: object) -> Path:
        return self.czex(self.pex(name, **kwargs), precompile=precompile)


def full_disk(tmp_path: Path, size: str) -> Path:
    """A file system that has no more than `size`."""
    directory = tmp_path / "small"
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(directory)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        missing("user that may mount a file system")
    return directory
