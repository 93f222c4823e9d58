"""The plan that a cold start hands to the runtime (docs/runtime.md), so that the runtime can be started by itself."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from bench.setting import Setting


@dataclass(frozen=True)
class Plan:
    """:param cache: The directory that the paths of the plan are below.
    :param store: What it installs, as the runtime has made it.
    """

    content: bytes
    cache: Path
    store: Path
    runtime: Path

    def moved(self, cache: Path) -> Path:
        """A file with the same plan for another cache."""
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
    """A plan is a sequence of netstrings."""
    position = 0
    while position < len(content):
        colon = content.index(b":", position)
        end = colon + 1 + int(content[position:colon])
        yield content[colon + 1 : end]
        position = end + 1


def capture(setting: Setting, czex: Path, name: str) -> Plan:
    """The plan of a cold start of `czex`: the runtime in its cache is replaced by a script that keeps the plan."""
    first = setting.new_directory(name, "plan of")
    setting.start([str(czex), "hi"], first)
    (installed,) = first.glob("pex/czex/runtimes/*/pexcz")
    cache = setting.new_directory(name, "plan")
    plan, spy = cache / "plan", cache / installed.relative_to(first)
    quoted = shlex.quote(str(plan))
    script = f"#!/bin/sh\ncat >{quoted}\nexec {shlex.quote(str(installed))} install {quoted}\n"
    spy.parent.mkdir(parents=True)
    spy.write_text(script.ljust(installed.stat().st_size, "\n"))
    spy.chmod(0o755)
    setting.start([str(czex), "hi"], cache)
    if not plan.exists():
        raise RuntimeError(f"{czex} was installed without the runtime in {spy}")
    store = spy.parents[2]
    return Plan(plan.read_bytes(), cache, store, installed)
