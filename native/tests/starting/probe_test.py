"""An app can't observe by which way it was started.

A probe (`probe.py`) prints all values that an app can observe of its process. It is started in the process that reads the
CZEX, in a process that started over, by the sh header, and by the environment's own interpreter.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence

import pytest

from support.runtime import NATIVE
from support.situations import SITUATIONS, Situation
from support.wheels import Wheel
from support.workshop import COW, Workshop
from testing.machine import Machine, Outcome
from testing.pythons import PYTHON, Python, chosen

Facts = Dict[str, Any]

# The intended differences, with the reasons. Besides, a module of the standard library may be loaded already, because Python
# needs it to run a zip file, or a `.pth` file of the machine imported it.
DIFFERENT = {
    "sys.orig_argv": "it says how the process was started",
    "frames.start": "Python runs a zip file by its module `runpy`, and from there the warm path",
    "process.atexit": "what a `.pth` file of the machine has registered still runs",
    "environment.PWD": "sh exports it",
    "environment.OLDPWD": "sh exports it",
    "environment.SHLVL": "sh exports it",
    "environment._": "sh exports it",
}
# This looks like an extension module, which makes a start begin again in the environment's own interpreter.
EXTENSION = (
    "import sys; m = type(sys)('extension'); m.__file__ = '/extension.so'; "
    "sys.modules['extension'] = m\n"
)
SHADOW = Wheel("shadow", {"shadow.py": "WHERE = 'the app'\n"})
SITE_FILES = Wheel(
    "site_files",
    {
        "early.py": (
            "import sys\n"
            "class Finder(object):\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        return None\n"
            "    find_module = find_spec\n"
            "sys.meta_path.append(Finder())\n"
            "sys.times_loaded = getattr(sys, 'times_loaded', 0) + 1\n"
        ),
        # In a virtual environment, Python 3 reads these files twice.
        "early.pth": "import early\n",
        "extra.pth": "extra\n",
        "extra/late.py": "",
        "space-nspkg.pth": (
            "import os, sys, types; m = sys.modules.setdefault('space', types.ModuleType('space')); "
            "p = os.path.join(sys._getframe(1).f_locals['sitedir'], 'space'); "
            "path = m.__dict__.setdefault('__path__', []); p in path or path.append(p)\n"
        ),
        "space/inside.py": "",
        "first.pth": "import sys; sys.path[:1] == ['/first'] or sys.path.insert(0, '/first')\n",
        "sitecustomize.py": "import sys; sys.customized = getattr(sys, 'customized', 0) + 1\n",
    },
)
# A module of the standard library. In zipapp mode the app's own module hides it, by a first entry of `sys.path`.
HIDING = {"colorsys.py": ""}
# These carry bytecode for the Python that most tests use.
PRECOMPILED = ("module",)
# Name → wheels, sources beside the probe, and options of the PEX.
APPS: Dict[str, tuple[Sequence[Wheel], Dict[str, str], Sequence[str]]] = {
    "function": ((COW, SHADOW), {}, ("-m", "probe:main")),
    "module": ((COW, SHADOW), {}, ("-m", "probe", "--venv")),
    "site-files": ((COW, SHADOW, SITE_FILES), HIDING, ("-m", "probe:main")),
}


@dataclass
class Apps:
    """Apps by their names, built and installed on first use."""

    workshop: Workshop
    cache: Path

    def __post_init__(self) -> None:
        self._made: Dict[str, Path] = {}
        self._installed: Dict[tuple[str, str], str] = {}

    def make(self, name: str) -> Path:
        if name not in self._made:
            wheels, sources, options = APPS[name]
            probe = (NATIVE / "tests" / "support" / "probe.py").read_text()
            self._made[name] = self.workshop.make(
                f"probe-{name}",
                precompile=[PYTHON] if name in PRECOMPILED else [],
                requirements=[wheel.project for wheel in wheels],
                wheels=wheels,
                sources={"probe.py": probe, **sources},
                options=options,
            )
        return self._made[name]

    def environment(self, name: str, python: str, machine: Machine) -> Path:
        """Return the environment of an app for an interpreter."""
        key = name, python
        if key not in self._installed:
            installed = machine.with_(PEXCZ_ROOT=str(self.cache)).run(python, self.make(name))
            self._installed[key] = facts(installed)["sys.prefix"]
        return Path(self._installed[key])


@pytest.fixture(scope="module")
def apps(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Apps:
    return Apps(workshop, tmp_path_factory.mktemp("cache"))


@dataclass
class Place:
    """A machine that puts an app into a situation."""

    machine: Machine
    python: str
    site_packages: Path
    app: Path
    environment: Path
    flags: Sequence[str]

    def in_process(self) -> Outcome:
        return self.machine.run(self.python, *self.flags, self.app, "x")

    def cold(self) -> Outcome:
        shutil.rmtree(self.environment)
        return self.in_process()

    def started_over(self) -> Outcome:
        extension = self.site_packages / "extension.pth"
        self.site_packages.mkdir(parents=True, exist_ok=True)
        extension.write_text(EXTENSION)
        outcome = self.in_process()
        extension.unlink()
        return outcome

    def header(self) -> Outcome:
        self.machine.run(self.app, "x")
        return self.machine.run(self.app, "x")

    def own(self) -> Outcome:
        python, main = self.environment / "bin/python", f"{self.environment}/./__main__.py"
        return self.machine.run(python, *self.flags, main, self.app, "x")


def write(directory: Path, files: Mapping[str, str], outside: Path) -> None:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.replace("{outside}", str(outside)))


def printed(python: str, code: str, machine: Machine) -> str:
    return machine.run(python, "-c", f"import site, sys, sysconfig; print({code})").stdout.strip()


def place_of(situation: Situation, python: Python, machine: Machine, apps: Apps) -> Place:
    interpreter = python.path()
    environment = apps.environment(situation.app, interpreter, machine)
    outside, binaries = machine.root / "outside", machine.root / "bin"
    where = "site.getusersitepackages()"
    base = printed(interpreter, "sys.prefix", machine) if "{base}" in str(situation) else ""
    if situation.in_venv:
        binaries = machine.root / "venv/bin"
        machine.run(interpreter, "-m", "venv", "--without-pip", binaries.parent)
        interpreter = str(binaries / "python")
        where = "sysconfig.get_path('purelib')"
    site_packages = Path(printed(interpreter, where, machine))
    write(site_packages, situation.site_packages, outside)
    write(outside, situation.site_packages or situation.pythonpath, outside)
    # The shebang of the PEX has this name, so the sh header searches for it.
    header = binaries / "python{}.{}".format(*sys.version_info)
    if not header.exists():
        header.parent.mkdir(exist_ok=True)
        header.symlink_to(interpreter)
    variables = {
        name: value.replace("{base}", base).replace("{outside}", str(outside))
        for name, value in situation.variables.items()
    }
    if situation.pythonpath:
        variables["PYTHONPATH"] = str(outside)
    variables.update(PATH=f"{binaries}:/usr/bin:/bin", PEXCZ_ROOT=str(apps.cache))
    return Place(
        machine.with_(**variables),
        interpreter,
        site_packages,
        apps.make(situation.app),
        environment,
        situation.flags,
    )


def facts(outcome: Outcome, is_loud: bool = False) -> Facts:
    lines = [line for line in outcome.stdout.splitlines() if line.startswith("{")]
    assert len(lines) == 1, outcome.stderr[-2000:]
    seen: Facts = json.loads(lines[0])
    assert len(seen) > 400
    return {**seen, "exit code": outcome.code, "standard error": "" if is_loud else outcome.stderr}


def differences(way: str, ours: Facts, theirs: Facts) -> List[str]:
    """Return a line for each value that differs unintentionally."""
    return [
        f"{way}: {name}: {ours.get(name, 'missing')} instead of {theirs.get(name, 'missing')}"
        for name in sorted({*ours, *theirs})
        if ours.get(name) != theirs.get(name)
        and name not in DIFFERENT
        and not (name.startswith("modules.") and is_standard(name, ours, theirs))
    ]


def is_standard(name: str, ours: Facts, theirs: Facts) -> bool:
    """Return whether only one of the two processes has loaded a module, which belongs to the standard library."""
    if name in ours and name in theirs:
        return False
    one = ours if name in ours else theirs
    file, path = one[name][:2]
    places = [file] if file else path or []
    library = tuple(entry for entry in one["sys.path"] if "-packages" not in entry)
    return all("-packages" not in place and place.startswith(library) for place in places)


@pytest.mark.parametrize(
    ("situation", "python"),
    [
        pytest.param(situation, python, id=f"{situation.name}-{python.name}")
        for situation in SITUATIONS
        for python in chosen(*situation.pythons)
    ],
)
def test_an_app_observes_the_same_values_by_every_way_in(
    situation: Situation, python: Python, machine: Machine, apps: Apps
) -> None:
    place = place_of(situation, python, machine, apps)
    ways = {
        "in process": place.in_process,
        "cold": place.cold,
        "started over": place.started_over,
        "by the sh header": place.header,
    }
    reference = facts(place.own(), situation.is_loud)
    found = [
        difference
        for way in situation.ways
        for difference in differences(way, facts(ways[way](), situation.is_loud), reference)
    ]
    assert not found, "\n".join(found)
    # Equal values may still be wrong.
    assert reference["importable.shadow"].startswith(reference["sys.prefix"])
    assert reference["importable.hidden"].endswith("Error")
    assert reference["standard error"] == ""


def test_a_traceback_shows_at_most_two_lines_of_the_boot(
    workshop: Workshop, machine: Machine
) -> None:
    app = workshop.make(
        "failing", sources={"app.py": "def main():\n    1 / 0\n"}, options=["-m", "app:main"]
    )
    for _ in range(2):
        lines = machine.run(PYTHON.path(), app).stderr.splitlines()
        files = [line.split(",")[0].strip() for line in lines if line.startswith("  File")]
        assert [file for file in files if "runpy" not in file][:-1] == [
            f'File "{app}/__main__.py"',
            'File "<czex>/warm.py"',
        ]
        assert lines[-1] == "ZeroDivisionError: division by zero"


def test_a_start_that_starts_over_uses_one_temporary_cache(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    source = "import sys\ndef main():\n    print(sys.flags.optimize)\n"
    options = ["-m", "app:main", "--inject-python-args=-O"]
    app = workshop.make("starts-over", sources={"app.py": source}, options=options)
    (machine.root / "file").write_text("")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    variables = {"PEXCZ_ROOT": str(machine.root / "file/cache"), "TMPDIR": str(temporary)}
    outcome = machine.with_(**variables).run(PYTHON.path(), app)
    assert (outcome.stdout, outcome.code) == ("1\n", 0)
    assert outcome.stderr.count("for this start only") == 1
    assert list(temporary.iterdir()) == []
