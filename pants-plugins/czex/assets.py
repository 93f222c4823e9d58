"""Where the backend finds what it hands to its processes: the runtime's sources, the boot and the tool.

Only this module knows. A wheel of the backend carries them (`pyproject.toml` says where). In a checkout
they are beside the backend, and where that is the repository that Pants works in, they are read
through the engine, which notices changes.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
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
    """A module of the tool that imports nothing but the standard library, and so needs none of the tool's packages."""
    spec = importlib.util.spec_from_file_location(f"czex.{name}_of_tool", TOOL / f"{name}.py")
    assert spec and spec.loader, f"{TOOL} has no {name}.py"
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look for their module there.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


if not TYPE_CHECKING:
    Platforms = of_tool("platforms").Platforms


class NoPrebuiltRuntimeError(Exception):
    """The backend carries no runtime for a platform."""


@dataclass(frozen=True)
class RuntimeSources:
    """`native/` without the boot: what the runtime is built from, and for which platforms."""

    digest: Digest
    build_script: str
    platforms: Platforms
    libzstd: str  # The source distribution to take libzstd from: a requirement with its hash.


@dataclass(frozen=True)
class BootFiles:
    """`native/boot`, the part of a CZEX's boot that is written in Python and sh."""

    digest: Digest
    path: str


@dataclass(frozen=True)
class ToolSources:
    """The `pexcz` package, to be found at `path`."""

    digest: Digest
    path: str


def is_asset(path: PurePath) -> bool:
    """Not a test, nor what Pants and Python leave beside the sources."""
    names = ("BUILD", "conftest.py")
    return not (path.name in names or path.stem.endswith("_test") or "__pycache__" in path.parts)


def read(root: Path, patterns: tuple[str, ...], below: str) -> CreateDigest:
    """These files of a directory, as files below another one."""
    found = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    return CreateDigest(
        FileContent(f"{below}/{path.relative_to(root).as_posix()}", path.read_bytes())
        for path in sorted(found)
        if is_asset(path)
    )


async def files(root: Path, patterns: tuple[str, ...], below: str) -> CreateDigest:
    """What `read` reads, through the engine where it can."""
    repository = BuildRoot().pathlib_path.resolve()
    # What is installed below a repository, Pants may be told to ignore there.
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
    found = await files(TOOL, ("*.py",), "__pexcz/pexcz")
    return ToolSources(await digest_of(found), "__pexcz")


def carried_runtime(platform: str) -> Path:
    """Return the executable for a platform that the backend's wheel carries.

    Raises NoPrebuiltRuntimeError for a backend that isn't installed from its wheel.
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
