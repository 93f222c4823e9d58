"""The runtime executables that tests start: prebuilt ones, or built for the occasion."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

NATIVE = Path(__file__).resolve().parents[2]
PLATFORMS = json.loads((NATIVE / "platforms.json").read_text())


def _host() -> str:
    system = {"linux": "linux", "darwin": "macos", "win32": "windows"}[sys.platform]
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64", "armv7l": "armv7", "armv8l": "armv7"}.get(machine, machine)
    if machine == "aarch64" and system != "linux":
        machine = "arm64"
    return f"{system}-{machine}"


HOST = _host()


def built_runtime(name: str, output: Path) -> Path:
    """The executable for the platform `name`.

    It is taken from $CZEX_TEST_RUNTIME, a directory with <platform>/pexcz, or else built from $CZEX_ZSTD_SDIST, the
    sdist of zstandard, by `build.py` with this interpreter's `ziglang`, into `output`.
    """
    executable: str = PLATFORMS[name]["executable"]
    prebuilt = os.environ.get("CZEX_TEST_RUNTIME")
    if prebuilt:
        return Path(prebuilt).absolute() / name / executable
    return _build("build.py", name, output) / name / executable


def _build(script: str, name: str, output: Path) -> Path:
    sdist = os.environ.get("CZEX_ZSTD_SDIST")
    if not sdist:
        pytest.fail("set CZEX_TEST_RUNTIME and CZEX_TEST_CHECKED, or CZEX_ZSTD_SDIST")
    command = [sys.executable, str(NATIVE / script), "--zstd-sdist", sdist]
    subprocess.run([*command, "--platform", name, "--output", str(output)], check=True)
    return output


_found: dict[str, Path] = {}


def executable_of(name: str, directories: pytest.TempPathFactory) -> Path:
    """`built_runtime`, which is called at most once however many test files ask."""
    if name not in _found:
        _found[name] = built_runtime(name, directories.mktemp("runtime"))
    return _found[name]


def checked(directories: pytest.TempPathFactory) -> Path:
    """The directory that `build_checked.py` makes, for this machine: $CZEX_TEST_CHECKED, or built like the others."""
    if "checked" not in _found:
        prebuilt = os.environ.get("CZEX_TEST_CHECKED")
        _found["checked"] = (
            Path(prebuilt).absolute()
            if prebuilt
            else _build("fuzz/build_checked.py", HOST, directories.mktemp("checked"))
        )
    return _found["checked"]


class Runtime:
    """An executable for some platform, and the way to start it on this one."""

    def __init__(self, executable: Path, starter: list[str], env: dict[str, str] | None = None):
        self.command = [*starter, str(executable)]
        self.env = {**os.environ, **(env or {})}
        self.is_windows = executable.suffix == ".exe"

    def start(self, *args: str, **kwargs) -> subprocess.Popen:
        return subprocess.Popen(
            [*self.command, *args], env=self.env, stderr=subprocess.PIPE, **kwargs
        )

    def run(self, *args: str, **kwargs) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*self.command, *args], env=self.env, capture_output=True, timeout=120, **kwargs
        )

    def path(self, path: str) -> str:
        """As the executable has to be told a path of this machine."""
        return "Z:" + path.replace("/", "\\") if self.is_windows and os.sep == "/" else path


def host_runtime(directories: pytest.TempPathFactory) -> Runtime:
    return Runtime(executable_of(HOST, directories), [])


def checked_runtime(directories: pytest.TempPathFactory) -> Runtime:
    """It traps where something overflows, is out of bounds, or isn't defined in C."""
    return Runtime(checked(directories) / PLATFORMS[HOST]["executable"], [])


BOTH_RUNTIMES = pytest.mark.parametrize("runtime", [host_runtime, checked_runtime], indirect=True)
