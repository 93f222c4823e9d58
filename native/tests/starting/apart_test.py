"""Packs that can't be merged into site-packages are apart, and child processes of the app find them, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.distributions import EARLY, MODULE, PACKAGE, SITECUSTOMIZE, TELLING
from support.cache import cache, make_old
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python

WHO = "import both, space.both; print(both.WHO, space.both.WHO)"
CHILD = """\
import subprocess, sys

def main():
    sys.stdout.flush()
    sys.exit(subprocess.call([sys.executable] + sys.argv[1:]))
"""
MODULES = {"both.py": "WHO = 'mine'\n", "space/both.py": "WHO = 'mine'\n", "child.py": CHILD}
ENTRY = ["-m", "child:main"]


@pytest.mark.parametrize("python", [Python("cpython2.7"), PYTHON])
def test_the_apps_module_hides_a_wheels_package_in_a_child_process(
    workshop: Workshop, machine: Machine, python: Python
) -> None:
    app = workshop.make(
        f"apart-{python.name}",
        requirements=["package"],
        wheels=[PACKAGE],
        sources=MODULES,
        options=[*ENTRY, f"--python={python.path()}"],
    )
    code = "import both; print(both.WHO)"
    for _ in ("cold", "warm"):
        outcome = machine.run(python.path(), app, "-c", code)
        assert (outcome.stdout, outcome.code) == ("mine\n", 0), outcome.stderr


def test_a_child_process_finds_wheels_in_order_and_runs_no_sitecustomize(
    workshop: Workshop, machine: Machine
) -> None:
    wheels = [EARLY, MODULE, SITECUSTOMIZE, TELLING]
    app = workshop.make(
        "apart-wheels",
        requirements=[wheel.project for wheel in wheels],
        wheels=wheels,
        sources={"child.py": CHILD},
        options=ENTRY,
    )
    outcome = machine.run(PYTHON.path(), app, "-c", WHO + "; import also")
    # The app itself reads the `.pth` file, and so does its child process.
    assert outcome.stdout == "path file\npath file\npackage package\n", outcome.stderr


def test_prune_keeps_wheels_that_are_apart(workshop: Workshop, machine: Machine) -> None:
    sources = {**MODULES, "weights.pth": "no path"}
    app = workshop.make("apart-kept", sources=sources, options=ENTRY)
    code = "import both; print(both.WHO)"
    assert machine.run(PYTHON.path(), app, "-c", code).stdout == "mine\n"
    make_old(machine, 3)
    assert "Removed 0 environments, and 0 wheels" in cache(machine, "prune").stdout
    assert machine.run(PYTHON.path(), app, "-c", code).stdout == "mine\n"


def test_the_import_hook_finds_wheels_that_are_apart(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    app = workshop.make(
        "apart-hook", requirements=["package"], wheels=[PACKAGE], sources=MODULES, options=ENTRY
    )
    code = f"import __pex__; {WHO}"
    outcome = machine.with_(PYTHONPATH=str(app)).run(PYTHON.path(), "-c", code, cwd=tmp_path)
    assert outcome.stdout == "mine mine\n", outcome.stderr


def test_a_start_by_the_header_runs_no_sitecustomize_of_a_zipapp(
    workshop: Workshop, machine: Machine
) -> None:
    app = workshop.make(
        "customizing",
        sources={
            "app.py": "def main():\n    import beside\n    print('runs')\n",
            "beside.py": "",
            "sitecustomize.py": "print('sitecustomize')\n",
        },
        options=["-m", "app:main"],
    )
    assert machine.run(PYTHON.path(), app).stdout == "runs\n"
    # The machine's own `.pth` files may keep the header from this way.
    (venv,) = machine.cache.glob("venvs/*/cpython-*")
    assert machine.run(venv / "bin/python", f"{venv}/./__main__.py", app).stdout == "runs\n"
