"""The boot starts an app as its PEX does, on every Python, whatever is done to it.

Apps are small, made here of wheels made here; the PEX is Pex's, the CZEX pexcz's, the runtime the real one.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Dict, List

import pytest
from runtime_for_tests import HOST, NATIVE, built_runtime
from wheels_for_tests import Wheel, build_pex

from testprojects.pythons import Python, on, on_every_python

PEXCZ = NATIVE.parent / "pants-plugins"
PYTHON = Python("cpython3.11")

COW = Wheel(
    "cow",
    {
        "cow/__init__.py": "",
        "cow/say.py": (
            "import sys\n"
            "def main():\n"
            "    print('moo ' + ' '.join(sys.argv[1:]))\n"
            "    return len(sys.argv) - 1\n"
        ),
        "cow/data/grass.txt": "green\n",
    },
    scripts={"cow": "cow.say:main"},
)
# Everything an app can see of where it runs, but for what is allowed to differ.
FACTS = """\
import json, os, sys

def facts():
    main = sys.modules["__main__"]
    return {
        "argv0": sys.argv[0],
        "executable": sys.executable,
        "path": [entry for entry in sys.path if entry not in ("", os.getcwd())],
        "prefix": [sys.prefix, sys.exec_prefix],
        "main": [main.__name__, getattr(main, "__file__", None), str(getattr(main, "__spec__", None))],
        "foreign": sorted(
            name
            for name, module in list(sys.modules.items())
            if name.partition(".")[0] in ("shadow", "hidden", "boot", "czex_activate")
        ),
        "environment": sorted(
            (name, value)
            for name, value in os.environ.items()
            if name not in ("_", "SHLVL", "OLDPWD", "PWD", "LC_CTYPE", "__CF_USER_TEXT_ENCODING")
        ),
        "meta_path": [getattr(finder, "__module__", "") for finder in sys.meta_path],
    }

def main():
    json.dump(facts(), sys.stdout, sort_keys=True)
"""

HIDDEN_FINDER = """\
import shadow, sys

class Finder(object):
    def find_spec(self, name, path=None, target=None):
        return None

    find_module = find_spec

sys.meta_path.append(Finder())
"""


@dataclass(frozen=True)
class Outcome:
    stdout: str
    stderr: str
    code: int

    @property
    def last_line(self) -> str:
        return self.stderr.strip().splitlines()[-1]


@dataclass(frozen=True)
class Machine:
    """An empty home directory, and a clean environment."""

    root: Path
    variables: Dict[str, str] = field(default_factory=dict)

    @property
    def cache(self) -> Path:
        return self.root / ".cache" / "czex"

    def with_(self, **variables: str) -> Machine:
        return replace(self, variables={**self.variables, **variables})

    def start(self, *argv: object, **kwargs: object) -> subprocess.Popen[bytes]:
        environment = {"HOME": str(self.root), "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        return subprocess.Popen(
            [str(argument) for argument in argv],
            env={**environment, **self.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **kwargs,  # type: ignore[call-overload]
        )

    def run(self, *argv: object, **kwargs: object) -> Outcome:
        process = self.start(*argv, **kwargs)
        stdout, stderr = process.communicate(timeout=120)
        return Outcome(stdout.decode(), stderr.decode(), process.returncode)

    def leftovers(self) -> List[str]:
        """What a start has not cleaned up."""
        return [
            str(path)
            for path in self.root.rglob("*")
            if path.name.endswith((".tmp", ".lock", ".discarded", ".plan"))
        ]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    home = tmp_path / "home"
    home.mkdir()
    return Machine(home)


@dataclass(frozen=True)
class Workshop:
    """Makes CZEX files."""

    root: Path
    native: Path

    def pex(self, name: str, **kwargs: object) -> Path:
        return build_pex(self.root / f"{name}.pex", **kwargs)  # type: ignore[arg-type]

    def czex(self, pex: Path, platform: str = HOST) -> Path:
        output = pex.with_suffix(".czex")
        command = [sys.executable, "-m", "pexcz", "inject", str(pex), "-o", str(output)]
        command += ["--native", str(self.native), "--platform", platform]
        search = os.pathsep.join([str(PEXCZ), *(entry for entry in sys.path if entry)])
        process = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": search}, capture_output=True, text=True
        )
        assert process.returncode == 0, process.stderr
        return output

    def make(self, name: str, **kwargs: object) -> Path:
        return self.czex(self.pex(name, **kwargs))


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    root = tmp_path_factory.mktemp("workshop")
    native = root / "native"
    shutil.copytree(NATIVE / "boot", native / "boot")
    shutil.copy(NATIVE / "platforms.json", native)
    executable = built_runtime(HOST, root / "built")
    target = native / "runtime" / HOST / executable.name
    target.parent.mkdir(parents=True)
    shutil.copy(executable, target)
    return Workshop(root, native)


@pytest.fixture(scope="session")
def cow_pex(workshop: Workshop) -> Path:
    return workshop.pex("cow", requirements=["cow"], wheels=[COW], options=["-c", "cow"])


@pytest.fixture(scope="session")
def cow(workshop: Workshop, cow_pex: Path) -> Path:
    return workshop.czex(cow_pex)


@pytest.fixture(scope="session")
def facts(workshop: Workshop) -> Path:
    return workshop.make(
        "facts",
        sources={"facts.py": FACTS},
        requirements=["shadow"],
        wheels=[Wheel("shadow", {"shadow.py": "WHERE = 'the app'\n"})],
        options=["-m", "facts:main"],
    )


# Starting.


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


def test_the_header_says_what_it_looked_for(cow: Path, machine: Machine, tmp_path: Path) -> None:
    outcome = machine.with_(PATH=str(tmp_path)).run("/bin/sh", cow)
    assert outcome.code == 127
    assert outcome.stderr.startswith(f"czex: {cow} needs one of these on PATH")


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


# What the app sees.


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


# Variables.


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


@pytest.mark.parametrize("variable", ["PEX_PATH", "PEX_TOOLS", "PEX_INHERIT_PATH"])
def test_what_is_not_supported_is_refused_and_not_ignored(
    cow: Path, machine: Machine, variable: str
) -> None:
    outcome = machine.with_(**{variable: "1"}).run(PYTHON.path(), cow)
    assert outcome.code == 1
    assert outcome.stderr.startswith(f"czex: {variable} is set, which {cow} does not support")


def test_pex_variables_do_not_reach_the_app(facts: Path, machine: Machine) -> None:
    root = str(machine.root / "elsewhere")
    seen = json.loads(machine.with_(PEX_ROOT=root).run(PYTHON.path(), facts).stdout)
    names = [name for name, _ in seen["environment"]]
    assert [name for name in names if name.startswith(("PEX_", "_CZEX"))] == []
    assert dict(seen["environment"])["PEX"] == str(facts)
    assert seen["prefix"][0].startswith(root + "/czex/venvs/")


# Interpreters and wheels.


def test_each_python_gets_the_wheel_for_it(workshop: Workshop, machine: Machine) -> None:
    def wheel(version: str, tag: str) -> Wheel:
        return Wheel("pick", {"pick.py": f"print('{version}')\n"}, version=version, tag=tag)

    pythons = [Python("cpython3.9"), Python("cpython3.11")]
    app = workshop.make(
        "pick",
        requirements=["pick"],
        wheels=[wheel("1.0", "cp39-none-any"), wheel("2.0", "cp311-none-any")],
        options=["-m", "pick", *(f"--python={python.path()}" for python in pythons)],
    )
    seen = [machine.run(python.path(), app).stdout for python in pythons]
    assert seen == ["1.0\n", "2.0\n"]


def test_markers_and_extras_are_followed(workshop: Workshop, machine: Machine) -> None:
    metadata = (
        "Provides-Extra: more\n"
        "Requires-Dist: old; python_version < '3.10'\n"
        "Requires-Dist: extra; extra == 'more'\n"
    )
    wheels = [
        Wheel("root", {"root.py": ""}, metadata=metadata),
        Wheel("old", {"old.py": ""}),
        Wheel("extra", {"extra.py": ""}),
    ]
    code = "import importlib; [importlib.import_module(n) for n in ('root', 'extra')]; import old"
    pythons = [Python("cpython3.9"), Python("cpython3.11")]
    app = workshop.make(
        "markers",
        requirements=["root[more]"],
        wheels=wheels,
        options=[f"--python={python.path()}" for python in pythons],
    )
    assert machine.run(pythons[0].path(), app, "-c", code).stderr == ""
    newer = machine.run(pythons[1].path(), app, "-c", code)
    assert newer.last_line == "ModuleNotFoundError: No module named 'old'"


def test_another_interpreter_is_sought_where_the_running_one_does_not_fit(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    source = "import sys\ndef main():\n    print(sys.version_info[:2], sys.argv[1:])\n"
    options = ["-m", "version:main", "--interpreter-constraint=CPython>=3.9,<3.11"]
    pythons = [Python("cpython3.9"), Python("cpython3.10")]
    options.append("--python-path=" + os.pathsep.join(python.path() for python in pythons))
    app = workshop.make("constrained", sources={"version.py": source}, options=options)
    bin_directory = tmp_path / "bin"
    bin_directory.mkdir()
    for python in (Python("cpython3.10"), Python("cpython3.9"), PYTHON):
        (bin_directory / os.path.basename(python.path())).symlink_to(python.path())
    known = machine.with_(PATH=str(bin_directory))
    for _ in range(2):
        outcome = known.run(PYTHON.path(), app, "x")
        assert (outcome.stdout, outcome.stderr) == ("(3, 9) ['x']\n", "")
    alone = machine.with_(PATH=str(tmp_path)).run(PYTHON.path(), app)
    assert alone.code == 1
    assert (
        alone.stderr.splitlines()[0] == f"czex: no interpreter that can run {app} was found; tried"
    )
    assert "it does not satisfy CPython<3.11,>=3.9" in alone.stderr
    asked = known.with_(PEX_PYTHON=Python("cpython3.10").path())
    assert asked.run(PYTHON.path(), app).stdout == "(3, 10) []\n"
    wrong = known.with_(PEX_PYTHON=PYTHON.path()).run(PYTHON.path(), app)
    assert (wrong.code, wrong.stderr.startswith("czex: PEX_PYTHON=")) == (1, True)


def test_a_wheel_that_is_missing_is_named(workshop: Workshop, machine: Machine) -> None:
    wheel = Wheel("pick", {"pick.py": ""}, tag="cp39-none-any")
    options = [f"--python={Python('cpython3.9').path()}"]
    app = workshop.make("missing", requirements=["pick"], wheels=[wheel], options=options)
    outcome = machine.run(PYTHON.path(), app, "-c", "")
    assert outcome.code == 1
    assert "pick: it has pick-1.0-cp39-none-any.whl" in outcome.stderr
    ignored = machine.with_(PEX_IGNORE_ERRORS="1").run(PYTHON.path(), app, "-c", "print(1)")
    assert ignored.stdout == "1\n"


def test_two_interpreters_of_one_version_have_their_own_environments(
    facts: Path, machine: Machine, tmp_path: Path
) -> None:
    first = PYTHON.path()
    copy = tmp_path / "copy"
    shutil.copytree(Path(first).resolve().parents[1], copy, symlinks=True)
    second = copy / "bin" / Path(first).name
    prefixes = [
        json.loads(machine.run(interpreter, facts).stdout)["prefix"][0]
        for interpreter in (first, second)
    ]
    assert prefixes[0] != prefixes[1]
    shutil.rmtree(copy)
    assert machine.run(first, facts).code == 0


# Faults.


def test_a_start_that_was_killed_at_any_moment_is_made_good_by_the_next(
    cow: Path, machine: Machine
) -> None:
    generator = random.Random(11)
    for _ in range(40):
        shutil.rmtree(machine.root / ".cache", ignore_errors=True)
        process = machine.start(PYTHON.path(), cow, "x", start_new_session=True)
        time.sleep(generator.uniform(0.005, 0.12))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        outcome = machine.run(PYTHON.path(), cow, "x")
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1)


def test_many_starts_at_once_all_succeed(cow: Path, machine: Machine) -> None:
    processes = [machine.start(PYTHON.path(), cow, "x") for _ in range(20)]
    outcomes = {(*process.communicate(), process.returncode) for process in processes}
    assert outcomes == {(b"moo x\n", b"", 1)}
    assert machine.leftovers() == []


def test_a_cache_that_cannot_be_written_is_replaced_for_one_start(
    cow: Path, machine: Machine, tmp_path: Path
) -> None:
    obstacle = machine.root / "file"
    obstacle.write_text("")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    blocked = machine.with_(PEXCZ_ROOT=str(obstacle / "cache"), TMPDIR=str(temporary))
    outcome = blocked.run(PYTHON.path(), cow, "x")
    assert (outcome.stdout, outcome.code) == ("moo x\n", 1)
    assert outcome.stderr.startswith(f"czex: the cache {obstacle}/cache can't be written")
    assert outcome.stderr.count("\n") == 1
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("home", ["with space", "with'quote", "ünï", "x" * 200])
def test_any_home_directory_will_do(cow: Path, tmp_path: Path, home: str) -> None:
    (tmp_path / home).mkdir()
    machine = Machine(tmp_path / home, {"PATH": f"{Path(PYTHON.path()).parent}:/bin"})
    for command in ([PYTHON.path(), cow], [PYTHON.path(), cow], [cow], [cow]):
        outcome = machine.run(*command, "x")
        assert (outcome.stdout, outcome.stderr) == ("moo x\n", "")
    (script,) = machine.cache.glob("venvs/*/cpython*/bin/cow")
    assert machine.run(script, "y").stdout == "moo y\n"


def full_disk(tmp_path: Path, size: str) -> Path:
    """A file system that has no more than `size`."""
    directory = tmp_path / "small"
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(directory)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        message = "this user may not mount a small file system"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return directory


def test_a_full_disk_is_said_and_leaves_nothing(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    noise = random.Random(1).randbytes(2_000_000).hex()
    wheel = Wheel("large", {"large.py": "", "large.txt": noise})
    app = workshop.make("large", requirements=["large"], wheels=[wheel], options=["-m", "large"])
    disk = full_disk(tmp_path, "1m")
    try:
        outcome = machine.with_(PEXCZ_ROOT=str(disk / "czex")).run(PYTHON.path(), app)
        assert outcome.code != 0
        assert outcome.stderr.count("\n") == 1 and outcome.stderr.startswith("czex: ")
        assert str(disk) in outcome.stderr
        files = [path for path in disk.rglob("*") if path.is_file() and path.name != "pexcz"]
        assert files == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_an_environment_that_was_damaged_is_made_again(cow: Path, machine: Machine) -> None:
    machine.run(PYTHON.path(), cow)
    (boot,) = machine.cache.glob("venvs/*/*/boot")
    for damage in (b"", b"garbage", boot.read_bytes()[:100]):
        boot.write_bytes(damage)
        outcome = machine.run(PYTHON.path(), cow, "x")
        assert (outcome.stdout, outcome.stderr) == ("moo x\n", "")
    boot.unlink()
    assert machine.run(PYTHON.path(), cow, "x").stdout == "moo x\n"
    assert machine.leftovers() == []


def test_a_czex_cut_short_says_so(cow: Path, machine: Machine, tmp_path: Path) -> None:
    content = cow.read_bytes()
    for length in range(0, len(content) - 1, len(content) // 20):
        cut = tmp_path / "cut.czex"
        cut.write_bytes(content[:length])
        outcome = machine.run(PYTHON.path(), cut, "x")
        assert outcome.stdout == ""
        # An empty file is an empty program to Python; what stands before the zip file is not.
        assert outcome.code != 0 or length == 0


def test_a_flipped_bit_is_an_error_or_does_no_harm(
    cow: Path, machine: Machine, tmp_path: Path
) -> None:
    content = cow.read_bytes()
    generator = random.Random(5)
    for number in range(60):
        damaged = bytearray(content)
        position = generator.randrange(len(content))
        damaged[position] ^= 1 << generator.randrange(8)
        app = tmp_path / "damaged.czex"
        app.write_bytes(damaged)
        fresh = machine.with_(PEXCZ_ROOT=str(tmp_path / f"cache{number}"))
        outcome = fresh.run(PYTHON.path(), app, "x")
        if (outcome.stdout, outcome.code) != ("moo x\n", 1):
            assert outcome.stdout == "", position
            assert outcome.code != 0, position
            assert outcome.stderr.strip(), position


def test_a_pack_that_was_tampered_with_is_not_run(
    cow: Path, machine: Machine, tmp_path: Path
) -> None:
    content = bytearray(cow.read_bytes())
    position = content.rindex(b"CZEXPACK") + 400
    content[position] ^= 0xFF
    app = tmp_path / "tampered.czex"
    app.write_bytes(content)
    outcome = machine.run(PYTHON.path(), app, "x")
    assert outcome.stdout == ""
    assert outcome.code == 65
    assert outcome.stderr.startswith("czex: ") and str(app) in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    assert list(machine.cache.glob("wheels/*")) == []


def test_a_platform_without_a_runtime_is_named(
    workshop: Workshop, cow_pex: Path, machine: Machine, tmp_path: Path
) -> None:
    native = tmp_path / "native"
    shutil.copytree(workshop.native, native)
    other = "macos-arm64" if HOST != "macos-arm64" else "linux-x86_64"
    (native / "runtime" / HOST).rename(native / "runtime" / other)
    pex = shutil.copy(cow_pex, tmp_path / "cow.pex")
    app = Workshop(tmp_path, native).czex(Path(pex), other)
    outcome = machine.run(PYTHON.path(), app)
    assert outcome.code == 1
    assert f"has no runtime for {HOST}, only for {other}" in outcome.stderr
