"""What can be counted without a clock, and how much it may be. CI fails on these."""

from __future__ import annotations

import re
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import List

from bench.apps import Artifacts
from bench.measure import start

COWSAY_BYTES_MAX = 170_000
LARGE_RATIO_MAX = 0.85
ENTRIES_BEYOND_PACKS_MAX = 40


@dataclass(frozen=True)
class Count:
    """Something counted, and whether it is within its bound."""

    what: str
    value: str
    bound: str
    holds: bool


def check(built: List[Artifacts]) -> List[Count]:
    counted = []
    for artifacts in built:
        name = f"{artifacts.app.name}, {artifacts.python.version}"
        size = artifacts.czex.stat().st_size
        if artifacts.app.name == "cowsay":
            bound = f"≤ {COWSAY_BYTES_MAX:,}"
            counted.append(
                Count(f"{name}: bytes of the CZEX", f"{size:,}", bound, size <= COWSAY_BYTES_MAX)
            )
        else:
            ratio = size / artifacts.pexes["pex"].stat().st_size
            bound = f"≤ {LARGE_RATIO_MAX}"
            counted.append(
                Count(
                    f"{name}: size against the PEX", f"{ratio:.3f}", bound, ratio <= LARGE_RATIO_MAX
                )
            )
        names = zipfile.ZipFile(artifacts.czex).namelist()
        others = [entry for entry in names if not entry.startswith(".czex/packs/")]
        bound = f"≤ {ENTRIES_BEYOND_PACKS_MAX}"
        holds = len(others) <= ENTRIES_BEYOND_PACKS_MAX
        counted.append(Count(f"{name}: zip entries beside packs", str(len(others)), bound, holds))
        counted.append(_imports(name, artifacts))
    return counted


def _imports(name: str, artifacts: Artifacts) -> Count:
    """The modules that a warm start imports and an empty zip app does not, less the app's own."""
    with tempfile.TemporaryDirectory() as scratch:
        cache = Path(scratch)
        empty = cache / "empty.zip"
        with zipfile.ZipFile(empty, "w") as archive:
            archive.writestr("__main__.py", "")
        start([str(artifacts.python.executable), str(artifacts.czex), "x"], artifacts, cache)
        ours = _imported(artifacts, artifacts.czex, cache)
        floor = _imported(artifacts, empty, cache)
        apps = _imported(artifacts, artifacts.venv_script, cache)
    extra = sorted(ours - floor - apps - {"marshal"})
    return Count(f"{name}: modules that the warm path imports", str(len(extra)), "0", not extra)


def _imported(artifacts: Artifacts, app: Path, cache: Path) -> set[str]:
    python = artifacts.venv_script.parent / "python" if app == artifacts.venv_script else None
    process = subprocess.run(
        [python or artifacts.python.executable, "-X", "importtime", app, "x"],
        env=artifacts.python.environment(cache),
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        match.strip()
        for match in re.findall(r"^import time:[^|]*\|[^|]*\|(.*)$", process.stderr, re.M)
    }
