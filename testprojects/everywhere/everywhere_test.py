from __future__ import annotations

import json
import zipfile
from pathlib import Path

from testing.machine import Machine
from testing.pair import Pair
from testing.pythons import Python, on_cpython

EVERYWHERE = Pair.of("everywhere", "everywhere", "czex")


@on_cpython("3.9", "3.10", "3.11", "3.12", "3.13")
def test_each_python_gets_its_own_wheel(python: Python, tmp_path: Path) -> None:
    outcome = EVERYWHERE.assert_same(Machine(tmp_path), python, "Everywhere")
    first, second = outcome.stdout.splitlines()
    tag = "cpython-{}{}".format(*python.minor)
    assert first == f"Everywhere on &lt;{tag}&gt;"
    assert tag in second


def test_czex_has_a_runtime_for_each_platform_of_its_wheels() -> None:
    with zipfile.ZipFile(EVERYWHERE.czex) as czex:
        manifest = json.loads(czex.read(".czex/manifest.json"))
    platforms = ["linux-aarch64", "linux-x86_64", "macos-arm64", "windows-x86_64"]
    assert sorted(manifest["runtimes"]) == platforms
