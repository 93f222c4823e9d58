"""A CZEX has the same files and the same PEX-INFO as its PEX, for every way to build a PEX."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest

from support.runtime import HOST, NATIVE
from support.wheels import Wheel
from support.workshop import COW, Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on_cpython

sys.path.insert(0, str(NATIVE.parent / "pants-plugins"))

from pexcz.inject import inject

# List the files beside this one, with executable bits and sizes, without the files that a PEX or an environment adds.
LIST = """\
import os, sys

def main():
    import marker

    root = os.path.dirname(os.path.abspath(marker.__file__))
    skipped = ("czex.pth", "PEX-INFO", "PEX-LAYOUT", "__main__.py", "__pex__", "__pycache__", "pex")
    found = []
    for directory, names, files in os.walk(root, followlinks=True):
        if directory == root:
            names[:] = [name for name in names if name not in skipped and name[0] != "."]
            names[:] = [name for name in names if not name.endswith("-info")]
            files = [name for name in files if name not in skipped and name[:4] != "PEX_"]
            files = [name for name in files if name[0] != "." or name == ".mine"]
        if not names + files:
            found.append(os.path.relpath(directory, root) + "/")
        for name in files:
            path = os.path.join(directory, name)
            entry = os.path.relpath(path, root), os.access(path, os.X_OK), os.path.getsize(path)
            found.append("%s %s %s" % entry)
    print("\\n".join(sorted(found)))
    print(sys.argv[1:], sorted(name for name in os.environ if name.startswith("PEX_")), __name__)

if __name__ == "__main__":
    main()
"""
SOURCES = {
    "marker.py": "",
    "list.py": LIST,
    "run.sh": "#!/bin/sh\n",
    ".mine": "",
    "with space/x y.txt": "x",
    "über/naïve.txt": "x",
    "日本/ファイル.py": "",
    "quote'\" and $(echo).txt": "x",
    "a:b*c?.txt": "x",
    "percent%20": "x",
    "package/__init__.py": "",
    "package/__pycache__/old.cpython-311.pyc": "x",
    "package/.hidden/x": "x",
    **{f"many/{number // 100}/{number}.txt": str(number) for number in range(300)},
}


@pytest.fixture(scope="session")
def more_sources(workshop: Workshop) -> Path:
    """Return a directory beside SOURCES, with links and an empty directory."""
    root = workshop.root / "more-sources"
    (root / "second").mkdir(parents=True)
    (root / "second" / "x.txt").write_text("second")
    (root / "linked").symlink_to("second")
    (root / "link.txt").symlink_to("second/x.txt")
    (root / "empty").mkdir()
    return root


@pytest.mark.parametrize(
    "options",
    [
        ["-m", "list"],
        ["-m", "list:main", "--no-compress", "--no-strip-pex-env"],
        ["-m", "list", "--resources-directory", "MORE"],
        ["-m", "list", "-D", "MORE", "--layout", "loose"],
        ["-m", "list", "-D", "MORE", "--layout", "packed", "--venv"],
        ["-D", "MORE", "--exe", "SINGLE", "--", "a", "b c"],
    ],
    ids=" ".join,
)
def test_the_apps_files_are_the_same_as_in_the_pex(
    workshop: Workshop, more_sources: Path, machine: Machine, options: List[str]
) -> None:
    single = workshop.root / "single.py"
    names = {"MORE": str(more_sources), "SINGLE": str(single)}
    single.write_text(LIST)
    pex = workshop.pex(
        "files-" + "-".join(option.strip("-").replace(":", "") for option in options),
        sources=SOURCES,
        options=[names.get(option, option) for option in options],
    )
    asked = machine.with_(PEX_VERBOSE="0")
    expected = asked.run(PYTHON.path(), pex, "x")
    assert expected.code == 0 and "many/2/299.txt" in expected.stdout, expected
    czex = workshop.czex(pex)
    for _ in range(2):
        assert asked.run(PYTHON.path(), czex, "x") == expected


EXTENDED = '__path__ = __import__("pkgutil").extend_path(__path__, __name__)\n'
NSPKG = (
    "import sys, types, os; p = os.path.join(sys._getframe(1).f_locals['sitedir'], 'pth'); "
    "m = sys.modules.setdefault('pth', types.ModuleType('pth')); "
    "m.__dict__.setdefault('__path__', []).append(p)\n"
)


def sharing(name: str) -> Wheel:
    """Return a wheel that shares namespaces of every kind, and some files, with other such wheels."""
    value = f"WHERE = {name!r}\n"
    return Wheel(
        name,
        {
            f"native/{name}.py": value,
            "extended/__init__.py": EXTENDED,
            f"extended/{name}.py": value,
            f"{name}-nspkg.pth": NSPKG,
            f"pth/{name}.py": value,
            "both.py": value,
            "package/__init__.py": value,
            "own.py": value,
            "json.py": value,
        },
    )


TELL = """\
from __future__ import print_function
import importlib
for name in (
    "native.one native.two extended.one extended.two pth.one pth.two both package own colorsys json".split()
):
    try:
        print(name, getattr(importlib.import_module(name), "WHERE", "the standard library"))
    except ImportError:
        print(name)
"""


@on_cpython("2.7", "3.11")
@pytest.mark.parametrize("mode", ["zipapp", "venv"])
def test_a_module_comes_from_the_same_distribution_as_in_the_pex(
    workshop: Workshop, machine: Machine, python: Python, mode: str
) -> None:
    name = f"sharing-{mode}"
    if not (workshop.root / f"{name}.czex").exists():
        workshop.make(
            name,
            requirements=["one", "two"],
            wheels=[sharing("one"), sharing("two")],
            sources={
                "tell.py": TELL,
                "own.py": "WHERE = 'the app'\n",
                "colorsys.py": "WHERE = 'the app'\n",
            },
            options=["-m", "tell", *([] if mode == "zipapp" else ["--venv"])],
        )
    pex = machine.run(python.path(), workshop.root / f"{name}.pex")
    assert (pex.stderr, pex.code) == ("", 0)
    # In venv mode, a PEX may lack a part of a namespace.
    found = {line for line in pex.stdout.splitlines() if " " in line}
    for _ in range(2):
        czex = machine.run(python.path(), workshop.root / f"{name}.czex")
        assert (czex.stderr, czex.code) == ("", 0)
        assert found <= set(czex.stdout.splitlines())
    missing = {"native.one", "native.two"} if python.minor < (3,) else set()
    assert {line for line in czex.stdout.splitlines() if " " not in line} == missing
    assert f"colorsys the {'app' if mode == 'zipapp' else 'standard library'}" in found


@pytest.fixture(scope="session")
def loose_cow(workshop: Workshop) -> Path:
    return workshop.pex(
        "loose-cow", requirements=["cow"], wheels=[COW], options=["-c", "cow", "--layout", "loose"]
    )


NEEDED = ("code_hash", "bootstrap_hash", "distributions", "entry_point", "pex_hash", "requirements")


def changed(info: Dict[str, Any], how: str) -> Dict[str, Any]:
    if how == "only what is needed":
        return {name: info[name] for name in NEEDED}
    if how == "null where it can be":
        return {name: value if name in NEEDED else None for name, value in info.items()}
    if how == "more than is known":
        return {**info, "rc": {"x": [1, None]}, "a future field": "x"}
    assert how == "without hashes"
    return {name: value for name, value in info.items() if not name.endswith("_hash")}


@pytest.mark.parametrize(
    "how",
    ["only what is needed", "null where it can be", "more than is known", "without hashes"],
)
def test_pex_info_may_have_missing_or_unknown_fields(
    workshop: Workshop, loose_cow: Path, machine: Machine, tmp_path: Path, how: str
) -> None:
    pex = tmp_path / "app.pex"
    shutil.copytree(loose_cow, pex, symlinks=True)
    path = pex / "PEX-INFO"
    path.write_text(json.dumps(changed(json.loads(path.read_text()), how)))
    czex = tmp_path / "app.czex"
    inject(pex, czex, workshop.native, [HOST], level=1)
    for _ in range(2):
        outcome = machine.run(PYTHON.path(), czex, "x")
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1)


def test_an_empty_pex_is_an_interpreter(workshop: Workshop, machine: Machine) -> None:
    pex = workshop.pex("empty")
    czex = workshop.czex(pex)
    code = "import sys; print(sys.argv)"
    expected = machine.run(PYTHON.path(), pex, "-c", code, "x")
    assert machine.run(PYTHON.path(), czex, "-c", code, "x") == expected
