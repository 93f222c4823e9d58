"""A CZEX chooses the wheels that the Pex runtime chooses, in the same order, on every Python.

Pex's own resolver answers for the PEX, and the boot's for the CZEX. The rest of a start is left out.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any, Dict

import pytest

from support.distribution_cases import CASES, DIFFERENT, Case, wheel
from support.pex_boot import IMPORT_BOOT, ask
from support.runtime import HOST, NATIVE
from support.wheels import Wheel
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on, on_cpython

sys.path.insert(0, str(NATIVE.parent / "pants-plugins"))

from pexcz.inject import inject

SIX = [Python(f"cpython{version}") for version in ("2.7", "3.6", "3.8", "3.11", "3.13")]
SIX.append(Python("pypy3"))
# Pex answers for many PEXes in one process, with the names of the wheels, or with the error.
PEX_SIDE = """\
import json, os, sys
from pex.environment import PEXEnvironment
from pex.pex_info import PexInfo

answers = {}
for name, path in json.load(sys.stdin).items():
    try:
        resolved = PEXEnvironment(path, pex_info=PexInfo.from_pex(path)).resolve()
        answers[name] = [os.path.basename(dist.location) for dist in resolved]
    except Exception as error:
        answers[name] = "{}: {}".format(type(error).__name__, error)
json.dump(answers, sys.stdout)
"""
BOOT_SIDE = (
    IMPORT_BOOT
    + """\
from boot import resolve

answers = {}
for name, (manifest, ignore_errors) in json.load(sys.stdin).items():
    try:
        packs = resolve.resolve(manifest, ignore_errors)
        answers[name] = [pack["name"] for pack in packs if pack["kind"] == "wheel"]
    except resolve.Unresolvable as error:
        answers[name] = "Unresolvable: {}".format(error)
json.dump(answers, sys.stdout)
"""
)
SEEN = """\
import os, sys
names = [name for entry in sys.path if os.path.isdir(entry) for name in os.listdir(entry)]
print(sorted(name for name in names if name.endswith(".dist-info")))
"""


def write_pex(root: Path, case: Case) -> Path:
    """Write the parts of a PEX that a choice of its wheels needs."""
    (root / ".deps").mkdir(parents=True)
    (root / "__main__.py").write_text("")
    for each in case.wheels:
        each.write(root / ".deps")
    info = {
        "deps_are_wheel_files": True,
        "distributions": {each.name: "0" * 40 for each in case.wheels},
        "requirements": case.requirements,
        **case.info,
    }
    (root / "PEX-INFO").write_text(json.dumps(info, sort_keys=True))
    return root


def read_manifest(czex: Path) -> Dict[str, Any]:
    with zipfile.ZipFile(czex) as archive:
        return json.loads(archive.read(".czex/manifest.json"))


@pytest.fixture(scope="session")
def cases(workshop: Workshop) -> Dict[str, Any]:
    """Return for the name of each case: the path of its PEX, and the manifest for the boot."""
    root = workshop.root / "distributions"
    found = {}
    for case in [*CASES, *DIFFERENT]:
        path = write_pex(root / str(len(found)), case)
        czex = root / f"{len(found)}.czex"
        inject(path, czex, workshop.native, [HOST], level=1)
        manifest = read_manifest(czex)
        found[case.name] = (str(path), manifest, bool(case.info.get("ignore_errors")))
    return found


@pytest.fixture(scope="session")
def answers(cases: Dict[str, Any], workshop: Workshop) -> Any:
    """Return a function that gives the answers of Pex and of the boot to all cases on a Python."""
    known: Dict[str, Any] = {}

    def on_python(python: Python) -> Any:
        if python.name not in known:
            paths = {name: path for name, (path, _, _) in cases.items()}
            manifests = {name: rest for name, (_, *rest) in cases.items()}
            known[python.name] = (
                ask(python, PEX_SIDE, paths, workshop.root),
                ask(python, BOOT_SIDE, manifests, workshop.root),
            )
        return known[python.name]

    return on_python


@on(*SIX)
def test_boot_chooses_the_same_wheels_in_the_same_order_as_pex(
    answers: Any, python: Python
) -> None:
    expected, seen = answers(python)
    for case in CASES:
        if isinstance(expected[case.name], str):
            assert isinstance(seen[case.name], str), (case.name, expected[case.name])
        else:
            assert seen[case.name] == expected[case.name], case.name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case_has_the_expected_result(answers: Any, case: Case) -> None:
    seen = answers(PYTHON)[1][case.name]
    if isinstance(case.expected, str):
        assert case.expected in seen
    else:
        assert [name.split("-py")[0].split("-cp")[0] for name in seen] == case.expected


@pytest.mark.parametrize("case", DIFFERENT, ids=lambda case: case.name)
def test_czex_differs_from_pex_as_intended(answers: Any, case: Case) -> None:
    pex_says, boot_says = answers(PYTHON)
    assert isinstance(pex_says[case.name], str)
    if isinstance(case.expected, str):
        assert case.expected in boot_says[case.name]
    else:
        names = [name.split("-py")[0] for name in boot_says[case.name]]
        assert names == case.expected


def test_PEX_IGNORE_ERRORS_applies_only_to_its_own_start(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    case = Case("", ["a"], [wheel("a", "b")], [])
    czex = tmp_path / "app.czex"
    inject(write_pex(tmp_path / "pex", case), czex, workshop.native, [HOST], level=1)
    message = "b (required by a 1.0): it has no wheel of that project"
    only = machine.with_(PEX_PYTHON_PATH=PYTHON.path())
    for _ in range(2):
        asked = only.with_(PEX_IGNORE_ERRORS="1").run(PYTHON.path(), czex, "-c", "import a")
        assert (asked.stderr, asked.code) == ("", 0)
        outcome = only.run(PYTHON.path(), czex, "-c", "import a")
        assert outcome.code == 1 and outcome.stderr.startswith("czex: ")
        assert message in outcome.stderr


@on_cpython("3.8", "3.11")
def test_pex_for_two_pythons_has_wheels_for_both(
    workshop: Workshop, machine: Machine, python: Python
) -> None:
    name = "two-pythons"
    czex = workshop.root / f"{name}.czex"
    if not czex.exists():
        pythons = [Python("cpython3.8").path(), Python("cpython3.11").path()]
        options = [option for path in pythons for option in ("--python", path)]
        for_old = 'Requires-Dist: backport; python_version<"3.9"\n'
        workshop.make(
            name,
            requirements=["app", 'old; python_version<"3.9"'],
            wheels=[
                Wheel("app", {"app.py": ""}, "1.0", "py38-none-any", for_old),
                Wheel("app", {"app.py": ""}, "2.0", "py39-none-any", for_old),
                Wheel("backport", {"backport.py": ""}),
                Wheel("old", {"old.py": ""}),
            ],
            options=options,
        )
    asked = machine.with_(PEX_INTERPRETER="1", PEX_PYTHON=python.path())
    runs = [
        asked.run(python.path(), workshop.root / f"{name}.{kind}", "-c", SEEN)
        for kind in ("pex", "czex", "czex")
    ]
    assert runs[0].code == 0, runs[0]
    assert runs[1] == runs[0] and runs[2] == runs[0]
    for project in ("backport", "old"):
        assert (project in runs[0].stdout) == (python.minor < (3, 9))
    assert ("app-1.0" in runs[0].stdout) == (python.minor < (3, 9))
