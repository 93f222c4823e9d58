"""The apps that are measured. All do the same at a start, and differ in what they bring along."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

ROOT = Path(__file__).resolve().parents[1]

# Says "hi"; with `import` as its argument it imports a module instead, and says how long that took.
_SOURCE = """
import sys


def main():
    if sys.argv[1:] == ["import"]:
        import time

        wall, cpu = time.perf_counter(), time.process_time()
        import {module}

        print(time.perf_counter() - wall, time.process_time() - cpu)
    else:
        from cowsay.main import cli

        cli()
"""


@dataclass(frozen=True)
class App:
    """An app to build.

    :param requirements: Those that the PEX gets by name; what they require is in the lockfile of the app's name.
    :param module: What a first import is measured with; "" for an app that is a wheel's own console script.
    :param pythons: The versions that it can be measured with, or none for all.
    :param optional: It is left out, with a word about it, where the package index doesn't have its wheels.
    """

    name: str
    lockfile: Path
    requirements: Sequence[str]
    module: str = ""
    pythons: Sequence[str] = ()
    optional: bool = False

    @property
    def source(self) -> str:
        """The module `app`, or "" where there is none."""
        return _SOURCE.format(module=self.module) if self.module else ""

    @property
    def script(self) -> str:
        return "app" if self.module else self.requirements[0]

    @property
    def entry_point(self) -> str:
        return "app:main" if self.module else "cowsay.main:cli"


def _lockfile(name: str) -> Path:
    return ROOT / "3rdparty" / f"{name}.txt"


APPS = {
    app.name: app
    for app in (
        App("cowsay", _lockfile("pure"), ["cowsay"]),
        App(
            "web",
            _lockfile("web"),
            ["boto3", "cowsay", "django", "pandas", "requests", "scipy"],
            "pandas",
        ),
        App("torch", _lockfile("torch"), ["cowsay", "torch"], "torch", ["3.11"], optional=True),
    )
}
DEFAULT_APPS = "cowsay,web"
