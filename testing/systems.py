"""The matrix of platforms and Pythons, and the tests that start a CZEX in each of its cells.

`build-support/every-system` runs these tests everywhere. It writes the number of tests that passed into `docs/systems.md`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Collection, Mapping, Sequence, Tuple

# The name of a platform, and the name of a Python.
System = Tuple[str, str]

# With it, tests run on every system, and write the systems to this file. Without it, they leave out some systems that take long.
PASSED = os.environ.get("CZEX_SYSTEMS")
EVERY = bool(PASSED)


@dataclass(frozen=True)
class Platform:
    """The Pythons that tests start on a platform, and the reason why they start no others there."""

    name: str
    pythons: Sequence[str]
    reason: str


# The rows of the matrix, by the names that they have in the page.
PYTHONS: Mapping[str, str] = {
    "cpython2.7": "CPython 2.7",
    "cpython3.5": "CPython 3.5",
    "cpython3.6": "CPython 3.6",
    "cpython3.7": "CPython 3.7",
    "cpython3.8": "CPython 3.8",
    "cpython3.9": "CPython 3.9",
    "cpython3.10": "CPython 3.10",
    "cpython3.11": "CPython 3.11",
    "cpython3.12": "CPython 3.12",
    "cpython3.13": "CPython 3.13",
    "cpython3.14": "CPython 3.14",
    "cpython3.15": "CPython 3.15",
    "pypy2.7": "PyPy 2.7",
    "pypy3": "PyPy 3.9",
    "pypy3.11": "PyPy 3.11",
}
ONE_VERSION = (
    "The tests take the Python of one Debian release, under `qemu-user`. Versions differ in the boot's Python code, "
    "which is the same on all platforms"
)
NO_MAC = "macOS runs on Apple's machines only. [macOS](macos.md) has the checks that need no Mac, and a command for the others"
# The columns of the matrix.
PLATFORMS = (
    Platform(
        "linux-x86_64",
        [python for python in PYTHONS if python not in ("cpython3.5", "pypy2.7")],
        "No build of it was found",
    ),
    Platform("linux-aarch64", ["cpython3.11"], ONE_VERSION),
    Platform("linux-armv7", ["cpython3.11"], ONE_VERSION),
    Platform("linux-ppc64le", ["cpython3.11"], ONE_VERSION),
    Platform("linux-s390x", ["cpython3.11"], ONE_VERSION),
    Platform("linux-riscv64", ["cpython3.13"], ONE_VERSION),
    Platform("macos-arm64", [], NO_MAC),
    Platform("macos-x86_64", [], NO_MAC),
    Platform(
        "windows-x86_64",
        [f"cpython3.{minor}" for minor in range(9, 15)],
        "No build of it for Windows was found that a test can unpack",
    ),
    Platform("windows-arm64", [], "Wine doesn't run programs for arm64 on an x86-64 machine"),
)


def record(test: str, systems: Collection[System]) -> None:
    """Write down the systems on which a test has passed."""
    if PASSED and systems:
        with open(PASSED, "a") as passed:
            for system in systems:
                passed.write("\t".join((*system, test)) + "\n")
