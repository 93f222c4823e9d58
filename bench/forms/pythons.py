"""Clean interpreters for the bench, which don't see the packages that the machine has installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Python:
    """An interpreter with an empty site-packages, as in the base image of a container.

    Python runs the `.pth` files of the machine's site-packages at every start, but not in a virtual environment. They would
    make every `python FILE` look slower than the venv.
    """

    version: str
    directory: Path

    @classmethod
    def make(cls, base: Path, version: str, scratch: Path) -> Python:
        """Copy the executable of `base`, link its standard library, and add an empty site-packages."""
        python = cls(version, scratch / f"python-{version}")
        if python.executable.exists():
            return python
        library = Path(_ask(base, "import os; print(os.path.dirname(os.__file__))"))
        (python.directory / "lib" / library.name / "site-packages").mkdir(parents=True)
        for path in library.parent.glob("*.so*"):
            (python.directory / "lib" / path.name).symlink_to(path)
        for path in library.iterdir():
            if path.name not in ("site-packages", "dist-packages"):
                (python.directory / "lib" / library.name / path.name).symlink_to(path)
        python.executable.parent.mkdir()
        shutil.copy(base.resolve(), python.executable)
        assert _ask(python.executable, "import sys; print(sys.prefix)") == str(python.directory)
        return python

    @property
    def executable(self) -> Path:
        return self.directory / "bin" / f"python{self.version}"


def _ask(python: Path, code: str) -> str:
    process = subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True)
    return process.stdout.strip()


def find_python(version: str) -> Path:
    """Return a CPython of a version, from pyenv or PATH. Exit if there isn't one."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for path in sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}")):
        return path
    found = shutil.which(f"python{version}")
    if not found:
        sys.exit(f"can't find Python {version} in pyenv or on PATH; install it, or use --pythons")
    return Path(found)
