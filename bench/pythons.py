"""The interpreters that the bench starts: clean ones, whatever the machine has installed beside them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Python:
    """A pristine interpreter: one that nothing is installed beside, as in a container's base image.

    What a machine has in its site-packages runs at every start of its Python, in a `.pth` file for instance, but not
    at those of a virtual environment, so it would count against whatever is started by `python file`.
    """

    version: str
    directory: Path

    @classmethod
    def make(cls, base: Path, version: str, scratch: Path) -> Python:
        """A copy of the executable of `base`, with links to its standard library and an empty site-packages."""
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
    """A CPython of a version, from pyenv or PATH. Exits where there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for path in sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}")):
        return path
    found = shutil.which(f"python{version}")
    if not found:
        sys.exit(f"The bench needs Python {version}, which is neither in pyenv nor on PATH.")
    return Path(found)
