"""The wheel of the backend, built by `pants package`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
(WHEEL,) = Path().glob("czex-*.whl")


def metadata(name: str) -> Message:
    with zipfile.ZipFile(WHEEL) as wheel:
        (path,) = [path for path in wheel.namelist() if path.endswith(f".dist-info/{name}")]
        return HeaderParser().parsestr(wheel.read(path).decode())


def test_wheel_has_the_same_bytes_from_another_directory(tmp_path: Path) -> None:
    directory = tmp_path / "pants-plugins" / "czex"
    path = os.pathsep.join(entry for entry in sys.path if entry)
    umask = os.umask(0o077)
    try:
        for name in ("LICENSE", "native", "pants-plugins/czex", "pants-plugins/pexcz"):
            copy(ROOT / name, tmp_path / name)
        subprocess.run(
            [sys.executable, "-c", "import hatchling.build as b; b.build_wheel('dist')"],
            cwd=directory,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "TZ": "UTC+11"},
            check=True,
        )
    finally:
        os.umask(umask)
    assert (directory / "dist" / WHEEL.name).read_bytes() == WHEEL.read_bytes()


def copy(source: Path, target: Path) -> None:
    """Copy files with new times and modes, and without this test."""
    if source.is_dir():
        for path in source.iterdir():
            if path.name not in ("__pycache__", "wheel_test.py"):
                copy(path, target / path.name)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        if os.access(source, os.X_OK):
            target.chmod(0o700)


def test_wheel_fits_every_pants_and_requires_nothing() -> None:
    assert metadata("WHEEL")["Tag"] == "py3-none-any"
    assert metadata("METADATA")["Requires-Python"] == ">=3.9"
    assert metadata("METADATA").get_all("Requires-Dist") is None


def test_wheel_has_the_assets_and_no_tests() -> None:
    with zipfile.ZipFile(WHEEL) as wheel:
        names = set(wheel.namelist())
    for name in ("native/src/main.zig", "native/boot/header.sh", "pexcz/cli.py"):
        assert f"czex/_assets/{name}" in names
    assert {"czex/register.py", "czex/zig.lock", "czex/compat/by_name.py"} <= names
    assert not [name for name in names if "test" in Path(name).stem]


def test_runtimes_in_the_wheel_are_built_from_its_sources() -> None:
    """For this test, Pants builds `native/runtime/` from source."""
    platforms = json.loads((ROOT / "native" / "platforms.json").read_text())
    with zipfile.ZipFile(WHEEL) as wheel:
        prefix = "czex/_assets/native/runtime/"
        carried = {
            name[len(prefix) :]: wheel.read(name)
            for name in wheel.namelist()
            if name.startswith(prefix)
        }
    built = {
        f"{platform}/{facts['executable']}": (
            ROOT / "native" / "runtime" / platform / facts["executable"]
        ).read_bytes()
        for platform, facts in platforms.items()
    }
    assert carried == built


def test_wheel_has_the_version_of_the_tool() -> None:
    with zipfile.ZipFile(WHEEL) as wheel:
        tool = wheel.read("czex/_assets/pexcz/__init__.py").decode()
    assert f'__version__ = "{metadata("METADATA")["Version"]}"' in tool
