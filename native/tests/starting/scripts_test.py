"""An environment has the same files as an installer would install, and each script runs from any place."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from typing import Dict

import pytest

from support.wheels import Wheel
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on, on_every_python, only_on

DATA = "KitChen-1.0.data/"
TELL = "import sys\nprint('{} ' + ' '.join(sys.argv[1:]))\n"
# A script of a wheel → its first lines.
SHEBANGS = {
    "placeholder": "#!python\n",
    "windowed": "#!pythonw\n",
    "options": "#!python -E\n",
    "by-env": "#!/usr/bin/env python\n",
    "by-path": "#!/opt/python3.1/bin/python3.1 -u\n",
    "umlaut": "#!python\n# -*- coding: utf-8 -*-\n# äöü\n",
}
KIT = Wheel(
    "KitChen",
    {
        "kit/__init__.py": (
            "import sys\n"
            "def main():\n"
            "    print('main ' + ' '.join(sys.argv[1:]))\n"
            "    return 3\n"
            "def where():\n"
            "    import kit_where\n"
            "    print(kit_where.WHERE)\n"
            "class Nested(object):\n"
            "    main = staticmethod(main)\n"
        ),
        "kit/tool.sh": "#!/bin/sh\n",
        "kit/data.txt": "",
        "kit_where.py": "WHERE = 'the app'\n",
        **{f"{DATA}scripts/{name}": start + TELL.format(name) for name, start in SHEBANGS.items()},
        f"{DATA}scripts/shell": '#!/bin/sh\necho shell "$@"\n',
        # An installer replaces it by a script for the entry point.
        f"{DATA}scripts/kit": "#!python\nraise SystemExit('not this one')\n",
        f"{DATA}headers/kit.h": "",
        f"{DATA}headers/more/kit.h": "",
        f"{DATA}data/share/kit/x.txt": "",
        f"{DATA}data/etc/kit.conf": "",
        f"{DATA}data/bin/from-data": "#!/bin/sh\n",
        f"{DATA}data/lib/kit/y.txt": "",
        f"{DATA}purelib/kit_purelib.py": "",
        f"{DATA}platlib/kit_platlib.py": "",
        "KitChen-1.0.dist-info/entry_points.txt": (
            "[console_scripts]\nkit = kit:main\nkit-where = kit:where\nkit-nested=kit:Nested.main [extra]\n\n"
            "[gui_scripts]\n# A comment = x:y\nkit-window = kit:main\n"
        ),
    },
    executables=(
        *(f"{DATA}scripts/{name}" for name in (*SHEBANGS, "shell")),
        f"{DATA}data/bin/from-data",
        "kit/tool.sh",
    ),
)
MODULE = Wheel(
    "module",
    {"module.py": TELL.format("module")},
    scripts={"module": "module"},
)
EXPECTED = {
    **{name: (f"{name} a b\n", 0) for name in (*SHEBANGS, "shell")},
    **{name: ("main a b\n", 3) for name in ("kit", "kit-nested", "kit-window")},
    "module": ("module a b\n", 0),
}
ROOTS = ["plain", "with space", "it's", "ä-ünï-日本", "l" * 120, "tab\tand " + "l" * 100]


@pytest.fixture(scope="session")
def kit(workshop: Workshop) -> Path:
    return workshop.make(
        "kit",
        requirements=["kitchen", "module"],
        wheels=[KIT, MODULE],
        options=["--no-pre-install-wheels"],
    )


@pytest.fixture(scope="session")
def copies(workshop: Workshop) -> Path:
    return workshop.make(
        "copies",
        requirements=["kitchen"],
        wheels=[KIT],
        options=[
            *("--venv", "--venv-copies", "--venv-site-packages-copies"),
            "--non-hermetic-venv-scripts",
        ],
    )


def installed(machine: Machine, python: Python, czex: Path) -> Path:
    """Return the environment that a CZEX without an entry point installs."""
    outcome = machine.run(python.path(), czex, "-c", "import sys; print(sys.prefix)")
    assert (outcome.stderr, outcome.code) == ("", 0)
    return Path(outcome.stdout.strip())


@on(*(Python(f"cpython{version}") for version in ("2.7", "3.6", "3.11", "3.13")), Python("pypy3"))
def test_scripts_run_from_anywhere(kit: Path, machine: Machine, python: Python) -> None:
    for root in ROOTS:
        at = machine.with_(PEXCZ_ROOT=str(machine.root / root))
        scripts = installed(at, python, kit) / "bin"
        for name, expected in EXPECTED.items():
            outcome = at.run(scripts / name, "a", "b")
            assert (outcome.stdout, outcome.code) == expected, (root, name, outcome.stderr)


def test_scripts_are_hermetic_unless_the_pex_says_otherwise(
    kit: Path, copies: Path, machine: Machine
) -> None:
    (machine.root / "kit_where.py").write_text("WHERE = 'PYTHONPATH'\n")
    outside = machine.with_(PYTHONPATH=str(machine.root))
    for czex, expected in ((kit, "the app\n"), (copies, "PYTHONPATH\n")):
        assert (
            outside.run(installed(machine, PYTHON, czex) / "bin" / "kit-where").stdout == expected
        )


# The pip of Python 3.14 puts headers into a directory with the normalized name of the project. Pex doesn't.
@only_on(*map(Python, ("cpython3.8", "cpython3.13")))
def test_files_are_installed_where_pip_installs_them(
    kit: Path, machine: Machine, python: Python, tmp_path: Path
) -> None:
    wheel = KIT.write(tmp_path)
    subprocess.run([python.path(), "-m", "venv", str(tmp_path / "venv")], check=True)
    subprocess.run(
        [
            *(str(tmp_path / "venv" / "bin" / "python"), "-m", "pip", "install", "--no-compile"),
            *("--no-index", "--no-deps", "--quiet", "--disable-pip-version-check", str(wheel)),
        ],
        check=True,
    )
    assert tree(installed(machine, python, kit)) == tree(tmp_path / "venv")


def tree(venv: Path) -> Dict[str, bool]:
    """Return a dict: path of each file of the wheel → whether it is executable."""
    found = {}
    for directory, names, files in os.walk(venv, followlinks=True):
        relative = os.path.relpath(directory, venv)
        if relative == ".":
            names.remove("lib64")
        names[:] = [name for name in names if not name.startswith(("pip", "setuptools"))]
        for name in files:
            # Files that installers add, and files of the environment itself.
            if name in ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json"):
                continue
            if relative == "." or name.startswith(
                ("activate", "Activate", "pip", "python", "easy_install", "distutils-precedence")
            ):
                continue
            # Files of the other wheel of the CZEX.
            if name.startswith("module") or "module-1.0" in relative:
                continue
            if "_distutils_hack" in relative or "pkg_resources" in relative or name[-4:] == ".pyc":
                continue
            mode = os.stat(os.path.join(directory, name)).st_mode
            found[os.path.join(relative, name)] = bool(mode & stat.S_IXUSR)
    return found


@on_every_python()
def test_venv_copies_copies_the_interpreter_and_files(
    copies: Path, machine: Machine, python: Python
) -> None:
    venv = installed(machine, python, copies)
    site_packages = next(venv.glob("lib/*/site-packages"))
    files = [path for path in site_packages.rglob("*") if path.is_file()]
    assert (site_packages / "kit" / "data.txt") in files
    assert [path for path in [*files, *site_packages.rglob("*")] if path.is_symlink()] == []
    interpreter = venv / "bin" / "python"
    assert not interpreter.is_symlink()
    outcome = machine.run(interpreter, "-c", "import kit, sys; print(sys.prefix)")
    assert (outcome.stdout, outcome.code) == (f"{venv}\n", 0), outcome.stderr
