"""The wheel and the sdist of the tool, built by `pants package`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from testing.dists import (
    VERSIONS,
    built_from,
    checked_by_twine,
    installed,
    metadata,
    names,
)
from testing.pythons import Python, on_cpython

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "native"
((WHEEL,), (SDIST,)) = (tuple(Path().glob(f"pexcz-*{end}")) for end in (".whl", ".tar.gz"))


def test_sdist_builds_the_same_wheel(tmp_path: Path) -> None:
    assert built_from(SDIST, tmp_path).read_bytes() == WHEEL.read_bytes()


def test_metadata_passes_twine() -> None:
    checked_by_twine(WHEEL, SDIST)
    assert metadata(WHEEL, "WHEEL")["Tag"] == "py3-none-any"
    facts = metadata(WHEEL, "METADATA")
    assert facts["Requires-Python"] == ">=3.8"
    assert facts["License-Expression"] == "Apache-2.0"
    assert str(facts.get_payload()).startswith("# pexcz\n")


def test_wheel_has_the_boot_and_a_runtime_for_every_platform() -> None:
    """For this test, Pants builds `native/runtime/` from source."""
    expected = {"platforms.json": (NATIVE / "platforms.json").read_bytes()}
    for name in ("boot/__main__.py", "boot/header.sh", "boot/boot/activate.py"):
        expected[name] = (NATIVE / name).read_bytes()
    for platform, facts in json.loads(expected["platforms.json"]).items():
        name = f"runtime/{platform}/{facts['executable']}"
        expected[name] = (NATIVE / name).read_bytes()
    with zipfile.ZipFile(WHEEL) as wheel:
        for name, content in expected.items():
            assert wheel.read(f"pexcz/_native/{name}") == content, name


def test_wheel_has_no_tests_and_no_build_files() -> None:
    found = [Path(name) for name in names(WHEEL)]
    assert Path("pexcz/cli.py") in found
    assert not [path for path in found if path.stem.endswith("_test") or path.name == "BUILD"]
    assert not [
        path for path in found if "build_backend" in path.parts or path.parts[0] == "carried"
    ]


@pytest.fixture(scope="module")
def pex(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pex")
    (root / "sources").mkdir()
    (root / "sources" / "app.py").write_text("import sys\nprint('moo', *sys.argv[1:])\n")
    command = [sys.executable, "-m", "pex", "-D", str(root / "sources"), "-m", "app"]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    environment = {**os.environ, "PEX_ROOT": str(root / "root"), "PYTHONPATH": path}
    subprocess.run([*command, "-o", str(root / "app.pex")], check=True, env=environment)
    return root / "app.pex"


@on_cpython(*VERSIONS)
def test_installed_wheel_makes_a_czex_that_starts(
    python: Python, pex: Path, tmp_path: Path
) -> None:
    own = installed(WHEEL, python.path(), tmp_path / "venv")
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}

    def run(*command: object) -> str:
        argv = [str(argument) for argument in command]
        process = subprocess.run(
            argv, env=environment, cwd=tmp_path, capture_output=True, text=True
        )
        assert (process.stderr, process.returncode) == ("", 0)
        return process.stdout

    script = own.with_name("pexcz")
    version = metadata(WHEEL, "METADATA")["Version"]
    assert run(script, "--version") == run(own, "-m", "pexcz", "--version") == f"pexcz {version}\n"
    run(script, "inject", pex, "--directory", tmp_path, "--precompile", own)
    app = tmp_path / "app.czex"
    assert run(own, app, "x") == run(own, app, "x") == "moo x\n"
    assert "is as it was built" in run(script, "verify", "--installed", app)
    assert run(script, "doctor", app, "--python", own).endswith("No problems.\n")
    assert "linux-s390x" in run(script, "inspect", app)
    assert "app_sources" in run(script, "extract", app, "out")
    assert "_shtab_pexcz" in run(script, "completion", "bash")
    run(script, "cache", "clear")
