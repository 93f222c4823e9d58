"""Wheels and sdists of this repository, for tests that read, build and install them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import List, Set

from testing.pythons import Python, is_there

# The interpreters that a developer may have.
VERSIONS = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"] + ["3.14"] * is_there("cpython3.14")
BUILD = "import hatchling.build as b; b.build_wheel('dist')"


def names(wheel: Path) -> Set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def metadata(wheel: Path, name: str) -> Message:
    """Read a file of the `*.dist-info`."""
    (path,) = [path for path in names(wheel) if path.endswith(f".dist-info/{name}")]
    with zipfile.ZipFile(wheel) as archive:
        return HeaderParser().parsestr(archive.read(path).decode())


def built_from(sdist: Path, directory: Path) -> Path:
    """Build a wheel from an sdist, without the repository, in another time zone and with another umask."""
    shutil.unpack_archive(str(sdist), str(directory))
    (project,) = directory.iterdir()
    path = os.pathsep.join(entry for entry in sys.path if entry and "pants-plugins" not in entry)
    umask = os.umask(0o077)
    try:
        for file in project.rglob("*"):
            file.chmod(0o700 if os.access(file, os.X_OK) else 0o600)
            os.utime(file, (10**9, 10**9))
        subprocess.run(
            [sys.executable, "-c", BUILD],
            cwd=project,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "TZ": "UTC+11"},
            check=True,
        )
    finally:
        os.umask(umask)
    (wheel,) = (project / "dist").iterdir()
    return wheel


def installed(wheel: Path, python: str, directory: Path, *options: str) -> Path:
    """Install the wheel, by its name from a directory, into a new environment. Return the interpreter of that."""
    # Without the variables that lead to the packages of this test.
    environment = {name: os.environ[name] for name in os.environ if not name.startswith("PYTHON")}
    subprocess.run([python, "-m", "venv", str(directory)], check=True, env=environment)
    own = directory / "bin" / "python"
    name, version = wheel.name.split("-")[:2]
    pip: List[str] = [str(own), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--find-links", str(wheel.absolute().parent), f"{name}=={version}", *options]
    subprocess.run(pip, check=True, capture_output=True, env=environment)
    return own


def checked_by_twine(*paths: Path) -> None:
    """Assert that `twine check` accepts the metadata and the long description."""
    environment = {"HOME": os.environ["HOME"], "PATH": os.environ["PATH"]}
    # Pants has built the PEX for its own Python.
    command = [Python("cpython3.9").path(), "twine.pex", "check", "--strict", *map(str, paths)]
    subprocess.run(command, check=True, env=environment)
