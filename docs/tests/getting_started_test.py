"""Follow the page in a repository that has only the wheel of the backend."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Iterator

import pytest

from czex.repository_for_tests import Repository, Result
from docs.tests.examples import PAGES, commands, files

PAGE, PLATFORMS = "getting-started.md", "platforms.md"
(WHEEL,) = Path().glob("czex-*.whl")
FIRST, TEST, PINS = commands(PAGE)
FILES = files(PAGE, "toml", "python")
BUILD, SETTINGS = "src/hello/BUILD", "pants.toml"
ADDITION, REQUIREMENTS = ", in addition", "3rdparty/BUILD"
ONE_PLATFORM = "--czex-default-platforms=['linux-x86_64']"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """Make a repository, and package the first CZEX in it."""
    directory = tmp_path_factory.mktemp("elsewhere")
    wheels = directory / "wheels"
    wheels.mkdir()
    shutil.copy(WHEEL, wheels)
    version = ".".join(map(str, sys.version_info[:2]))
    repository = Repository(directory / "repository", directory / "store", has_backend=False)
    repository.write(
        {
            path: content.replace("/srv/wheels", str(wheels)).replace("3.11", version)
            for path, content in FILES.items()
            if path != REQUIREMENTS and not path.endswith(ADDITION)
        }
    )
    for line in FIRST[:2]:
        result = run(repository, line)
    # The wheel carries the runtimes of all platforms.
    assert not [step for step in result.ran if "runtime" in step or "zig" in step], result.ran
    yield repository
    repository.stop()


def run(repository: Repository, line: str, *options: str) -> Result:
    if line.startswith("pants "):
        result = repository.pants(*options, *shlex.split(line)[1:])
    else:
        process = subprocess.run(
            ["sh", "-c", line],
            cwd=repository.root,
            env={**os.environ, "PATH": f"{Path(sys.executable).resolve().parent}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )
        result = Result(process.stdout, process.stderr, process.returncode)
    assert result.exit_code == 0, f"{line}: {result.log}"
    return result


def test_the_first_czex(elsewhere: Repository) -> None:
    for start in FIRST[2:]:
        assert "Hello!" in run(elsewhere, start).stdout


def test_a_test_starts_the_app(elsewhere: Repository) -> None:
    build = (elsewhere.root / BUILD).read_text()
    elsewhere.write({BUILD: build + FILES[BUILD + ADDITION]})
    (line,) = TEST
    assert "hello_test.py" in run(elsewhere, line).log


def test_the_steps_of_ci(elsewhere: Repository) -> None:
    ((*steps, start),) = commands("ci.md")
    for line in steps:
        run(elsewhere, line)
    assert "Hello!" in run(elsewhere, start).stdout


def test_an_app_is_built_for_another_processor(elsewhere: Repository, tmp_path: Path) -> None:
    """The page on platforms leads to the wheel, the runtime and the bytecode for Linux on arm64."""
    (tmp_path / "pex3").write_text(f'#!/bin/sh\nexec {sys.executable} -m pex.cli "$@"\n')
    (tmp_path / "pex3").chmod(0o755)
    _, _, describe, _ = commands(PLATFORMS)
    requirement = 'python_requirement(name="wheel", requirements=["markupsafe==2.1.5"])\n'
    targets = files(PLATFORMS, "python")
    targets["src/tool/BUILD"] += requirement
    elsewhere.write({**targets, "src/tool/main.py": "import markupsafe\n"})
    subprocess.run(
        ["sh", "-c", "\n".join(describe).replace("python3.11", sys.executable)],
        cwd=elsewhere.root / "3rdparty" / "platforms",
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        check=True,
    )
    for line in (FIRST[0], "pants package src/tool:czex"):
        run(elsewhere, line)
    with zipfile.ZipFile(elsewhere.root / "dist" / "src.tool" / "czex.czex") as czex:
        entries = czex.namelist()
        (wheel,) = (
            pack["name"]
            for pack in json.loads(czex.read(".czex/manifest.json"))["packs"]
            if pack["kind"] == "wheel"
        )
    runtimes = [entry for entry in entries if entry.startswith(".czex/runtime/")]
    assert runtimes == [".czex/runtime/linux-aarch64/pexcz"]
    assert "aarch64" in wheel and wheel.startswith("MarkupSafe-2.1.5-cp3")
    assert [entry for entry in entries if entry.startswith(".czex/boot.")]


def test_other_pins(elsewhere: Repository) -> None:
    settings = (elsewhere.root / SETTINGS).read_text()
    for table in re.split(r"^(?=\[)", FILES[SETTINGS + ADDITION], flags=re.M):
        header, _, lines = table.partition("\n")
        start, _, end = settings.partition(f"{header}\n")
        settings = f"{start.rstrip()}\n\n{header}\n{lines.strip()}\n{end}"
    elsewhere.write({SETTINGS: settings, REQUIREMENTS: FILES[REQUIREMENTS]})
    lockfile, package = PINS
    run(elsewhere, lockfile)
    ran = run(elsewhere, package, ONE_PLATFORM).ran
    # By other programs, from another source.
    assert {
        "Installing czex-pexcz for the czex backend",
        "Installing czex-zig for the czex backend",
        "Installing czex-libzstd for the czex backend",
        "Fetching the source of libzstd",
        "Building the czex runtime for linux-x86_64",
        "Packing the sources of src/hello:czex",
    } <= set(ran)
    assert "Hello!" in run(elsewhere, FIRST[2]).stdout


def test_the_table_of_pins_has_what_the_lockfiles_hold() -> None:
    """A resolve with these packages has everything that the backend asks for."""
    rows = re.findall(r"^\| `\[czex-(\w+)\]\.install_from_resolve` \| (.*?) \|", page(), re.M)
    assert [tool for tool, _ in rows] == ["pexcz", "zig", "libzstd"]
    for tool, packages in rows:
        pinned = (PAGES.parent / "pants-plugins" / "czex" / f"{tool}.in").read_text()
        assert re.findall(r"`([\w.-]+)`", packages) == re.findall(r"^([\w.-]+)==", pinned, re.M)


def page() -> str:
    return (PAGES / PAGE).read_text()
