"""Support for tests of the runtime: an app to install, and functions that check the result.

Assertions here have messages, because pytest doesn't rewrite them.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support import packs
from support.packs import App, Entry
from support.runtime import Runtime

USAGE, DAMAGED, CACHE, IO = 64, 65, 73, 74
MIB = 1 << 20

FILES = {
    "lib/cowsay/__init__.py": b"import sys\n" * 100,
    "lib/cowsay/data/cow.txt": b"moo",
    "lib/cowsay/empty.py": b"",
    "lib/cowsay-1.dist-info/METADATA": b"Name: cowsay\n",
    "scripts/cowsay": Entry(
        "scripts/cowsay", b"#!python\nimport cowsay\n", packs.EXECUTABLE | packs.SHEBANG
    ),
    "data/share/man/cow.1": b".TH",
}


def empty_app(directory: Path) -> App:
    """Return an app without packs, whose store is in the directory."""
    (directory / "store").mkdir()
    return App(str(directory / "store"), str(directory / "app.czex"))


def install(runtime: Runtime, app: App, **kwargs) -> subprocess.CompletedProcess:
    return runtime.run("install", write_plan(app), **kwargs)


def write_plan(app: App) -> str:
    path = app.archive + ".plan"
    Path(path).write_bytes(app.plan())
    return path


def assert_installs(runtime: Runtime, app: App) -> None:
    result = install(runtime, app)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b""), result
    assert leftovers(app) == [], leftovers(app)


def assert_fails(runtime: Runtime, app: App, code: int, *words: str) -> str:
    """Assert that an install fails with one line that has these words, and leaves no files."""
    result = install(runtime, app)
    message = result.stderr.decode()
    assert result.returncode == code, (result.returncode, message)
    assert (
        message.startswith("czex: ") and message.endswith("\n") and message.count("\n") == 1
    ), message
    for word in words:
        assert word in message, message
    assert not os.path.exists(app.venv_path)
    assert leftovers(app) == [], leftovers(app)
    return message


def leftovers(app: App) -> list[str]:
    found = []
    for parent, directories, files in os.walk(app.store):
        found += [
            os.path.join(parent, name)
            for name in [*directories, *files]
            if name.endswith((".tmp", ".lock"))
        ]
    return found


def tree(root: str) -> dict[str, object]:
    """Describe each path below a directory: the content of a file, the target of a link, or None for a directory."""
    result: dict[str, object] = {}
    for parent, directories, files in os.walk(root):
        for name in directories + files:
            path = os.path.join(parent, name)
            key = os.path.relpath(path, root).replace(os.sep, "/")
            if os.path.islink(path):
                result[key] = "-> " + os.readlink(path)
            else:
                result[key] = None if os.path.isdir(path) else Path(path).read_bytes()
    return result


def contents(root: str) -> dict[str, bytes]:
    """Return path → content of all files below a directory, also through links."""
    result = {}
    for parent, _, files in os.walk(root, followlinks=True):
        for name in files:
            path = os.path.join(parent, name)
            result[os.path.relpath(path, root).replace(os.sep, "/")] = Path(path).read_bytes()
    return result
