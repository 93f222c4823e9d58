"""The files that the backend gives to its processes: the runtime's sources, the boot and the tool.

Only this module knows their paths. The wheel of the backend carries them, as `pyproject.toml` says. In a checkout they are beside
the backend. If Pants works in that checkout, the engine reads them, because it notices changes.
"""

from __future__ import annotations

import dataclasses
import importlib.util
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import ModuleType
from typing import TYPE_CHECKING

from pants.base.build_root import BuildRoot
from pants.engine.fs import CreateDigest, Digest, Directory, FileContent, PathGlobs
from pants.engine.rules import collect_rules, rule
from pants.util.strutil import softwrap

from czex.compat import contents_of, digest_of, entries_at

if TYPE_CHECKING:
    from pexcz.platforms import Platforms

PACKAGE = Path(__file__).resolve().parent
CARRIED = PACKAGE / "_assets"
TOOL = CARRIED / "pexcz" if CARRIED.is_dir() else PACKAGE.parent / "pexcz"
NATIVE = CARRIED / "native" if CARRIED.is_dir() else PACKAGE.parents[1] / "native"


def of_tool(name: str) -> ModuleType:
    """Import a module of the tool that needs only the standard library, and not the packages of the tool."""
    spec = importlib.util.spec_from_file_location(f"czex.{name}_of_tool", TOOL / f"{name}.py")
    assert spec and spec.loader, f"{TOOL} has no {name}.py"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if not TYPE_CHECKING:
    Platforms = of_tool("platforms").Platforms


class NoPrebuiltRuntimeError(Exception):
    """The backend has no prebuilt runtime for a platform."""


@dataclass(frozen=True)
class RuntimeSources:
    """`native/` without the boot: the sources of the runtime, and its platforms."""

    digest: Digest
    build_script: str
    platforms: Platforms
    libzstd: str  # The source distribution that contains libzstd: a requirement with its hash.


@dataclass(frozen=True)
class BootFiles:
    """`native/boot`: the boot of a CZEX, in Python and sh."""

    digest: Digest
    path: str


@dataclass(frozen=True)
class ToolSources:
    """The package `pexcz`."""

    digest: Digest


def is_asset(path: PurePath) -> bool:
    """Return whether a file is a source: not a test, a BUILD file or bytecode."""
    names = ("BUILD", "conftest.py")
    return not (path.name in names or path.stem.endswith("_test") or "__pycache__" in path.parts)


def read(root: Path, patterns: tuple[str, ...], below: str) -> CreateDigest:
    """Read the files of `root` that match, as files below the directory `below`."""
    found = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    return CreateDigest(
        FileContent(f"{below}/{path.relative_to(root).as_posix()}", path.read_bytes())
        for path in sorted(found)
        if is_asset(path)
    )


async def files(root: Path, patterns: tuple[str, ...], below: str) -> CreateDigest:
    """Return the same as `read`, through the engine if possible."""
    repository = BuildRoot().pathlib_path.resolve()
    # The backend may be installed below the repository, in a directory that Pants is told to ignore.
    if CARRIED in root.parents or repository not in root.parents:
        return read(root, patterns, below)
    place = root.relative_to(repository)
    entries = await entries_at(PathGlobs(f"{place.as_posix()}/{pattern}" for pattern in patterns))
    return CreateDigest(
        dataclasses.replace(
            entry, path=f"{below}/{PurePath(entry.path).relative_to(place).as_posix()}"
        )
        for entry in entries
        if is_asset(PurePath(entry.path)) and not isinstance(entry, Directory)
    )


@rule
async def read_runtime_sources() -> RuntimeSources:
    patterns = ("src/**/*", "build.py", "libzstd.txt", "platforms.json")
    found = await files(NATIVE, patterns, "native")
    digest = await digest_of(found)
    contents = {file.path: file.content for file in await contents_of(digest)}
    return RuntimeSources(
        digest,
        build_script="native/build.py",
        platforms=Platforms.parse(contents["native/platforms.json"]),
        libzstd=contents["native/libzstd.txt"].decode(),
    )


@rule
async def read_boot_files() -> BootFiles:
    found = await files(NATIVE / "boot", ("**/*",), "boot")
    return BootFiles(await digest_of(found), "boot")


@rule
async def read_tool_sources() -> ToolSources:
    found = await files(TOOL, ("*.py",), "pexcz")
    return ToolSources(await digest_of(found))


def carried_runtime(platform: str) -> Path:
    """Return the executable for a platform in the backend's wheel.

    Raise NoPrebuiltRuntimeError if the backend isn't installed from its wheel.
    """
    found = list((CARRIED / "native" / "runtime" / platform).glob("*"))
    if len(found) != 1:
        raise NoPrebuiltRuntimeError(
            softwrap(
                f"""
                The czex backend at {PACKAGE} has no prebuilt runtime for {platform}. Only the backend's
                wheel has runtimes. Install the wheel by `[GLOBAL].plugins`, or set
                `[czex].runtime` to `"build"` in pants.toml to compile them.
                """
            )
        )
    return found[0]


def rules():
    return collect_rules()
