"""`pexcz inject` prints one line for each likely mistake."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Sequence

import pytest

from pexcz.cli import main
from testing.strangers import native_directory

LINUX = "a-1-cp311-cp311-manylinux_2_17_x86_64.whl"


@pytest.fixture
def native(tmp_path: Path) -> Path:
    root = tmp_path / "native"
    root.mkdir()
    return native_directory(root)


def loose_pex(directory: Path, wheels: Sequence[str] = (), **info: object) -> Path:
    """Write a PEX as a directory of files, with wheels of one module each."""
    directory.mkdir()
    (directory / "__main__.py").write_text("#!/usr/bin/env python3\n")
    for wheel in wheels:
        dist_info = directory / ".deps" / wheel / "a-1.dist-info"
        dist_info.mkdir(parents=True)
        (dist_info / "METADATA").write_text("Metadata-Version: 2.1\nName: a\nVersion: 1\n")
        tag = wheel[len("a-1-") : -len(".whl")]
        (dist_info / "WHEEL").write_text(f"Wheel-Version: 1.0\nTag: {tag}\n")
        (dist_info.parent / "a.py").write_text("")
    distributions = {wheel: "0" * 64 for wheel in wheels}
    content = {"entry_point": "a", "distributions": distributions, **info}
    (directory / "PEX-INFO").write_text(json.dumps(content))
    return directory


def inject(native: Path, pex: Path, *options: str) -> int:
    return main(["inject", str(pex), "--native", str(native), *options])


def test_platform_without_a_wheel_is_named(
    native: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pex = loose_pex(tmp_path / "app.pex", [LINUX])
    options = [f"--platform={name}" for name in ("linux-x86_64", "linux-arm64", "macos-arm64")]
    assert inject(native, pex, *options) == 0
    assert capsys.readouterr().err == (
        f"pexcz: {tmp_path}/app.czex can't start on linux-aarch64, macos-arm64: {pex} has "
        f"{LINUX}, but no wheel of these projects for that platform; build the PEX for it, too, or leave it out of "
        "--platform\n"
    )
    assert inject(native, pex) == 0
    assert capsys.readouterr().err == ""


def test_app_without_an_entry_point_is_said_to_be_an_interpreter(
    native: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pex = loose_pex(tmp_path / "app.pex", entry_point=None)
    assert inject(native, pex, "--platform=linux-amd64") == 0
    assert capsys.readouterr().err == (
        f"pexcz: {pex} has no entry point, so {tmp_path}/app.czex starts an interpreter\n"
    )
    script = loose_pex(tmp_path / "script.pex", entry_point=None, script="a")
    assert inject(native, script, "--platform=linux-amd64") == 0
    assert capsys.readouterr().err == ""


def test_bytecode_for_a_python_that_the_app_does_not_allow_is_refused(
    native: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pex = loose_pex(tmp_path / "app.pex", interpreter_constraints=["CPython==3.7.*", "PyPy>=3.9"])
    options = [f"--precompile={sys.executable}", "--platform=linux-x86_64"]
    assert inject(native, pex, *options) == 1
    version = "{}.{}".format(*sys.version_info)
    assert capsys.readouterr().err == (
        f"pexcz: can't compile {pex} with {sys.executable}: that is CPython {version}, but the app runs on "
        "CPython==3.7.* or PyPy>=3.9 only; name an interpreter that the app runs on\n"
    )
    assert not (tmp_path / "app.czex").exists()
    allowing = loose_pex(
        tmp_path / "b.pex", interpreter_constraints=["PyPy", f"CPython=={version}.*"]
    )
    assert inject(native, allowing, *options) == 0


@pytest.mark.parametrize(("python", "like"), [("3.11", "python3.11"), ("pyhton3", "python3.11")])
def test_version_in_the_place_of_an_interpreter_gives_a_hint(
    native: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], python: str, like: str
) -> None:
    pex = loose_pex(tmp_path / "app.pex")
    assert inject(native, pex, "--precompile", python, "--platform=linux-x86_64") == 1
    assert capsys.readouterr().err == (
        f"pexcz: can't compile with {python}: there is no such command; name an interpreter, such as {like}\n"
    )


def test_czex_as_input_is_reported(
    native: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pex = loose_pex(tmp_path / "server.pex")
    assert inject(native, pex, "--platform=linux-x86_64") == 0
    czex = tmp_path / "server.czex"
    assert inject(native, czex, "--platform=linux-x86_64") == 1
    assert capsys.readouterr().err == (
        f"pexcz: can't read {czex} as a PEX: it is a CZEX already; name the PEX that it was made from\n"
    )
