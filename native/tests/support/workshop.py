"""A workshop that makes apps for the tests of the boot.

The apps are small, and their wheels are made here. Pex makes the PEX, and `pexcz` the CZEX, with the real runtime.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from support.pexcz import pexcz_command, pexcz_path
from support.runtime import HOST
from support.wheels import Wheel, build_pex
from testing.missing import missing
from testing.pythons import Python

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
# Runs the cow in a program that has its CZEX on PYTHONPATH.
IMPORT_COW = "import __pex__; from cow import say; say.main()"
# The app prints all that it can see of its surroundings, without the facts that may differ.
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
class Workshop:
    """Make PEX and CZEX files."""

    root: Path
    native: Path

    def pex(self, name: str, **kwargs: object) -> Path:
        return build_pex(self.root / f"{name}.pex", **kwargs)  # type: ignore[arg-type]

    def czex(
        self,
        pex: Path,
        platforms: Sequence[str] = (HOST,),
        precompile: Sequence[Python] = (),
        layout: str = "zipapp",
    ) -> Path:
        names = "".join(f".{python.name}" for python in precompile)
        names += ".packed" if layout == "packed" else ""
        output = pex.with_suffix(f"{names}.czex")
        command = pexcz_command("inject", pex, "-o", output, "--native", self.native)
        command += ["--layout", layout, *(f"--platform={platform}" for platform in platforms)]
        for python in precompile:
            command += ["--precompile", python.path()]
        environment = {**os.environ, "PYTHONPATH": pexcz_path()}
        process = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert process.returncode == 0, process.stderr
        return output

    def make(self, name: str, precompile: Sequence[Python] = (), **kwargs: object) -> Path:
        return self.czex(self.pex(name, **kwargs), precompile=precompile)


def full_disk(tmp_path: Path, size: str) -> Path:
    """Mount a file system of this size, and return its directory."""
    directory = tmp_path / "small"
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(directory)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        missing("user that may mount a file system")
    return directory
