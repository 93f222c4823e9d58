"""What an app sees of where it runs is the same however it was started, and only what it should see."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from boot_for_tests import COW, PYTHON, Machine, Workshop

from testprojects.pythons import Python, on, on_every_python

HIDDEN_FINDER = """\
import shadow, sys

class Finder(object):
    def find_spec(self, name, path=None, target=None):
        return None

    find_module = find_spec

sys.meta_path.append(Finder())
"""


@on_every_python()
def test_the_app_sees_the_same_however_it_is_started(
    facts: Path, machine: Machine, python: Python
) -> None:
    interpreter = python.path()
    cold = json.loads(machine.run(interpreter, facts).stdout)
    warm = json.loads(machine.run(interpreter, facts).stdout)
    assert warm == cold
    assert cold["foreign"] == []
    assert Path(cold["executable"]).parts[-2:] == ("bin", "python")
    assert cold["prefix"][0] == cold["prefix"][1] == str(Path(cold["executable"]).parents[1])
    again = machine.with_(PYTHONHOME=str(Path(interpreter).resolve().parents[1]))
    if python.minor != (2, 7) and python.name != "pypy3":
        restarted = json.loads(again.run(interpreter, facts).stdout)
        home = ["PYTHONHOME", again.variables["PYTHONHOME"]]
        restarted["environment"] = [item for item in restarted["environment"] if item != home]
        assert restarted == warm


@on_every_python()
def test_a_child_of_the_apps_interpreter_finds_the_apps_wheels(
    workshop: Workshop, machine: Machine, python: Python
) -> None:
    source = (
        "import subprocess, sys\n"
        "def main():\n"
        "    code = 'import cow, sys; print(sys.prefix); print(cow.__file__)'\n"
        "    import cow\n"
        "    print(sys.prefix)\n"
        "    print(cow.__file__.replace('.pyc', '.py'))\n"
        "    sys.stdout.flush()\n"
        "    sys.exit(subprocess.call([sys.executable, '-c', code]))\n"
    )
    app = workshop.make(
        f"parent-{python.name}",
        requirements=["cow"],
        wheels=[COW],
        sources={"parent.py": source},
        options=["-m", "parent:main"],
    )
    for _ in range(2):
        outcome = machine.run(python.path(), app)
        lines = outcome.stdout.replace(".pyc", ".py").splitlines()
        assert (len(lines), outcome.stderr, outcome.code) == (4, "", 0)
        assert lines[:2] == lines[2:]


@on_every_python()
def test_what_the_machine_has_installed_does_not_reach_the_app(
    facts: Path, machine: Machine, python: Python, tmp_path: Path
) -> None:
    clean = json.loads(machine.run(python.path(), facts).stdout)
    (tmp_path / "shadow.py").write_text("WHERE = 'PYTHONPATH'\n")
    (tmp_path / "sitecustomize.py").write_text(HIDDEN_FINDER)
    dirty = machine.with_(PYTHONPATH=str(tmp_path))
    seen = json.loads(dirty.run(python.path(), facts).stdout)
    seen["environment"].remove(["PYTHONPATH", str(tmp_path)])
    assert seen == clean


def test_a_module_of_pythonpath_does_not_take_the_place_of_the_standard_librarys(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import json\n")
    (tmp_path / "json.py").write_text("")
    source = "import json\ndef main():\n    print(json.dumps(1))\n"
    app = workshop.make("stdlib", sources={"app.py": source}, options=["-m", "app:main"])
    for _ in range(2):
        outcome = machine.with_(PYTHONPATH=str(tmp_path)).run(PYTHON.path(), app)
        assert (outcome.stdout, outcome.stderr) == ("1\n", "")


@on(Python("cpython3.9"), Python("cpython3.11"), Python("cpython3.13"))
def test_the_warm_path_imports_nothing_that_python_has_not_loaded(
    workshop: Workshop, machine: Machine, python: Python, tmp_path: Path
) -> None:
    source = "def main():\n    import sys\n    print('\\n'.join(sorted(sys.modules)))\n"
    app = workshop.make(
        f"modules-{python.name}", sources={"m.py": source}, options=["-m", "m:main"]
    )
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "__main__.py").write_text("import sys; print('\\n'.join(sorted(sys.modules)))")
    subprocess.run([sys.executable, "-m", "zipapp", str(plain)], check=True)
    machine.run(python.path(), app)
    warm = set(machine.run(python.path(), app).stdout.split())
    assert warm - set(machine.run(python.path(), f"{plain}.pyz").stdout.split()) == {"m"}


def test_flags_before_the_file_name_stay_in_force(workshop: Workshop, machine: Machine) -> None:
    source = "import sys\ndef main():\n    print(sys.flags.optimize, sys.warnoptions)\n"
    app = workshop.make("flags", sources={"flags.py": source}, options=["-m", "flags:main"])
    for _ in range(2):
        outcome = machine.run(PYTHON.path(), "-O", "-W", "error::UserWarning", app)
        assert outcome.stdout == "1 ['error::UserWarning']\n"


def test_flags_that_the_pex_injects_are_in_force(workshop: Workshop, machine: Machine) -> None:
    source = (
        "import sys\ndef main():\n    print(sys.flags.optimize, sys.warnoptions, sys.argv[1:])\n"
    )
    options = ["-m", "flags:main", "--inject-python-args=-O"]
    app = workshop.make("injected-flags", sources={"flags.py": source}, options=options)
    for _ in range(2):
        outcome = machine.run(PYTHON.path(), "-W", "error", app, "x")
        assert (outcome.stdout, outcome.stderr) == ("1 ['error'] ['x']\n", "")


def test_multiprocessing_spawn_finds_the_app(workshop: Workshop, machine: Machine) -> None:
    source = (
        "import multiprocessing\n"
        "def square(x):\n    return x * x\n"
        "def main():\n"
        "    with multiprocessing.get_context('spawn').Pool(2) as pool:\n"
        "        print(pool.map(square, [1, 2, 3]))\n"
    )
    app = workshop.make("spawn", sources={"squares.py": source}, options=["-m", "squares:main"])
    for _ in range(2):
        outcome = machine.run(PYTHON.path(), app)
        assert (outcome.stdout, outcome.stderr) == ("[1, 4, 9]\n", "")


def test_injected_arguments_and_variables_are_there(workshop: Workshop, machine: Machine) -> None:
    source = "import os, sys\ndef main():\n    print(sys.argv[1:], os.environ['FOO'])\n"
    options = [
        "-m",
        "inject:main",
        "--inject-env",
        "FOO=bar",
        "--inject-args",
        "--home {pex.env.HOME}",
    ]
    app = workshop.make("inject", sources={"inject.py": source}, options=options)
    outcome = machine.run(PYTHON.path(), app, "x")
    assert outcome.stdout == f"['--home', '{machine.root}', 'x'] bar\n"


def test_the_import_hook_makes_wheels_importable(cow: Path, machine: Machine) -> None:
    code = "import __pex__, cow; from __pex__ import cow as same; print(same is cow)"
    for _ in range(2):
        outcome = machine.with_(PYTHONPATH=str(cow)).run(PYTHON.path(), "-c", code)
        assert (outcome.stdout, outcome.stderr) == ("True\n", "")
