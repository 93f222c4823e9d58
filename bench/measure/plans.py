"""Capture the plan that a cold start gives to the runtime (docs/runtime.md), to start the runtime without Python."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from bench.forms.artifacts import Artifacts
from bench.measure.setting import Setting

_SPY = """
import os, runpy, sys
spawn, plan = os.posix_spawn, sys.argv[1]
def spy(path, argv, environment, **more):
    argv = ["sh", "-c", 'cat >"$1" && exec "$2" install "$1"', "sh", plan, path]
    return spawn("/bin/sh", argv, environment, **more)
os.posix_spawn = spy
del sys.argv[:2]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@dataclass(frozen=True)
class Plan:
    """The plan of a cold start.

    :param cache: The cache of that start; the plan has paths below it.
    :param store: The directory in the cache into which the runtime installs.
    """

    content: bytes
    cache: Path
    store: Path
    runtime: Path

    def moved(self, cache: Path) -> Path:
        """Write the same plan for another cache, and return its file."""
        old, new = (os.fsencode(path) + b"/" for path in (self.cache, cache))
        fields = (
            new + field[len(old) :] if field.startswith(old) else field
            for field in _fields(self.content)
        )
        path = cache / "plan"
        path.write_bytes(b"".join(b"%d:%s," % (len(field), field) for field in fields))
        (cache / self.store.relative_to(self.cache)).mkdir(parents=True)
        return path


def _fields(content: bytes) -> Iterator[bytes]:
    """Yield the fields of a plan, which is a sequence of netstrings."""
    position = 0
    while position < len(content):
        colon = content.index(b":", position)
        end = colon + 1 + int(content[position:colon])
        yield content[colon + 1 : end]
        position = end + 1


def capture(setting: Setting, artifacts: Artifacts, czex: Path, name: str) -> Plan:
    """Start a CZEX of an app in a new cache, and return the plan that its boot gives to the runtime."""
    cache = setting.new_directory(name, "plan")
    plan = cache / "plan"
    python = str(setting.python.executable)
    arguments = artifacts.app.arguments
    setting.start([python, "-c", _SPY, str(plan), str(czex), *arguments], cache)
    if not plan.exists():
        raise RuntimeError(f"{czex} did not start the runtime")
    (runtime,) = cache.glob("pex/czex/runtimes/*/pexcz")
    return Plan(plan.read_bytes(), cache, runtime.parents[2], runtime)
