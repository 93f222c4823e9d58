"""The commands with streams and file names that can't take or show everything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pexcz.cli import main
from testing.strangers import Stranger, native_directory


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return native_directory(tmp_path_factory.mktemp("native"))


@pytest.fixture(scope="module")
def pex(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pex") / "app.pex"
    Stranger().write(path, "zipapp")
    return path


def inject(native: Path, pex: Path, output: Path) -> None:
    assert main(["inject", str(pex), "-o", str(output), "--native", str(native)]) == 0


def test_markup_in_a_file_name_is_printed_unchanged(
    native: Path,
    pex: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    czex = Path("[", "red]:cow:.czex")
    inject(native, pex, czex)
    for command in ("inspect", "verify"):
        assert main([command, str(czex)]) == 0
        assert "[/red]:cow:.czex" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="Windows allows no control characters in names")
@pytest.mark.parametrize("command", ["inspect", "verify", "doctor"])
def test_control_sequence_in_a_file_name_is_escaped(
    native: Path, pex: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    inject(native, pex, tmp_path / "\x1b[31m.czex")
    main([command, str(tmp_path / "\x1b[31m.czex")])
    output = capsys.readouterr().out
    # A long path goes over several lines, which are indented.
    assert "\x1b" not in output and "\\x1b[31m.czex" in "".join(output.split())


def run(
    *argv: str, stdout: Any = subprocess.PIPE, **variables: str
) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join(entry for entry in sys.path if entry)
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "", **variables}
    command = [sys.executable, "-m", "pexcz", *argv]
    return subprocess.run(
        command,
        env=environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="surrogateescape",
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["inspect", "verify", "verify --json", "extract", "--version"])
def test_output_that_can_not_be_written_is_an_error(
    native: Path, pex: Path, tmp_path: Path, command: str
) -> None:
    inject(native, pex, tmp_path / "app.czex")
    argv = command.split()
    if argv[0] != "--version":
        argv.append(str(tmp_path / "app.czex"))
    if argv[0] == "extract":
        argv.append(str(tmp_path / "out"))
    with open("/dev/full", "w") as full:
        outcome = run(*argv, stdout=full)
    assert outcome.stderr == "pexcz: can't access stdout: No space left on device\n"
    assert outcome.returncode == 1
    reader, writer = os.pipe()
    os.close(reader)
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    outcome = run(*argv, stdout=writer)
    os.close(writer)
    assert outcome.stderr == "pexcz: can't access stdout: Broken pipe\n"
    assert outcome.returncode == 1


@pytest.mark.skipif(os.name == "nt", reason="names on Windows are Unicode")
@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii"])
def test_name_that_the_terminal_can_not_show_is_printed(
    native: Path, pex: Path, tmp_path: Path, encoding: str
) -> None:
    czex = tmp_path / os.fsdecode("\N{SNOWMAN}".encode() + b"\xff.czex")
    inject(native, pex, czex)
    out = tmp_path / os.fsdecode(b"out\xff")
    for argv in (["inspect"], ["verify"], ["verify", "--json"], ["extract"]):
        options = [str(out)] if argv == ["extract"] else []
        outcome = run(*argv, str(czex), *options, PYTHONIOENCODING=encoding)
        assert (outcome.stderr, outcome.returncode) == ("", 0)
    if encoding.startswith("utf-8"):
        assert Path(outcome.stdout.splitlines()[0]).parent == out


@pytest.mark.skipif(os.name == "nt", reason="needs named pipes")
@pytest.mark.parametrize("command", ["inject", "inspect", "verify", "doctor", "extract"])
def test_named_pipe_is_refused(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    options = {"inject": ["--native", str(tmp_path)], "extract": [str(tmp_path / "out")]}
    assert main([command, str(tmp_path / "pipe"), *options.get(command, [])]) == 1
    outcome = capsys.readouterr()
    assert "pipe as a " in outcome.out + outcome.err
    assert "it is not a file; copy it to one" in outcome.out + outcome.err
