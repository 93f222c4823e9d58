"""The tools `info`, `interpreter`, `graph` and `repository` print the same as those of the PEX."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest

from support.herd import BULL, CALF, Herd, tool
from support.runtime import HOST
from support.workshop import COW, Workshop
from testing.differences import GRAPH
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on, on_cpython

SEVERAL = [Python(f"cpython{version}") for version in ("2.7", "3.6", "3.8", "3.11", "3.13")]


@pytest.mark.parametrize(
    "arguments", [["info"], ["info", "-i", "2"], ["graph"], ["interpreter"], ["interpreter", "-v"]]
)
@on(*SEVERAL, Python("pypy3"))
def test_tools_print_the_same_as_in_the_pex(
    herd: Herd, machine: Machine, python: Python, arguments: list[str]
) -> None:
    expected, seen = herd.both(machine, python.path(), *arguments)
    text = GRAPH.without(expected.stdout)
    if python.minor == (2, 7):
        # Dicts of Python 2.7 have no order.
        assert sorted(seen.stdout) == sorted(text)
    else:
        assert seen.stdout == text
    assert (seen.stderr, seen.code) == (expected.stderr, expected.code) == ("", 0)


@on_cpython("3.8", "3.11", "3.13")
def test_supported_tags_and_markers_are_the_same_as_in_the_pex(
    herd: Herd, machine: Machine, python: Python
) -> None:
    expected, seen = herd.both(machine, python.path(), "interpreter", "-vvv")
    assert len(json.loads(seen.stdout)["supported_tags"]) > 100
    assert json.loads(seen.stdout) == json.loads(expected.stdout)


def test_fitting_interpreters_are_listed_after_the_running_one(
    herd: Herd, machine: Machine, tmp_path: Path
) -> None:
    for version in ("3.8", "3.9"):
        path = Python(f"cpython{version}").path()
        (tmp_path / os.path.basename(path)).symlink_to(path)
    (tmp_path / "python3.7").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3.7").chmod(0o755)
    # Pex asks `ldd` for the C library.
    (tmp_path / "ldd").symlink_to("/usr/bin/ldd")
    few = machine.with_(PATH=f"{tmp_path}:/nowhere")
    for options in ([], ["-v"]):
        expected, seen = herd.both(few, PYTHON.path(), "interpreter", "-a", *options)
        assert seen == expected
        assert seen.stdout.count("\n") == 3


def test_indent_without_verbose_is_ignored_with_a_warning(herd: Herd, machine: Machine) -> None:
    expected, seen = herd.both(machine, PYTHON.path(), "interpreter", "--indent", "2")
    assert seen == expected
    assert seen.stderr.startswith("WARNING: Ignoring --indent=2")


@on_cpython("2.7", "3.11", "3.13")
def test_platforms_tool_lists_the_platforms_of_the_runtimes(
    herd: Herd, machine: Machine, python: Python
) -> None:
    for options, text in (([], f"{HOST}\n"), (["--json"], f'["{HOST}"]\n')):
        outcome = tool(machine, python.path(), herd.czex, "platforms", *options)
        assert (outcome.stdout, outcome.stderr, outcome.code) == (text, "", 0)


@pytest.mark.parametrize("command", ["info", "interpreter", "graph", "platforms"])
def test_output_can_go_to_a_file(
    herd: Herd, machine: Machine, tmp_path: Path, command: str
) -> None:
    path = tmp_path / "new" / "output"
    outcome = tool(machine, PYTHON.path(), herd.czex, command, "-o", path)
    assert (outcome.stdout, outcome.stderr, outcome.code) == ("", "", 0)
    assert path.read_text() == tool(machine, PYTHON.path(), herd.czex, command, "-o", "-").stdout


@pytest.mark.parametrize("options", [["-r"], ["-r", "-f", "png", "-o", "x"], ["--open"]])
def test_graph_cannot_be_rendered_without_dot(
    herd: Herd, machine: Machine, tmp_path: Path, options: list[str]
) -> None:
    bare = machine.with_(PATH=str(tmp_path))
    outcome = tool(bare, PYTHON.path(), herd.czex, "graph", *options, cwd=tmp_path)
    assert outcome.code == 1
    assert "Is `dot` on PATH?" in outcome.stderr


def test_dot_renders_the_graph(herd: Herd, machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "dot").write_text('#!/bin/sh\necho "$@"\ncat\n')
    (tmp_path / "dot").chmod(0o755)
    bare = machine.with_(PATH=f"{tmp_path}:/bin:/usr/bin")
    outcome = tool(bare, PYTHON.path(), herd.czex, "graph", "--render", "-f", "png")
    text = tool(machine, PYTHON.path(), herd.czex, "graph").stdout
    assert (outcome.stdout, outcome.stderr) == ("-T png\n" + text, "")


def test_graph_and_list_include_excluded_and_overridden_requirements(
    workshop: Workshop, machine: Machine
) -> None:
    pair = Herd.make(
        workshop,
        "excluding",
        requirements=["bull"],
        wheels=[BULL, CALF],
        options=["--include-tools", "--exclude", "wolf-pack", "--override", "calf"],
    )
    for arguments in (["graph"], ["repository", "info", "-v"]):
        expected, seen = pair.both(machine, PYTHON.path(), *arguments)
        text = [line.partition('"location"')[0] for line in seen.stdout.splitlines()]
        lines = GRAPH.without(expected.stdout).splitlines()
        assert text == [line.partition('"location"')[0] for line in lines]
        assert "calf" in seen.stdout and "Wolf.Pack" in seen.stdout


@pytest.mark.parametrize("verbose", [[], ["-v"], ["-v", "-i", "2"]])
def test_listed_locations_can_be_imported_from(
    herd: Herd, machine: Machine, verbose: list[str]
) -> None:
    expected, seen = herd.both(machine, PYTHON.path(), "repository", "info", *verbose)
    texts = []
    for text in (seen.stdout, expected.stdout):
        locations = re.findall(r"/[^\s\"]+", text)
        assert len(locations) == 2 and (Path(locations[0]) / "bull.py").is_file()
        texts.append(re.sub(r"/[^\s\"]+", "LOCATION", text))
    assert texts[0] == texts[1]


@on_cpython("2.7", "3.6", "3.11")
def test_extracted_wheels_equal_the_original_ones(
    herd: Herd, workshop: Workshop, machine: Machine, tmp_path: Path, python: Python
) -> None:
    for attempt in ("first", "second"):
        outcome = tool(
            machine, python.path(), herd.czex, "repository", "extract", "-f", tmp_path / attempt
        )
        assert (outcome.stderr, outcome.code) == ("", 0)
        assert f"Bull 1.0: Repacked wheel as {tmp_path / attempt / BULL.name}\n" in outcome.stdout
    assert sorted(os.listdir(tmp_path / "first")) == sorted([BULL.name, CALF.name])
    for wheel in (BULL, CALF):
        seen = tmp_path / "first" / wheel.name
        assert seen.read_bytes() == (tmp_path / "second" / wheel.name).read_bytes()
        assert entries(seen) == entries(wheel.write(tmp_path))


def entries(wheel: Path) -> dict[str, object]:
    """Return the content and the mode of each file. The lines of RECORD are sorted."""
    found: dict[str, object] = {}
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            content = archive.read(entry)
            if entry.filename.endswith("/RECORD"):
                found[entry.filename] = sorted(content.splitlines())
            else:
                found[entry.filename] = (content, entry.external_attr >> 16 & 0o111)
    return found


def test_extracted_wheels_have_the_requested_date(
    herd: Herd, machine: Machine, tmp_path: Path
) -> None:
    for options, years in (([], {1980}), (["--use-system-time"], {time.localtime().tm_year})):
        arguments = ["repository", "extract", "-f", tmp_path, *options]
        assert tool(machine, PYTHON.path(), herd.czex, *arguments).code == 0
        with zipfile.ZipFile(tmp_path / BULL.name) as archive:
            assert {entry.date_time[0] for entry in archive.infolist()} == years


def test_extracted_wheels_and_sdist_can_be_installed(
    herd: Herd, machine: Machine, tmp_path: Path
) -> None:
    repository, venv = tmp_path / "repository", tmp_path / "venv"
    arguments = ["repository", "extract", "--find-links", repository, "--sources"]
    assert tool(machine, PYTHON.path(), herd.czex, *arguments).code == 0
    (sdist,) = repository.glob("herd-0.0.0+*.tar.gz")
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    assert tool(machine, PYTHON.path(), herd.czex, *arguments).code == 0
    assert hashlib.sha256(sdist.read_bytes()).hexdigest() == digest
    subprocess.run([PYTHON.path(), "-m", "venv", str(venv)], check=True)
    python = str(venv / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", "--no-index", "--find-links", str(repository)]
    subprocess.run([*install, "bull"], check=True)
    # Without a network, pip can't download the requirements of the sdist's build. The setuptools of the venv will do.
    shutil.unpack_archive(str(sdist), str(tmp_path))
    source = tmp_path / sdist.name[: -len(".tar.gz")]
    build = [python, "setup.py", "-q", "install", "--single-version-externally-managed"]
    process = subprocess.run(
        [*build, "--record", "record"], cwd=source, capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    assert (venv / "share" / "bull" / "grass.txt").read_text() == "green\n"
    assert machine.run(venv / "bin" / "native", "x").stdout == "native x\n"
    probe = "import calf, herd.bull, mine, package; print(package.__file__)"
    assert machine.run(venv / "bin" / "python", "-c", probe).stdout.endswith("__init__.py\n")
    assert machine.run(venv / "bin" / "herd").code == 3
    assert list(venv.glob("lib/*/site-packages/package/data/run.sh"))


def test_extracted_wheels_can_be_served(herd: Herd, machine: Machine, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    variables = machine.with_(PEX_TOOLS="1")
    arguments = ["repository", "extract", "--serve", "--pid-file", pid_file]
    process = variables.start(PYTHON.path(), "-u", herd.czex, *arguments)
    deadline = time.monotonic() + 30
    while not (pid_file.exists() and ":" in pid_file.read_text()):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    pid, port = pid_file.read_text().split(":")
    url = f"http://127.0.0.1:{port}/{BULL.name}"
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as response:
        assert response.read()[:2] == b"PK"
    process.send_signal(signal.SIGINT)
    stdout = process.communicate(timeout=30)[0].decode()
    assert process.returncode == 0
    assert f"at http://localhost:{port}\n" in stdout
    assert stdout.splitlines()[-1].startswith("Shut down server")
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [([], 2), (["bogus"], 2), (["repository"], 2), (["venv"], 2), (["repository", "extract"], 1)],
)
def test_usage_errors_are_the_same_as_in_the_pex(
    herd: Herd, machine: Machine, arguments: list[str], code: int
) -> None:
    expected, seen = herd.both(machine, PYTHON.path(), *arguments)
    assert (seen.stdout, seen.code) == (expected.stdout, expected.code) == ("", code)
    # A PEX has this tool only with a native runtime.
    last_line = re.sub("'?platforms'?, ?", "", seen.stderr.splitlines()[-1])
    assert last_line == expected.stderr.splitlines()[-1]


def test_czex_of_a_pex_without_tools_has_no_tools(cow: Path, machine: Machine) -> None:
    outcome = tool(machine, PYTHON.path(), cow, "info")
    assert (outcome.stdout, outcome.code) == ("", 1)
    assert outcome.stderr.startswith(
        f"czex: can't start {cow}: PEX_TOOLS is set, but the PEX was built without tools"
    )
    with zipfile.ZipFile(cow) as archive:
        assert ".czex/tools" not in archive.namelist()
    assert machine.with_(PEX_TOOLS="0").run(PYTHON.path(), cow, "x").stdout == "moo x\n"


def test_options_select_another_cache(herd: Herd, machine: Machine, tmp_path: Path) -> None:
    arguments = ["repository", "info", "--pex-root", tmp_path / "root"]
    assert (
        str(tmp_path / "root" / "czex")
        in tool(machine, PYTHON.path(), herd.czex, *arguments).stdout
    )
    (tmp_path / "tmp").mkdir()
    temporary = machine.with_(TMPDIR=str(tmp_path / "tmp"), PEXCZ_ROOT=str(tmp_path / "unused"))
    outcome = tool(temporary, PYTHON.path(), herd.czex, "graph", "--disable-cache")
    assert (outcome.stderr, outcome.code) == ("", 0)
    assert os.listdir(tmp_path / "tmp") == [] and not (tmp_path / "unused").exists()


def test_tools_work_for_an_app_that_cannot_start(workshop: Workshop, machine: Machine) -> None:
    options = ["--include-tools", "-m", "no.such.module"]
    app = workshop.make("broken", requirements=["cow"], wheels=[COW], options=options)
    assert tool(machine, PYTHON.path(), app, "repository", "info").stdout.startswith("cow 1.0 /")
