"""Apps composed of several: PEX_PATH and `pex_path`, with PEXes and CZEX files mixed; and inherited packages of the machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import List

import pytest

from support.wheels import Wheel
from support.workshop import COW, Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on

PLUGIN = Wheel(
    "plugin",
    {"plugin.py": "import os\ndef main():\n    print('plugged in')\n"},
    scripts={"plug": "plugin:main"},
)
CODE = "import cow.say, plugin, who; print(who.WHO); print(plugin.__file__)"


@pytest.fixture(scope="module")
def plugin_pex(workshop: Workshop) -> Path:
    return workshop.pex(
        "plugin", requirements=["plugin"], wheels=[PLUGIN], sources={"who.py": "WHO = 'plugin'\n"}
    )


@pytest.fixture(scope="module")
def plugin(workshop: Workshop, plugin_pex: Path) -> Path:
    return workshop.czex(plugin_pex)


@pytest.fixture(scope="module", params=["zipapp", "venv"])
def main_pex(workshop: Workshop, request: pytest.FixtureRequest) -> Path:
    options = ["--venv"] if request.param == "venv" else []
    return workshop.pex(
        f"composed-{request.param}",
        requirements=["cow"],
        wheels=[COW],
        sources={"who.py": "WHO = 'main'\n"},
        options=options,
    )


@on(Python("cpython2.7"), PYTHON, Python("pypy3"))
def test_pex_path_adds_pexes_and_czex_files_like_a_pex(
    workshop: Workshop,
    machine: Machine,
    main_pex: Path,
    plugin_pex: Path,
    plugin: Path,
    python: Python,
) -> None:
    app = main_pex.with_suffix(".czex")
    if not app.exists():
        workshop.czex(main_pex)
    composed = machine.with_(PEX_PATH=str(plugin_pex))
    expected = composed.run(python.path(), main_pex, "-c", CODE)
    assert expected.code == 0, expected.stderr
    for other in (plugin_pex, plugin):
        composed = machine.with_(PEX_PATH=str(other))
        for _ in range(2):
            seen = composed.run(python.path(), app, "-c", CODE)
            assert (seen.stderr, seen.code) == ("", 0)
            assert seen.stdout.splitlines()[0] == expected.stdout.splitlines()[0]
        script = composed.with_(PEX_SCRIPT="plug").run(python.path(), app)
        assert (script.stdout, script.stderr) == ("plugged in\n", "")
    alone = machine.run(python.path(), app, "-c", CODE)
    assert alone.last_line.endswith(("No module named 'plugin'", "No module named plugin"))


def test_child_processes_find_added_apps_of_each_layout(
    workshop: Workshop, cow: Path, machine: Machine, plugin_pex: Path, plugin: Path
) -> None:
    code = (
        "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', 'import plugin']))"
    )
    directories = [
        workshop.pex(
            f"plugin-{layout}",
            requirements=["plugin"],
            wheels=[PLUGIN],
            options=["--layout", layout],
        )
        for layout in ("packed", "loose")
    ]
    for other in (plugin_pex, plugin, *directories):
        composed = machine.with_(PEX_PATH=str(other), PEX_INTERPRETER="1")
        for _ in range(2):
            outcome = composed.run(PYTHON.path(), cow, "-c", code)
            assert (outcome.stderr, outcome.code) == ("", 0)


def test_a_start_uses_the_present_version_of_an_app_in_pex_path(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    other = tmp_path / "other.pex"

    def publish(name: str, who: str) -> None:
        shutil.copy(workshop.pex(name, sources={"who.py": f"WHO = '{who}'\n"}), other)

    publish("first", "first")
    source = "import who\ndef main():\n    print(who.WHO)\n"
    options = ["-m", "ask:main", "--pex-path", str(other)]
    app = workshop.make("built-in-path", sources={"ask.py": source}, options=options)
    known = machine.with_(PATH=f"{os.path.dirname(PYTHON.path())}:/bin")
    for start in ([PYTHON.path(), app], [app]):
        for _ in range(2):
            assert known.run(*start).stdout == "first\n"
    publish("second", "second")
    for start in ([PYTHON.path(), app], [app]):
        for _ in range(2):
            assert known.run(*start).stdout == "second\n"
    other.unlink()
    gone = known.run(PYTHON.path(), app)
    assert (gone.stderr, gone.code) == (
        f"czex: can't start {app}: {other} on PEX_PATH does not exist\n",
        1,
    )


def test_a_file_that_can_not_be_added_is_named(cow: Path, machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "broken.pex").write_bytes(b"PK\x03\x04 and no more")
    (tmp_path / "text.pex").write_text("print('no PEX')")
    for name in ("missing.pex", "broken.pex", "text.pex"):
        path = tmp_path / name
        outcome = machine.with_(PEX_PATH=str(path)).run(PYTHON.path(), cow)
        assert (outcome.stdout, outcome.code) == ("", 1)
        assert outcome.stderr.startswith(f"czex: can't start {cow}: {path} on PEX_PATH ")


def host_with(tmp_path: Path, python: Python, module: str) -> str:
    """Return the Python of a new virtual environment that has modules of its own."""
    host = tmp_path / f"host-{python.name}"
    assert Machine(tmp_path).run(python.path(), "-m", "venv", "--without-pip", host).code == 0
    (site_packages,) = host.glob("lib/*/site-packages")
    (site_packages / "shared.py").write_text("WHERE = 'machine'\n")
    (site_packages / f"{module}.py").write_text("")
    return str(host / "bin" / "python")


@on(Python("cpython3.6"), PYTHON)
@pytest.mark.parametrize("mode", ["prefer", "fallback"])
@pytest.mark.parametrize("asked", [True, False], ids=["variable", "built-in"])
def test_the_machines_packages_are_inherited_like_by_the_pex(
    workshop: Workshop, machine: Machine, tmp_path: Path, python: Python, mode: str, asked: bool
) -> None:
    name = f"inherit-{python.name}-{mode}-{asked}"
    shared = Wheel("shared", {"shared.py": "WHERE = 'app'\n"})
    source = (
        "import shared\n"
        "def there(name):\n"
        "    try:\n        __import__(name)\n    except ImportError:\n        return False\n"
        "    return True\n"
        "def main():\n"
        "    print(shared.WHERE, there('only_installed'), there('only_on_path'))\n"
    )
    options: List[str] = ["-m", "app:main"] + ([] if asked else [f"--inherit-path={mode}"])
    pex = workshop.pex(
        name, requirements=["shared"], wheels=[shared], sources={"app.py": source}, options=options
    )
    app = workshop.czex(pex)
    host = host_with(tmp_path, python, "only_installed")
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "only_on_path.py").write_text("")
    known = machine.with_(PYTHONPATH=str(tmp_path / "path"))
    known = known.with_(PEX_INHERIT_PATH=mode) if asked else known
    known = known.with_(PATH=f"{os.path.dirname(host)}:/bin")
    expected = known.run(host, pex)
    assert expected.code == 0, expected.stderr
    # The header searches for the Python that built the PEX.
    by_header = [[app], [app]] if python == PYTHON else []
    for start in ([host, app], [host, app], *by_header):
        assert known.run(*start).stdout == expected.stdout


# These have pip.
@pytest.mark.parametrize("python", [Python("cpython2.7"), PYTHON])
def test_the_app_and_its_child_processes_find_system_site_packages(
    workshop: Workshop, machine: Machine, tmp_path: Path, python: Python
) -> None:
    source = (
        "import subprocess, sys\n"
        "def main():\n"
        "    import pip\n"
        "    sys.exit(subprocess.call([sys.executable, '-c', 'import pip']))\n"
    )
    app = workshop.make(
        f"system-site-{python.name}",
        sources={"app.py": source},
        options=["-m", "app:main", "--venv", "--venv-system-site-packages"],
    )
    for _ in range(2):
        outcome = machine.run(python.path(), app)
        assert (outcome.stderr, outcome.code) == ("", 0)


@pytest.mark.parametrize(
    "text", ["1", "[]", "{}", '{"format": 2}', "[" * 100_000, '{"format": 2, "packs": 1}']
)
def test_a_damaged_directory_on_pex_path_is_named(
    workshop: Workshop, machine: Machine, main_pex: Path, plugin_pex: Path, text: str
) -> None:
    app = main_pex.with_suffix(".czex")
    if not app.exists():
        workshop.czex(main_pex)
    other = plugin_pex.with_suffix(".packed.czex")
    if not other.exists():
        workshop.czex(plugin_pex, layout="packed")
    (other / ".czex" / "manifest.json").write_text(text)
    outcome = machine.with_(PEX_PATH=str(other)).run(PYTHON.path(), app)
    assert outcome.stderr.startswith(f"czex: can't start {app}: {other} on PEX_PATH ")
    assert (outcome.code, outcome.stderr.count("\n")) == (1, 1)
