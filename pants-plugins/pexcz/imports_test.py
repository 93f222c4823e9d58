"""A build starts the tool once for each of its steps, so the time of its imports counts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from testing.strangers import DIST_INFO, GOOD, METADATA, WHEEL, Stranger, native_directory, zipped

# A small step would take half as long again with these packages, or longer.
SLOW = {"concurrent.futures", "dataclasses", "email", "inspect", "logging", "packaging", "rich"}
PROGRAM = """
import sys
before = set(sys.modules)
sys.path[:] = sys.argv.pop(1).split(":")
from pexcz.cli import main
assert main(sys.argv[1:]) == 0
print(*sorted(set(sys.modules) - before))
"""
FILES = {
    **GOOD,
    METADATA: f"""{GOOD[METADATA]}Requires-Python: >=3.8,!=3.9.*
Requires-Dist: other (<3,>=2)
Requires-Dist: more; extra == "more" and python_version < "3.11"
""",
    DIST_INFO + "entry_points.txt": "[console_scripts]\nfoo = foo:main\n",
}


def imported(*arguments: object) -> set[str]:
    """Run a command of the tool, and return the modules that it imports."""
    command = [sys.executable, "-I", "-S", "-c", PROGRAM, ":".join(filter(None, sys.path))]
    process = subprocess.run([*command, *map(str, arguments)], check=True, capture_output=True)
    return set(process.stdout.decode().split())


@pytest.fixture
def pex(tmp_path: Path) -> Path:
    native_directory(tmp_path)
    path = tmp_path / "app.pex"
    constraints = ["CPython>=3.9,<3.12"]
    info = {
        "entry_point": "app",
        "interpreter_constraints": constraints,
        "requirements": ["foo>=1"],
    }
    Stranger(info, wheel=FILES).write(path, "zipapp")
    return path


def test_steps_of_a_build_import_no_slow_packages(pex: Path, tmp_path: Path) -> None:
    wheel, output = tmp_path / WHEEL, tmp_path / "app.czex"
    wheel.write_bytes(zipped(FILES))
    packs = [tmp_path / name for name in ("sources.pack", "wheel.pack")]
    modules = imported("pack-sources", "--output", packs[0], pex)
    modules |= imported("pack", "--output", packs[1], wheel)
    for pack in list(packs):
        packs.append(pack.with_suffix(".bytecode"))
        modules |= imported("compile", "--python", sys.executable, "--output", packs[-1], pack)
    boot = tmp_path / "boot"
    modules |= imported("assemble", "--pex", pex, "--boot", boot, "--output", output, *packs)
    assert "pexcz.assemble" in modules
    assert not SLOW & modules


def test_inject_imports_no_slow_packages(pex: Path, tmp_path: Path) -> None:
    modules = imported("inject", pex, "--native", tmp_path, "--platform", "linux-x86_64")
    assert "pexcz.assemble" in modules
    assert not SLOW & modules
