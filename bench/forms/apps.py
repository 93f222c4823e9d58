"""The apps that are measured.

Some say "hi" at a start, and differ in their wheels. The others are real apps. Each has a command that ends by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

ROOT = Path(__file__).resolve().parents[2]

# The app says "hi". With the argument `import` it imports a module instead, and prints how long the import took.
_HI = """
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

_SUM = """
import pandas


def main():
    print(pandas.DataFrame({"x": [1, 2]}).sum())
"""

# The app does all that a server does before it listens.
_SERVER = """
import fastapi
import uvicorn

server = fastapi.FastAPI()


@server.get("/items/{number}")
def item(number: int, name: str = "") -> dict[str, str]:
    return {"name": name * number}


def main():
    config = uvicorn.Config(server)
    config.load()
    print(config.loaded, len(server.openapi()))
"""


@dataclass(frozen=True)
class App:
    """An app to build.

    :param lockfile: Has the requirements with all their dependencies, and may have more.
    :param requirements: The direct requirements of the PEX.
    :param script: The console script of a wheel, or "app" for the module `app`.
    :param arguments: The arguments of a start.
    :param source: The source of the module `app`; "" for an app without that module.
    :param module: The module of the measured import; "" for an app without that measurement.
    :param pythons: The versions of Python that the app supports; empty for all.
    :param optional: The run reports and skips the app if the package index doesn't have its wheels.
    """

    name: str
    lockfile: Path
    requirements: Sequence[str]
    script: str
    entry_point: str
    arguments: Sequence[str]
    source: str = ""
    module: str = ""
    pythons: Sequence[str] = ()
    optional: bool = False

    @property
    def is_real(self) -> bool:
        return self.lockfile == _REAL


def _lockfile(name: str) -> Path:
    return ROOT / "3rdparty" / f"{name}.txt"


_REAL = _lockfile("bench")


def _real(name: str, script: str, entry_point: str, *arguments: str) -> App:
    return App(name, _REAL, [name], script, entry_point, arguments)


APPS = {
    app.name: app
    for app in (
        App("cowsay", _lockfile("pure"), ["cowsay"], "cowsay", "cowsay.main:cli", ["hi"]),
        App(
            "web",
            _lockfile("web"),
            ["boto3", "cowsay", "django", "pandas", "requests", "scipy"],
            "app",
            "app:main",
            ["hi"],
            _HI.format(module="pandas"),
            "pandas",
        ),
        App(
            "torch",
            _lockfile("torch"),
            ["cowsay", "torch"],
            "app",
            "app:main",
            ["hi"],
            _HI.format(module="torch"),
            "torch",
            ["3.11"],
            optional=True,
        ),
        _real("ansible-core", "ansible", "ansible.cli.adhoc:main", "--version"),
        _real("awscli", "aws", "awscli.clidriver:main", "--version"),
        _real("black", "black", "black:patched_main", "--version"),
        _real("celery", "celery", "celery.__main__:main", "--help"),
        _real("django", "django-admin", "django.core.management:execute_from_command_line", "help"),
        App("fastapi", _REAL, ["fastapi", "uvicorn"], "app", "app:main", [], _SERVER),
        _real("jupyter-server", "jupyter-server", "jupyter_server.serverapp:main", "--version"),
        App("pandas", _REAL, ["pandas"], "app", "app:main", [], _SUM),
        _real("sqlfluff", "sqlfluff", "sqlfluff.cli.commands:cli", "--version"),
    )
}
DEFAULT_APPS = "cowsay,web"
