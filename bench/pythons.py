"""The interpreters that the bench starts: clean ones, whatever the machine has installed beside them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict


@dataclass(frozen=True)
class Python:
    """An empty virtual environment of an interpreter, and the environment variables to start it with."""

    version: str
    base: Path
    directory: Path

    @classmethod
    def make(cls, base: Path, version: str, scratch: Path) -> Python:
        directory = scratch / f"python-{version}"
        if not directory.exists():
            subprocess.run([base, "-m", "venv", "--without-pip", directory], check=True)
        return cls(version, base, directory)

    @property
    def executable(self) -> Path:
        return self.directory / "bin" / f"python{self.version}"

    def environment(self, cache: Path) -> Dict[str, str]:
        """No PYTHON* variable, this interpreter first on PATH, and all caches in `cache`."""
        return {
            "HOME": str(cache),
            "LANG": "C.UTF-8",
            "PATH": f"{self.directory / 'bin'}:/usr/bin:/bin",
            "PEX_ROOT": str(cache / "pex"),
        }


def find_python(version: str) -> Path:
    """A CPython of a version, from pyenv or PATH. Exits where there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for path in sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}")):
        return path
    found = shutil.which(f"python{version}")
    if not found:
        sys.exit(f"The bench needs Python {version}, which is neither in pyenv nor on PATH.")
    return Path(found)
