"""A CZEX starts an app as its PEX does, on every Python, by whatever way."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from boot_for_tests import COW, PYTHON, Machine, Workshop
from wheels_for_tests import Wheel

from testprojects.pythons import Python, on_every_python


@on_every_python()
def test_a_start_is_as_the_pexs_cold_and_warm(
    cow_pex: Path, cow: Path, machine: Machine, python: Python
) -> None:
    expected = machine.run(python.path(), cow_pex, "a", "b c")
    assert (expected.stdout, expected.code) == ("moo a b c\n", 2)
    for _ in range(2):
        assert machine.run(python.path(), cow, "a", "b c") == expected
    assert machine.leftovers() == []


@on_every_python()
def test_the_header_runs_the_installed_app_with_its_own_interpreter(
    cow: Path, machine: Machine, python: Python, tmp_path: Path
) -> None:
    bin_directory = tmp_path / "bin"
    bin_directory.mkdir()
    # The name in the shebang that Pex gave the PEX.
    name = "python{}.{}".format(*sys.version_info)
    (bin_directory / name).symlink_to(python.path())
    known = machine.with_(PATH=f"{bin_directory}:/bin")
    for _ in range(3):
        outcome = known.run(cow, "x")
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1)
    records = [path for path in machine.cache.glob("venvs/*/sh/**/*") if path.is_file()]
    assert records and all(path.name == name for path in records)


def test_the_header_looks_on_path_and_where_it_is_told_and_says_for_what(
    cow: Path, machine: Machine, tmp_path: Path
) -> None:
    outcome = machine.with_(PATH=str(tmp_path)).run("/bin/sh", cow)
    assert outcome.code == 127
    assert outcome.stderr.startswith(f"czex: {cow} needs one of these on PATH")
    python = Path(PYTHON.path())
    for asked in ({"PEX_PYTHON": str(python)}, {"PEX_PYTHON_PATH": str(python.parent)}):
        outcome = machine.with_(PATH=str(tmp_path), **asked).run("/bin/sh", cow, "x")
        assert (outcome.stdout, outcome.stderr) == ("moo x\n", "")


def test_a_czex_can_be_started_by_any_path(cow: Path, machine: Machine, tmp_path: Path) -> None:
    link = tmp_path / "a link"
    link.symlink_to(cow)
    relative = os.path.relpath(cow, tmp_path)
    for path in (link, "a link", relative, f"./{relative}"):
        outcome = machine.run(PYTHON.path(), path, cwd=tmp_path)
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo \n", "", 0)


@on_every_python()
def test_exit_codes_are_the_apps(workshop: Workshop, machine: Machine, python: Python) -> None:
    name = f"exit-{python.name}"
    source = "import os, sys\ndef main():\n    return eval(sys.argv[1])\n"
    app = workshop.make(name, sources={"leave.py": source}, options=["-m", "leave:main"])
    for expression, code, stderr in (
        ("None", 0, ""),
        ("7", 7, ""),
        ("'words'", 1, "words\n"),
        ("sys.exit(3)", 3, ""),
        ("os.kill(os.getpid(), 15)", -15, ""),
    ):
        outcome = machine.run(python.path(), app, expression)
        assert (outcome.code, outcome.stderr) == (code, stderr)
    assert machine.run(python.path(), app, "1 / 0").last_line.startswith("ZeroDivisionError")


@on_every_python()
def test_a_module_runs_as_main(workshop: Workshop, machine: Machine, python: Python) -> None:
    source = "import sys\nprint((__name__, sys.argv[1:]))\n"
    options = ["-m", "package.module"]
    app = workshop.make(
        f"module-{python.name}",
        sources={"package/__init__.py": "", "package/module.py": source},
        options=options,
    )
    for _ in range(2):
        outcome = machine.run(python.path(), app, "x")
        assert (outcome.stdout, outcome.stderr) == ("('__main__', ['x'])\n", "")


@on_every_python()
def test_without_an_entry_point_it_is_an_interpreter(
    workshop: Workshop, machine: Machine, python: Python, tmp_path: Path
) -> None:
    app = workshop.make(f"interpreter-{python.name}", requirements=["cow"], wheels=[COW])
    script = tmp_path / "script.py"
    script.write_text("import sys, cow.say; print(sys.argv)")
    for arguments, stdout in (
        (["-c", "import sys, cow.say; print(sys.argv)", "x"], "['-c', 'x']\n"),
        (["-m", "cow.say", "x"], ""),
        ([str(script), "x"], f"['{script}', 'x']\n"),
        (["-E", "-c", "import sys, cow.say; print(sys.flags.ignore_environment)"], "1\n"),
    ):
        outcome = machine.run(python.path(), app, *arguments)
        assert (outcome.stdout, outcome.stderr, outcome.code) == (stdout, "", 0)


def test_a_script_that_is_a_native_program_runs(workshop: Workshop, machine: Machine) -> None:
    script = "tool-1.0.data/scripts/tool"
    wheel = Wheel("tool", {script: "#!/bin/sh\necho native $*\nexit 5\n"})
    app = workshop.make("tool", requirements=["tool"], wheels=[wheel], options=["-c", "tool"])
    outcome = machine.run(PYTHON.path(), app, "x")
    assert (outcome.stdout, outcome.code) == ("native x\n", 5)


def test_a_script_of_a_wheel_starts_with_the_environments_interpreter(
    workshop: Workshop, machine: Machine
) -> None:
    content = "#!python\nimport sys\nprint(sys.executable, sys.argv[1:])\n"
    wheel = Wheel("graze", {"graze-1.0.data/scripts/graze": content})
    app = workshop.make("graze", requirements=["graze"], wheels=[wheel], options=["-c", "graze"])
    assert machine.run(PYTHON.path(), app, "x").stdout.endswith("/bin/python ['x']\n")
    (script,) = machine.cache.glob("venvs/*/cpython*/bin/graze")
    assert machine.run(script, "x").stdout == f"{script.parent}/python ['x']\n"


def test_files_keep_their_executable_bits(workshop: Workshop, machine: Machine) -> None:
    source = (
        "import os\n"
        "def main():\n"
        "    here = os.path.dirname(os.path.abspath(__file__))\n"
        "    for name in ('run.sh', 'start.py'):\n"
        "        print(os.access(os.path.join(here, name), os.X_OK))\n"
    )
    app = workshop.make(
        "modes", sources={"start.py": source, "run.sh": "#!/bin/sh\n"}, options=["-m", "start:main"]
    )
    assert machine.run(PYTHON.path(), app).stdout == "True\nFalse\n"


def test_another_module_or_script_can_be_asked_for(cow: Path, machine: Machine) -> None:
    interpreter = PYTHON.path()
    assert machine.with_(PEX_MODULE="cow.say:main").run(interpreter, cow, "x").stdout == "moo x\n"
    assert machine.with_(PEX_SCRIPT="cow").run(interpreter, cow, "x").stdout == "moo x\n"
    asked = machine.with_(PEX_INTERPRETER="1")
    assert asked.run(interpreter, cow, "-c", "print(1)").stdout == "1\n"
    missing = machine.with_(PEX_SCRIPT="calf").run(interpreter, cow)
    assert (missing.code, missing.last_line) == (
        1,
        f"czex: {cow}: there is no script 'calf' in this app",
    )


def test_a_variable_that_is_no_boolean_is_an_error_that_names_it(
    cow: Path, machine: Machine
) -> None:
    outcome = machine.with_(PEX_INTERPRETER="yes").run(PYTHON.path(), cow)
    assert outcome.code == 1
    assert outcome.stderr == "czex: PEX_INTERPRETER must be one of 0, 1, false or true, not 'yes'\n"


def test_pex_variables_do_not_reach_the_app(facts: Path, machine: Machine) -> None:
    root = str(machine.root / "elsewhere")
    seen = json.loads(machine.with_(PEX_ROOT=root).run(PYTHON.path(), facts).stdout)
    names = [name for name, _ in seen["environment"]]
    assert [name for name in names if name.startswith(("PEX_", "_CZEX"))] == []
    assert dict(seen["environment"])["PEX"] == str(facts)
    assert seen["prefix"][0].startswith(root + "/czex/venvs/")


@on_every_python()
def test_a_module_named_like_one_of_the_standard_library_is_found_as_in_the_pex(
    workshop: Workshop, machine: Machine, python: Python
) -> None:
    sources = {
        "calendar.py": "WHOSE = 'mine'\n",
        "app.py": "import calendar\ndef main():\n    print(getattr(calendar, 'WHOSE', 'the library'))\n",
    }
    for options, whose in (([], "mine\n"), (["--venv"], "the library\n")):
        name = f"shadowing-{python.name}{''.join(options)}"
        pex = workshop.pex(name, sources=sources, options=["-m", "app:main", *options])
        expected = machine.run(python.path(), pex)
        assert (expected.stdout, expected.stderr) == (whose, "")
        app = workshop.czex(pex)
        for _ in range(2):
            assert machine.run(python.path(), app) == expected
