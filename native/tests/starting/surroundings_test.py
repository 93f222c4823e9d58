"""An app sees the same surroundings by every way it is started, without the machine's packages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from support.workshop import COW, Workshop
from testing.machine import Machine
from testing.pythons import Python, on, on_every_python

HIDDEN_FINDER = """\
import shadow, sys

class Finder(object):
    def find_spec(self, name, path=None, target=None):
        return None

    find_module = find_spec

sys.meta_path.append(Finder())
"""


@on_every_python()
def test_the_app_observes_the_same_values_by_every_way_in_and_python(
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
    if python.minor != (2, 7) and not python.is_pypy:
        restarted = json.loads(again.run(interpreter, facts).stdout)
        home = ["PYTHONHOME", again.variables["PYTHONHOME"]]
        restarted["environment"] = [item for item in restarted["environment"] if item != home]
        assert restarted == warm


@on_every_python()
def test_a_child_process_finds_the_apps_wheels(
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
def test_the_machines_packages_do_not_reach_the_app(
    facts: Path, machine: Machine, python: Python, tmp_path: Path
) -> None:
    clean = json.loads(machine.run(python.path(), facts).stdout)
    (tmp_path / "shadow.py").write_text("WHERE = 'PYTHONPATH'\n")
    (tmp_path / "sitecustomize.py").write_text(HIDDEN_FINDER)
    dirty = machine.with_(PYTHONPATH=str(tmp_path))
    seen = json.loads(dirty.run(python.path(), facts).stdout)
    seen["environment"].remove(["PYTHONPATH", str(tmp_path)])
    assert seen == clean


@on(Python("cpython3.9"), Python("cpython3.11"), Python("cpython3.13"))
def test_the_warm_path_imports_only_modules_that_python_has_loaded(
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
