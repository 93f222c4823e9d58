"""Build pexcz's wheel, with the ten runtimes and the boot in it (PEP 517).

It takes about two minutes and needs no compiler, but `native/` of the checkout. $PEXCZ_RUNTIMES may name a directory of
runtimes that are built already, as `<platform>/pexcz`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Tuple

from setuptools import build_meta

TOOL = Path(__file__).resolve().parents[1]
NATIVE = TOOL.parents[1] / "native"
LIBZSTD = NATIVE / "libzstd.txt"


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Any = None) -> str:
    """Write the wheel's metadata, without compiling anything."""
    target = os.path.abspath(metadata_directory)
    with _staged() as (_, _):
        return build_meta.prepare_metadata_for_build_wheel(target, config_settings)


def build_wheel(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel into `wheel_directory` and return its file name."""
    target = os.path.abspath(wheel_directory)
    with _staged() as (package, scratch):
        _add_assets(package / "_native", scratch)
        return build_meta.build_wheel(target, config_settings)


@contextmanager
def _staged() -> Iterator[Tuple[Path, Path]]:
    """Work in a copy of the project. Yield its package and a scratch directory."""
    if not NATIVE.is_dir():
        sys.exit(f"pexcz must be built in a checkout of czex: {NATIVE} is missing.")
    before = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="pexcz-build-") as scratch:
        package = Path(scratch) / "stage" / "pexcz"
        package.mkdir(parents=True)
        shutil.copy(TOOL / "pyproject.toml", package.parent)
        for module in sorted(TOOL.glob("*.py")):
            if not module.name.endswith("_test.py"):
                shutil.copy(module, package)
        os.chdir(package.parent)
        try:
            yield package, Path(scratch)
        finally:
            os.chdir(before)


def _add_assets(target: Path, scratch: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "BUILD")
    shutil.copytree(NATIVE / "boot", target / "boot", ignore=ignored)
    shutil.copy(NATIVE / "platforms.json", target)
    prebuilt = os.environ.get("PEXCZ_RUNTIMES")
    runtimes = Path(prebuilt) if prebuilt else _built_runtimes(scratch)
    for platform, facts in json.loads((target / "platforms.json").read_text()).items():
        directory = target / "runtime" / platform
        directory.mkdir(parents=True)
        shutil.copy(runtimes / platform / facts["executable"], directory)


def _built_runtimes(scratch: Path) -> Path:
    downloads, output = scratch / "libzstd", scratch / "runtimes"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    # Pip builds the metadata of a source distribution, even only to download it.
    pip += ["--no-binary=:all:", "--no-build-isolation", "--dest", str(downloads)]
    subprocess.run([*pip, "--requirement", str(LIBZSTD)], check=True)
    (sdist,) = downloads.iterdir()
    build = [sys.executable, str(NATIVE / "build.py"), "--zstd-sdist", str(sdist)]
    for platform in json.loads((NATIVE / "platforms.json").read_text()):
        build += ["--platform", platform]
    subprocess.run([*build, "--output", str(output)], check=True)
    return output
