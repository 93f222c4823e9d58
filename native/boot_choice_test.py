"""The interpreter and the wheels are those that Pex would choose; where none fits, the message says why."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from boot_for_tests import PYTHON, Machine, Workshop
from wheels_for_tests import Wheel

from testprojects.pythons import Python


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
