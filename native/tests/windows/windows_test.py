"""A CPython for Windows starts CZEX files, under Wine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Iterator

import pytest

from support.cache import make_old
from support.pexcz import pexcz_command, pexcz_path
from support.runtime import HOST, executable_of
from support.wheels import Wheel
from support.wine import (
    ARCHIVES,
    DEFAULT,
    Windows,
    finished,
    install_pexcz,
    make_windows,
    windows_path,
)
from support.workshop import Workshop
from testing.differences import GRAPH
from testing.machine import Machine
from testing.missing import missing
from testing.pythons import PYTHON
from testing.systems import EVERY

PLATFORM = "windows-x86_64"
RUNTIME = "pexcz.exe"
# It starts other processes by each way that an app may use, and tells what they say.
APP = """\
import __main__, ctypes, json, multiprocessing, os, subprocess, sys

def run(*argv):
    process = subprocess.run(argv, input=b"", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return process.returncode, process.stdout.decode().split()

def square(number):
    return number * number

def kill_launcher():
    "Return whether the interpreter ends that a killed launcher has started."
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    pipes = dict.fromkeys(["stdin", "stdout", "stderr"], subprocess.PIPE)
    launcher = subprocess.Popen([sys.executable, "-c", code], **pipes)
    kernel = ctypes.WinDLL("kernel32")
    kernel.OpenProcess.restype = ctypes.c_void_p
    kernel.WaitForSingleObject.argtypes = ctypes.c_void_p, ctypes.c_uint
    child = kernel.OpenProcess(0x100000, 0, int(launcher.stdout.readline()))
    launcher.kill()
    return bool(child) and kernel.WaitForSingleObject(child, 60000) == 0

def main():
    arguments = sys.argv[1:]
    if arguments == ["ways"]:
        with multiprocessing.Pool(1) as pool:
            squares = pool.map(square, [3])
        found = {
            "again": run(sys.executable, __main__.__file__, "x y", 'a"b'),
            "ends_with_launcher": kill_launcher(),
            "executable": run(sys.executable, "-c", "import sys, cow; print(sys.prefix); sys.exit(300)"),
            "module": run(sys.executable, "-m", "cow", "x y", 'a"b'),
            "pool": squares,
            "prefix": sys.prefix,
            "script": run("cow", "x y", 'a"b'),
            "script.exe": run("cow.exe"),
            "wheel_script": run("graze", "x"),
        }
        print(json.dumps(found))
        return 0
    print("moo", json.dumps(arguments))
    return len(arguments)
"""
# Sends Ctrl-C to a console in which a program runs, and prints the program's exit code and output.
CONSOLE = """\
import ctypes, json, signal, subprocess, sys
kernel = ctypes.WinDLL("kernel32")
kernel.FreeConsole()
kernel.AllocConsole()
signal.signal(signal.SIGINT, signal.SIG_IGN)
pipes = dict.fromkeys(["stdin", "stdout", "stderr"], subprocess.PIPE)
process = subprocess.Popen(sys.argv[1:], **pipes)
process.stdout.readline()
kernel.GenerateConsoleCtrlEvent(0, 0)
output = process.communicate(timeout=60)
print(json.dumps([process.returncode, *(text.decode().split() for text in output)]))
"""
# Takes longer to end than Python waits for a child of its own.
SERVER = """\
import sys, time
print("started", flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)
    print("stopped")
    sys.exit(9)
"""
COW = Wheel(
    "cow",
    {
        "cow/__init__.py": APP,
        "cow/__main__.py": "import sys, cow\nsys.exit(cow.main())\n",
        "cow-1.0.data/scripts/graze": "#!python\nimport sys, cow\nsys.exit(cow.main())\n",
        "cow-1.0.dist-info/entry_points.txt": (
            "[console_scripts]\ncow = cow:main\n[gui_scripts]\nmeadow = cow:main\n"
        ),
    },
)

# The directories of these wheels have the same names as others, in another case. `lib` and `scripts` are in each environment.
PASTURE = Wheel(
    "pasture",
    {
        "pasture-1.0.data/data/lib/grass.txt": "green\n",
        "pasture-1.0.data/data/scripts/gate.txt": "open\n",
        "pasture-1.0.data/data/share/Land/size.txt": "large\n",
    },
)
FENCE = Wheel("fence", {"fence-1.0.data/data/share/land/fence.txt": "high\n"})
LOOK = """\
import os, sys

for path in ("lib/grass.txt", "scripts/gate.txt", "share/land/size.txt", "share/land/fence.txt"):
    print(open(os.path.join(sys.prefix, path)).read().strip())
"""
# Under Wine, a symbolic link is reported as made, but is missing. Pex needs it.
COPY_INSTEAD_OF_LINKS = """\
import os, shutil

def symlink(source, path, **kwargs):
    source = os.path.join(os.path.dirname(path), source)
    (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, path)

os.symlink = symlink
"""
# The directory of a distribution, in the tools' output.
LOCATION = re.compile(r'(?<="location": ")[^"]*')


@pytest.fixture(scope="session")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    yield from make_windows(tmp_path_factory.mktemp("wine"))


@pytest.fixture
def windows(wine: Windows, tmp_path: Path, request: pytest.FixtureRequest) -> Windows:
    python = getattr(request, "param", DEFAULT)
    return wine.with_python(python).with_(PEXCZ_ROOT=str(tmp_path / "czex"))


on_every_version = pytest.mark.parametrize(
    "windows", ARCHIVES if EVERY else [DEFAULT], indirect=True
)


@pytest.fixture(scope="session")
def pex(workshop: Workshop) -> Path:
    options = ["-c", "cow", "--venv", "prepend", "--include-tools"]
    return workshop.pex("windows", requirements=["cow"], wheels=[COW], options=options)


@pytest.fixture(scope="session")
def runtime(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = workshop.native / "runtime" / PLATFORM / RUNTIME
    target.parent.mkdir()
    shutil.copy(executable_of(PLATFORM, tmp_path_factory), target)
    return target


@pytest.fixture(scope="session")
def czex(workshop: Workshop, pex: Path, runtime: Path) -> Path:
    return workshop.czex(pex, platforms=[PLATFORM])


@pytest.fixture(scope="session")
def pexcz(wine: Windows, workshop: Workshop, runtime: Path) -> Path:
    """Return a directory for PYTHONPATH that has pexcz."""
    packages = Path("native/pexcz-windows.pex")
    if not packages.exists():
        missing(f"{packages}, which Pants puts beside this test")
    directory = wine.root / "pexcz"
    install_pexcz(packages, workshop.native, directory)
    return directory


def run_pexcz(windows: Windows, pexcz: Path, *arguments: object) -> str:
    """Run pexcz on Windows, and return what it prints."""
    prepared = windows.with_(PYTHONPATH=str(pexcz), COLUMNS="300")
    outcome = prepared.run(windows.python, "-m", "pexcz", *arguments)
    assert (outcome.code, outcome.stderr) == (0, "")
    return outcome.stdout


def environment_of(windows: Windows) -> Path:
    (venv,) = windows.cache.glob("venvs/*/cpython-*")
    return venv


def leftovers(directory: Path) -> list[str]:
    endings = (".tmp", ".lock", ".discarded", ".plan")
    return [str(path) for path in directory.rglob("*") if path.name.endswith(endings)]


@on_every_version
def test_app_starts_cold_and_warm_with_its_arguments(windows: Windows, czex: Path) -> None:
    """This Python has no launchers for virtual environments, like the embeddable one."""
    for _ in ("cold", "warm"):
        outcome = windows.run(windows.python, czex, "x y", 'a"b', "Kuh ü 牛")
        assert (outcome.code, outcome.stderr) == (3, "")
        assert json.loads(outcome.stdout.partition(" ")[2]) == ["x y", 'a"b', "Kuh ü 牛"]
    assert leftovers(windows.cache) == []


@on_every_version
def test_app_starts_interpreters_scripts_and_workers(windows: Windows, czex: Path) -> None:
    outcome = windows.run(windows.python, czex, "ways")
    assert (outcome.code, outcome.stderr) == (0, "")
    found = json.loads(outcome.stdout)
    said = [2, ["moo", '["x', 'y",', '"a\\"b"]']]
    assert found == {
        "again": said,
        "ends_with_launcher": True,
        "executable": [300, [found["prefix"]]],
        "module": said,
        "pool": [9],
        "prefix": windows_path(str(environment_of(windows))),
        "script": said,
        "script.exe": [0, ["moo", "[]"]],
        "wheel_script": [1, ["moo", '["x"]']],
    }


def test_ctrl_c_is_left_to_the_program(windows: Windows, czex: Path, tmp_path: Path) -> None:
    console, server = tmp_path / "console.py", tmp_path / "server.py"
    console.write_text(CONSOLE)
    server.write_text(SERVER)
    prepared = windows.with_(PEX_INTERPRETER="1")
    assert prepared.run(windows.python, czex, "-c", "").code == 0
    launcher = environment_of(windows) / "Scripts" / "python.exe"
    # With a flag, the first process starts another one.
    for command in ([launcher, server], [windows.python, czex, "-u", server]):
        outcome = prepared.run(windows.python, console, *command)
        assert json.loads(outcome.stdout) == [9, ["stopped"], []]


def test_launcher_of_a_program_with_windows_opens_no_console(windows: Windows, czex: Path) -> None:
    windows.run(windows.python, czex)
    scripts = environment_of(windows) / "Scripts"
    console = (scripts / "cow.exe").read_bytes()
    for name in ("meadow.exe", "pythonw.exe"):
        program = (scripts / name).read_bytes()
        # The header's numbers of a program with a console, and of one without.
        assert [pair for pair in zip(console, program) if len(set(pair)) > 1] == [(3, 2)]
    assert "pythonw.exe" in (scripts / "meadow").read_text().splitlines()[0]


def test_launcher_without_its_script_says_so(
    windows: Windows, runtime: Path, tmp_path: Path
) -> None:
    launcher = tmp_path / "moo.exe"
    shutil.copy(runtime, launcher)
    outcome = windows.run(launcher)
    assert (outcome.code, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith(
        f"czex: can't start {windows_path(str(tmp_path))}\\moo: it names"
    )


def test_own_launchers_of_a_python_are_preferred(
    windows: Windows, czex: Path, runtime: Path
) -> None:
    own = windows.python.parent / "Lib" / "venv" / "scripts" / "nt" / "python.exe"
    own.write_bytes(runtime.read_bytes() + b"its own")
    try:
        outcome = windows.run(windows.python, czex)
    finally:
        own.unlink()
    assert (outcome.code, outcome.stdout) == (0, "moo []\n")
    scripts = environment_of(windows) / "Scripts"
    assert (scripts / "python.exe").read_bytes().endswith(b"its own")
    assert not (scripts / "pythonw.exe").read_bytes().endswith(b"its own")


def test_read_only_cache_gives_way_to_a_temporary_one_that_is_removed(
    windows: Windows, czex: Path
) -> None:
    for name in ("runtimes", "sources", "venvs", "wheels"):
        (windows.cache / name).mkdir(parents=True)
    mount_read_only(windows.cache)
    try:
        outcome = windows.run(windows.python, czex, "x")
    finally:
        subprocess.run(["umount", str(windows.cache)], check=True)
    assert (outcome.code, outcome.stdout) == (1, 'moo ["x"]\n')
    assert outcome.stderr.startswith(
        f"czex: can't use the cache {windows_path(str(windows.cache))}: "
        f"{windows_path(str(windows.cache))}\\runtimes: "
    )
    assert windows.temporary_caches == []


def mount_read_only(directory: Path) -> None:
    for options in (["--bind"], ["--options", "remount,bind,ro"]):
        command = ["mount", *options, str(directory), str(directory)]
        if subprocess.run(command, capture_output=True).returncode != 0:
            missing("user that may mount a file system")


def test_tool_venv_makes_an_environment_that_runs_the_app(
    windows: Windows, czex: Path, tmp_path: Path
) -> None:
    venv = tmp_path / "a venv"
    made = windows.with_(PEX_TOOLS="1").run(windows.python, czex, "venv", venv)
    assert (made.code, made.stdout, made.stderr) == (0, "", "")
    # It needs neither the cache nor the CZEX.
    shutil.rmtree(windows.cache)
    for command in (
        [venv / "Scripts" / "python.exe", venv / "pex"],
        [venv / "pex.exe"],
        [venv / "Scripts" / "cow.exe"],
    ):
        outcome = windows.run(*command, "x y")
        assert (outcome.code, outcome.stdout, outcome.stderr) == (1, 'moo ["x y"]\n', "")
    assert not windows.cache.exists()


def test_tool_info_shows_the_cache_that_pex_has_on_windows(windows: Windows, czex: Path) -> None:
    outcome = windows.with_(PEX_TOOLS="1").run(windows.python, czex, "info")
    assert (outcome.code, outcome.stderr) == (0, "")
    root = json.loads(outcome.stdout)["pex_root"]
    assert root.startswith("C:\\users\\") and root.endswith("\\AppData\\Local\\pex\\Cache")


def test_tool_repository_extracts_the_same_files_as_elsewhere(
    windows: Windows, workshop: Workshop, machine: Machine, pex: Path, tmp_path: Path, runtime: Path
) -> None:
    copy = tmp_path / pex.name
    os.link(pex, copy)
    app = workshop.czex(copy, platforms=[HOST, PLATFORM])
    arguments = [app, "repository", "extract", "--sources", "--find-links"]
    here = machine.with_(PEX_TOOLS="1").run(PYTHON.path(), *arguments, tmp_path / "here")
    there = windows.with_(PEX_TOOLS="1").run(windows.python, *arguments, tmp_path / "there")
    assert (here.code, there.code, there.stderr) == (0, 0, "")
    files = [
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("here", "there")
    ]
    assert len(files[0]) == 2 and files[0] == files[1]


@pytest.mark.skipif(not EVERY, reason="the tools of a PEX take long")
@pytest.mark.parametrize(
    "arguments",
    [["info"], ["graph"], ["interpreter", "-vvv"], ["repository", "info", "-v"], ["repository"]],
    ids=" ".join,
)
def test_tools_print_the_same_as_in_the_pex(
    windows: Windows, workshop: Workshop, runtime: Path, arguments: list[str]
) -> None:
    pex = workshop.root / "tools.pex"
    if not pex.exists():
        options = ["-c", "cow", "--include-tools"]
        workshop.pex(pex.stem, requirements=["cow"], wheels=[COW], options=options)
    app = workshop.czex(pex, platforms=[PLATFORM])
    prepared = windows.with_(PEX_TOOLS="1", PEX_ROOT=str(workshop.root / "pex-on-windows"))
    at_startup = windows.python.parent / "Lib" / "sitecustomize.py"
    at_startup.write_text(COPY_INSTEAD_OF_LINKS)
    try:
        expected, seen = (prepared.run(windows.python, one, *arguments) for one in (pex, app))
    finally:
        at_startup.unlink()
    texts = [
        LOCATION.sub("", one.stdout + one.stderr).replace(pex.stem + name, "APP")
        for one, name in ((expected, ".pex"), (seen, ".czex"))
    ]
    assert (seen.code, texts[1]) == (expected.code, GRAPH.without(texts[0]))


def test_interpreter_is_named_without_its_extension(windows: Windows, czex: Path) -> None:
    outcome = windows.with_(PEX_PYTHON="Python").run(windows.python, czex)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "moo []\n", "")


def test_damaged_cache_is_repaired_by_the_next_start(windows: Windows, czex: Path) -> None:
    assert windows.run(windows.python, czex).code == 0
    for module in windows.cache.rglob("cow/__init__.py"):
        module.unlink()
    outcome = windows.run(windows.python, czex)
    assert (outcome.code, outcome.stdout) == (1, "")
    assert " are missing; start again to install it again\n" in outcome.stderr
    assert windows.run(windows.python, czex).stdout == "moo []\n"


def test_messages_have_one_kind_of_slash(windows: Windows, czex: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.czex"
    content = bytearray(czex.read_bytes())
    content[pack_offset(czex) + 60] ^= 1
    damaged.write_bytes(content)
    outcome = windows.run(windows.python, damaged)
    assert (outcome.code, outcome.stdout) == (65, "")
    assert outcome.stderr.startswith("czex: can't unpack Z:\\") and "/" not in outcome.stderr


def pack_offset(czex: Path) -> int:
    """Return the offset of a pack's content in a CZEX."""
    with zipfile.ZipFile(czex) as archive:
        packs = [info for info in archive.infolist() if info.filename.endswith(".pack")]
        info = max(packs, key=lambda info: info.file_size)
        return info.header_offset + 30 + len(info.filename)


def test_message_without_a_runtime_for_windows_names_the_field(
    windows: Windows, workshop: Workshop, pex: Path, tmp_path: Path
) -> None:
    copy = tmp_path / pex.name
    os.link(pex, copy)
    outcome = windows.run(windows.python, workshop.czex(copy))
    assert (outcome.code, outcome.stdout) == (1, "")
    assert (
        f"but this machine is {PLATFORM}; add {PLATFORM} to `platforms` of its czex_binary"
        in outcome.stderr
    )


def test_names_that_differ_in_case_are_one_name(
    windows: Windows, workshop: Workshop, runtime: Path
) -> None:
    pex = workshop.pex(
        "pasture",
        requirements=["pasture", "fence"],
        wheels=[PASTURE, FENCE],
        sources={"look.py": LOOK},
        options=["-m", "look", "--venv"],
    )
    outcome = windows.run(windows.python, workshop.czex(pex, platforms=[PLATFORM]))
    assert (outcome.stdout, outcome.stderr) == ("green\nopen\nlarge\nhigh\n", "")


def test_cache_can_be_the_root_of_a_drive(windows: Windows, czex: Path) -> None:
    windows.cache.mkdir()
    with windows.device("x:", windows.cache):
        outcome = windows.with_(PEXCZ_ROOT="X:\\").run(windows.python, czex)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "moo []\n", "")
    assert environment_of(windows)


@pytest.mark.parametrize(
    "place",
    ["N:", r"\\server\share", r"\\?\UNC\server\share"] if EVERY else [r"\\server\share"],
)
def test_app_and_cache_can_be_on_a_network_drive(
    windows: Windows, czex: Path, tmp_path: Path, place: str
) -> None:
    shutil.copy(czex, tmp_path)
    prepared = windows.with_(PEXCZ_ROOT=rf"{place}\czex")
    with windows.device("n:", tmp_path), windows.device("unc/server/share", tmp_path):
        for _ in ("cold", "warm"):
            outcome = prepared.run(windows.python, rf"{place}\{czex.name}", "x")
            assert (outcome.code, outcome.stdout, outcome.stderr) == (1, 'moo ["x"]\n', "")
    assert environment_of(windows) and leftovers(windows.cache) == []


@pytest.mark.skipif(not EVERY, reason="a second user takes long")
def test_user_who_cannot_write_to_a_cache_uses_the_environments_there(
    windows: Windows, czex: Path, tmp_path: Path
) -> None:
    assert windows.run(windows.python, czex).code == 0
    with windows.another_user(tmp_path / "user") as user:
        outcome = user.run(user.python, czex, "x")
        assert (outcome.code, outcome.stdout, outcome.stderr) == (1, 'moo ["x"]\n', "")
        # With this variable, the app needs another environment.
        outcome = user.with_(PEX_IGNORE_ERRORS="1").run(user.python, czex, "x")
        assert (outcome.code, outcome.stdout) == (1, 'moo ["x"]\n')
        assert f"{windows_path(str(windows.cache))}\\runtimes: Access denied; " in outcome.stderr
        assert user.temporary_caches == []


def test_pexcz_writes_the_same_bytes_as_elsewhere(
    windows: Windows, pexcz: Path, pex: Path, czex: Path, tmp_path: Path
) -> None:
    made, here, there = tmp_path / "made.czex", tmp_path / "here", tmp_path / "there"
    printed = run_pexcz(windows, pexcz, "inject", pex, "-o", made, "--platform", PLATFORM)
    assert printed == "" and made.read_bytes() == czex.read_bytes()
    run_pexcz(windows, pexcz, "extract", czex, there)
    environment = {**os.environ, "PYTHONPATH": pexcz_path()}
    subprocess.run(pexcz_command("extract", czex, here), env=environment, check=True)
    wheels = [{path.name: path.read_bytes() for path in one.iterdir()} for one in (here, there)]
    assert wheels[0] == wheels[1]


def test_pexcz_knows_which_wheels_an_environment_uses(
    windows: Windows, czex: Path, pexcz: Path
) -> None:
    prepared = windows.with_(PEX_INTERPRETER="1")
    app = prepared.start(windows.python, czex, "-c", "print(1, flush=True); input(); import cow")
    app.stdout.readline()
    make_old(windows, 1)
    environment = environment_of(windows)
    packs = {
        windows_path(str(path))
        for name in ("wheels", "sources")
        for path in (windows.cache / name).iterdir()
    }
    shown = json.loads(run_pexcz(windows, pexcz, "cache", "info", "--json"))
    (one,) = shown["environments"]
    assert set(one["packs"]) == set(shown["packs"]) == packs
    # The environment shares the other files with the wheels.
    own = [path for path in environment.rglob("*") if path.is_file() and path.stat().st_nlink == 1]
    assert one["size"] == sum(path.stat().st_size for path in own)
    cleared = run_pexcz(windows, pexcz, "cache", "clear")
    assert cleared.startswith("Removed 0 environments, and 0 wheels and sources")
    assert windows_path(str(environment)) in cleared
    app.stdin.write(b"\n")
    outcome = finished(app)
    assert (outcome.code, outcome.stderr) == (0, "")
    verified = run_pexcz(windows, pexcz, "verify", "--installed", czex)
    assert "are as they were packed" in verified
    assert "wheels and sources" in run_pexcz(windows, pexcz, "cache", "clear")
    assert [path for path in windows.cache.rglob("*") if path.is_file()] == []
