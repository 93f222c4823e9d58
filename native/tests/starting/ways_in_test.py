"""Ways into an app other than its entry point, and its command line in `ps`."""

from __future__ import annotations

import os
import pstats
import pty
import select
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

import pytest

from support.wheels import Wheel
from support.workshop import COW, Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on

MAIN_PYTHONS = on(Python("cpython2.7"), PYTHON, Python("cpython3.13"), Python("pypy3"))


@pytest.fixture(scope="module")
def shell_pex(workshop: Workshop) -> Path:
    """Return a PEX without an entry point, which is an interpreter."""
    return workshop.pex("shell", requirements=["cow"], wheels=[COW])


@pytest.fixture(scope="module")
def shell(workshop: Workshop, shell_pex: Path) -> Path:
    return workshop.czex(shell_pex)


def converse(machine: Machine, argv: List[object], *lines: str) -> str:
    """Type each of these lines at a prompt, then leave, and return the output of the terminal."""
    mine, theirs = pty.openpty()
    environment = {"HOME": str(machine.root), "LANG": "C.UTF-8", "TERM": "vt100", "PATH": "/bin"}
    process = subprocess.Popen(
        list(map(str, argv)),
        env={**environment, **machine.variables},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        close_fds=True,
    )
    os.close(theirs)
    seen, typed = b"", 0
    to_type = [*lines, "exit()"]
    while select.select([mine], [], [], 30)[0]:
        try:
            seen += os.read(mine, 4096)
        except OSError:
            # The terminal closes with its last process.
            break
        if seen.count(b">>> ") > typed and typed < len(to_type):
            os.write(mine, to_type[typed].encode() + b"\n")
            typed += 1
    os.close(mine)
    try:
        assert process.wait(timeout=30) == 0, seen
    finally:
        process.kill()
    return seen.decode()


@MAIN_PYTHONS
def test_the_repl_describes_the_app_and_keeps_an_optional_history(
    shell: Path, machine: Machine, python: Python
) -> None:
    lines = ("import cow.say", "print(cow.say.__name__ * 2)", "pex", "pex()")
    for _ in range(2):
        seen = converse(machine, [python.path(), shell], *lines)
        assert "with 1 requirement and 1 activated distribution" in seen
        assert "cow.saycow.say" in seen
        assert "Type pex() for information" in seen
        assert "cow-1.0-py2.py3-none-any.whl" in seen
    assert not (machine.root / ".python_history").exists()
    history = machine.root / "history"
    asking = machine.with_(PEX_INTERPRETER_HISTORY="1", PEX_INTERPRETER_HISTORY_FILE=str(history))
    converse(asking, [python.path(), shell], "first = 1")
    if not python.is_pypy:
        assert "first = 1" in history.read_text()


def test_the_header_starts_the_repl(shell: Path, machine: Machine) -> None:
    known = machine.with_(PATH=f"{os.path.dirname(PYTHON.path())}:/bin")
    for _ in range(3):
        seen = converse(known, [shell], "import cow.say, sys", "print(sys.argv[1:] * 2)")
        assert "\n[]" in seen


@MAIN_PYTHONS
def test_input_from_a_pipe_is_executed(
    shell_pex: Path, shell: Path, machine: Machine, python: Python
) -> None:
    def answer(app: Path) -> str:
        process = subprocess.run(
            [python.path(), str(app)],
            env={"HOME": str(machine.root), "PATH": "/bin"},
            input=b"import cow\nprint(6 * 7)\n",
            capture_output=True,
        )
        assert process.returncode == 0
        return process.stdout.decode().replace(">>> ", "")

    expected = answer(shell_pex)
    assert "42" in expected
    assert answer(shell) == answer(shell) == expected


@MAIN_PYTHONS
def test_a_profile_is_printed_or_written(cow: Path, machine: Machine, python: Python) -> None:
    printed = machine.with_(PEX_PROFILE="1", PEX_PROFILE_SORT="calls").run(python.path(), cow)
    assert "moo" in printed.stdout and "Ordered by: call count" in printed.stdout
    file = machine.root / "profile"
    written = machine.with_(PEX_PROFILE_FILENAME=str(file)).run(python.path(), cow, "x")
    assert (written.stdout, written.stderr, written.code) == ("moo x\n", "", 1)
    if python == PYTHON:
        assert any(name == "main" for _, _, name in pstats.Stats(str(file)).stats)  # type: ignore[attr-defined]


def test_coverage_is_measured_by_the_apps_own_distribution(
    workshop: Workshop, cow: Path, machine: Machine
) -> None:
    # The part of the interface of `coverage` that the boot uses.
    fake = (
        "class Coverage(object):\n"
        "    def __init__(self, **options):\n        self.options = options\n"
        "    def start(self):\n        print('start')\n"
        "    def stop(self):\n        print('stop')\n"
        "    def save(self):\n        open(self.options['data_file'], 'w').write('data')\n"
        "    def report(self, file, **options):\n        file.write('report\\n')\n"
        "coverage = Coverage\n"
    )
    wheel = Wheel("coverage", {"coverage.py": fake})
    pex = workshop.pex(
        "covered", requirements=["cow", "coverage"], wheels=[COW, wheel], options=["-c", "cow"]
    )
    app = workshop.czex(pex)
    printed = machine.with_(PEX_COVERAGE="1")
    expected = printed.run(PYTHON.path(), pex, "x")
    assert expected.stdout == "start\nmoo x\nstop\nreport\n"
    assert printed.run(PYTHON.path(), app, "x") == expected
    file = machine.root / "coverage"
    written = machine.with_(PEX_COVERAGE_FILENAME=str(file)).run(PYTHON.path(), app)
    assert (written.stdout, file.read_text()) == ("start\nmoo \nstop\n", "data")
    missing = printed.run(PYTHON.path(), cow)
    assert (missing.code, missing.stdout) == (1, "")
    assert missing.stderr.startswith("czex: can't measure coverage: the app has no coverage")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what others show is not ours")
@on(Python("cpython2.7"), Python("cpython3.6"), PYTHON, Python("cpython3.13"))
def test_ps_shows_the_app_and_its_arguments(
    workshop: Workshop, machine: Machine, python: Python, tmp_path: Path
) -> None:
    source = (
        "import os\n"
        "def main():\n"
        "    os.system('ps -ww -o args= -p %d' % os.getpid())\n"
        "    print(open('/proc/self/environ').read().count('LANG=C.UTF-8'))\n"
    )
    app = workshop.make(
        f"shown-{python.name}", sources={"shown.py": source}, options=["-m", "shown:main"]
    )
    name = "python{}.{}".format(*sys.version_info)
    (tmp_path / name).symlink_to(python.path())
    known = machine.with_(PATH=f"{tmp_path}:/bin")
    ways: Dict[str, Dict[str, str]] = {str(app): {}, f"{tmp_path / name}": {}}
    if python.minor >= (3, 6):
        ways[f"{tmp_path / name} again"] = {
            "PYTHONHOME": str(Path(python.path()).resolve().parents[1])
        }
    for way, variables in ways.items():
        start = [app] if way == str(app) else [tmp_path / name, app]
        for _ in range(2):
            outcome = known.with_(**variables).run(*start, "one", "two")
            shown, languages = outcome.stdout.splitlines()
            assert shown.endswith(f" {app} one two")
            assert "/venvs/" not in shown
            # The memory behind the arguments is unchanged.
            assert languages == "1"


@MAIN_PYTHONS
def test_child_processes_get_additional_entries_of_sys_path(
    workshop: Workshop, machine: Machine, python: Python, tmp_path: Path
) -> None:
    (tmp_path / "extra.py").write_text("")
    source = (
        "import os, subprocess, sys\n"
        "def main():\n"
        "    import extra\n"
        "    print(sorted(name for name in os.environ if name.startswith('PEX_')))\n"
        "    sys.stdout.flush()\n"
        "    sys.exit(subprocess.call([sys.executable, '-c', 'import extra']))\n"
    )
    for options in ([], ["--venv"]):
        pex = workshop.pex(
            f"extra-{python.name}{''.join(options)}",
            sources={"more.py": source},
            options=["-m", "more:main", *options],
        )
        app = workshop.czex(pex)
        asked = machine.with_(PEX_EXTRA_SYS_PATH=str(tmp_path))
        expected = asked.run(python.path(), pex)
        assert (expected.stdout, expected.code) == ("[]\n", 0)
        for _ in range(2):
            assert asked.run(python.path(), app) == expected


def test_pex_venv_enables_venv_mode_if_the_pex_includes_tools(
    workshop: Workshop, machine: Machine, cow: Path
) -> None:
    source = "import os, sys\ndef main():\n    print(os.environ.get('VIRTUAL_ENV') == sys.prefix)\n"
    sources = {"mode.py": source}
    tools = workshop.make(
        "tools-mode", sources=sources, options=["-m", "mode:main", "--include-tools"]
    )
    venv = workshop.make("venv-mode", sources=sources, options=["-m", "mode:main", "--venv"])
    for app, asked, is_venv in (
        (tools, "", False),
        (tools, "0", False),
        (tools, "1", True),
        (venv, "", True),
        (venv, "0", False),
    ):
        start = machine.with_(PEX_VENV=asked) if asked else machine
        assert start.run(PYTHON.path(), app).stdout == f"{is_venv}\n"
    refused = machine.with_(PEX_VENV="1").run(PYTHON.path(), cow)
    assert (refused.stdout, refused.code) == ("", 1)
    assert refused.stderr.startswith(
        f"czex: can't start {cow}: PEX_VENV is set, but the PEX was built without"
    )
