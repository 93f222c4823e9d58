"""pip builds the wheel of the tool, and the tool works from it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import pexcz

PROJECT = Path(pexcz.__file__).parent
NATIVE = PROJECT.parents[1] / "native"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the unpacked wheel, whose runtimes contain only their names."""
    directory = tmp_path_factory.mktemp("wheel")
    for name, facts in json.loads((NATIVE / "platforms.json").read_text()).items():
        (directory / "runtimes" / name).mkdir(parents=True)
        (directory / "runtimes" / name / facts["executable"]).write_text(name)
    build = f"import pexcz_build; pexcz_build.build_wheel({str(directory)!r})"
    paths = [str(PROJECT / "build_backend"), *(entry for entry in sys.path if entry)]
    environment = {
        "PATH": os.environ["PATH"],
        "PEXCZ_RUNTIMES": str(directory / "runtimes"),
        "PYTHONPATH": os.pathsep.join(paths),
    }
    command = [sys.executable, "-c", build]
    subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True)
    (wheel,) = directory.glob("*.whl")
    assert wheel.name == f"pexcz-{pexcz.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory / "installed")
    return directory / "installed"


def test_build_requirements_are_those_of_the_backend() -> None:
    names = ("libzstd.in", "zig.in")
    pins = "".join((PROJECT.parent / "czex" / name).read_text() for name in names).splitlines()
    (requires,) = re.findall(
        r"^requires = \[(.*)\]$", (PROJECT / "pyproject.toml").read_text(), re.M
    )
    assert set(re.findall(r'"(.*?)"', requires)) <= set(pins)


def test_wheel_has_the_boot_and_a_runtime_for_every_platform(installed: Path) -> None:
    carried = installed / "pexcz" / "_native"
    for name in ("__main__.py", "header.sh", "boot/activate.py"):
        assert (carried / "boot" / name).read_bytes() == (NATIVE / "boot" / name).read_bytes()
    runtimes = {path.parent.name: path.read_text() for path in carried.glob("runtime/*/*")}
    assert runtimes == {name: name for name in json.loads((NATIVE / "platforms.json").read_text())}


def test_installed_wheel_needs_no_checkout(installed: Path, tmp_path: Path) -> None:
    """Runtimes that don't run are enough to make a CZEX."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__main__.py").write_text("")
    (tmp_path / "app" / "PEX-INFO").write_text("{}")
    others = [entry for entry in sys.path if entry and not (Path(entry) / "pexcz").is_dir()]
    path = os.pathsep.join([str(installed), *others])
    subprocess.run(
        [sys.executable, "-m", "pexcz", "inject", "app", "--platform", "linux-x86_64"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path},
        check=True,
    )
    with zipfile.ZipFile(tmp_path / "app.czex") as czex:
        assert czex.read(".czex/runtime/linux-x86_64/pexcz") == b"linux-x86_64"
