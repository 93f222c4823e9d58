"""The runtimes that tests start: prebuilt ones, or ones that are built for the tests."""

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
    """Return the executable for the platform `name`.

    $CZEX_TEST_RUNTIME names a directory that has <platform>/pexcz. Without it, `build.py` builds the executable into `output`,
    from $CZEX_ZSTD_SDIST, the sdist of zstandard, and with this interpreter's `ziglang`.
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
    """Return the result of `built_runtime`, which is called only once for all test files."""
    if name not in _found:
        _found[name] = built_runtime(name, directories.mktemp("runtime"))
    return _found[name]


def checked(directories: pytest.TempPathFactory) -> Path:
    """Return the output directory of `build_checked.py` for this machine: $CZEX_TEST_CHECKED, or built for the tests."""
    if "checked" not in _found:
        prebuilt = os.environ.get("CZEX_TEST_CHECKED")
        _found["checked"] = (
            Path(prebuilt).absolute()
            if prebuilt
            else _build("fuzz/build_checked.py", HOST, directories.mktemp("checked"))
        )
    return _found["checked"]


class Runtime:
    """An executable for a platform, and the command that starts it on this machine."""

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
        """Return a path of this machine in the form that the executable understands."""
        return "Z:" + path.replace("/", "\\") if self.is_windows and os.sep == "/" else path


def host_runtime(directories: pytest.TempPathFactory) -> Runtime:
    return Runtime(executable_of(HOST, directories), [])


def checked_runtime(directories: pytest.TempPathFactory) -> Runtime:
    """Return a runtime that traps on overflow, on an access out of bounds, and on undefined behaviour in C."""
    return Runtime(checked(directories) / PLATFORMS[HOST]["executable"], [])


BOTH_RUNTIMES = pytest.mark.parametrize("runtime", [host_runtime, checked_runtime], indirect=True)
