"""The apps that are measured. All do the same at a start; they differ in their wheels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

ROOT = Path(__file__).resolve().parents[2]

# The app says "hi". With the argument `import` it imports a module instead, and prints how long the import took.
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

    :param requirements: The direct requirements of the PEX. The lockfile also has their dependencies.
    :param module: The module of the measured import; "" for an app that is the console script of a wheel.
    :param pythons: The versions of Python that the app supports; empty for all.
    :param optional: The run reports and skips the app if the package index doesn't have its wheels.
    """

    name: str
    lockfile: Path
    requirements: Sequence[str]
    module: str = ""
    pythons: Sequence[str] = ()
    optional: bool = False

    @property
    def source(self) -> str:
        """The source of the module `app`; "" for an app without that module."""
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
