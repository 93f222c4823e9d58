"""The Pythons that a CZEX supports, if the machine has them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import pytest

from testing.missing import missing
from testing.systems import EVERY

# `build-support/pythons` installs Pythons here.
INSTALLED = Path.home() / ".cache" / "czex-pythons" / "usr" / "bin"
CPYTHONS = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


@dataclass(frozen=True)
class Python:
    """A Python by its name, such as "cpython3.11", "pypy3" or "pypy3.11". A test looks for it when it starts."""

    name: str

    @property
    def minor(self) -> tuple[int, ...]:
        """(3, 11), or () for PyPy."""
        return tuple(
            int(part) for part in self.name.replace("cpython", "").split(".") if part.isdigit()
        )

    @property
    def is_pypy(self) -> bool:
        return self.name.startswith("pypy")

    def paths(self) -> list[str]:
        """Return the interpreters of this name that the machine has."""
        candidates = _candidates(self.name)
        return [str(path) for path in candidates if path.is_file() and os.access(path, os.X_OK)]

    def path(self) -> str:
        """Return the interpreter. If the machine lacks it, skip the test, or fail it in CI."""
        for path in self.paths():
            return path
        missing(self.name)


def _candidates(name: str) -> Iterator[Path]:
    if name.startswith("pypy"):
        yield from (Path("/usr/bin") / name, INSTALLED / name)
        return
    version = name.replace("cpython", "")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))
    yield Path(f"/usr/bin/python{version}")
    yield Path(f"/usr/local/bin/python{version}")
    yield INSTALLED / f"python{version}"


def is_there(name: str) -> bool:
    """Return whether the machine has an optional Python."""
    return bool(Python(name).paths())


# For tests that need only one.
PYTHON = Python("cpython3.11")
# Most tests run on these only in `build-support/every-system`.
NEWEST = [Python(name) for name in ("cpython3.14", "cpython3.15", "pypy3.11")]


def chosen(*pythons: Python) -> list[Python]:
    """Return these Pythons, and on every system also the newest ones of the same implementations."""
    wanted = {python.is_pypy for python in pythons} if EVERY else set()
    return [*pythons, *(one for one in NEWEST if one.is_pypy in wanted and one not in pythons)]


EVERY_PYTHON = chosen(*(Python(f"cpython{version}") for version in CPYTHONS), Python("pypy3"))


def on(*pythons: Python):
    """Run a test once with each of these Pythons, as its argument `python`."""
    return only_on(*chosen(*pythons))


def only_on(*pythons: Python):
    """Do the same as `on`, but never with the newest Pythons, which behave in another way."""
    return pytest.mark.parametrize("python", pythons, ids=lambda python: python.name)


def on_every_python():
    return on(*EVERY_PYTHON)


def on_cpython(*versions: str):
    return on(*(Python(f"cpython{version}") for version in versions))
