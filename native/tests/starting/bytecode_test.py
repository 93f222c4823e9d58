"""A CZEX with bytecode compiles nothing at its first start, and otherwise behaves like one without."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from support.wheels import Wheel
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python

OTHER = Python("cpython3.9")
THIRD = Python("cpython3.13")
COMPILES = "pack", "sub", "sub/deep", "alone"
MIXED = Wheel(
    "mixed",
    {
        **{f"mixed/{name}/__init__.py": "" for name in COMPILES},
        # Its directory is not one link, but a directory of links.
        "mixed/sub/native.so": "not really",
        "mixed/__init__.py": "",
        "mixed/say.py": (
            "import sys\n"
            "import mixed.alone, mixed.pack, mixed.sub.deep, single\n"
            "NAMES = {'moo', 'mu', 'meuh'}\n"
            "def main():\n"
            "    if sys.argv[1:] == ['fail']:\n"
            "        raise ValueError('moo')\n"
            "    print('moo', *sys.argv[1:])\n"
            "    print(sorted(n for n in sys.modules if n.split('.')[0] in ('boot', 'mixed')))\n"
        ),
        "mixed/template.py": "import {{ name }}\n",
        "mixed/null.py": "\0",
        "single.py": "",
    },
    scripts={"mixed": "mixed.say:main"},
)


@pytest.fixture(scope="module")
def pex(workshop: Workshop) -> Path:
    return workshop.pex(
        "mixed",
        requirements=["mixed"],
        wheels=[MIXED],
        sources={"app.py": "from mixed.say import main\n"},
        options=["-m", "app:main", "--include-tools"],
    )


@pytest.fixture(scope="module")
def plain(workshop: Workshop, pex: Path) -> Path:
    return workshop.czex(pex)


@pytest.fixture(scope="module")
def compiled(workshop: Workshop, pex: Path) -> Path:
    return workshop.czex(pex, precompile=[PYTHON, OTHER])


def bytecode(machine: Machine) -> dict[str, bytes]:
    """Return the flags (PEP 552) of each `.pyc` file in the cache: 1 if it is from the CZEX, 0 if Python wrote it."""
    return {
        str(path.relative_to(machine.cache)).partition("/lib/")[2]: path.read_bytes()[4:8]
        for directory in ("wheels", "sources")
        for path in (machine.cache / directory).rglob("*.pyc")
    }


def without_boot_sources(czex: Path, output: Path) -> Path:
    """Return a copy of the CZEX whose entry with the text of the boot is filled with zeros."""
    content = bytearray(czex.read_bytes())
    with zipfile.ZipFile(czex) as archive:
        text = archive.read(".czex/boot")
    position = content.index(text)
    content[position : position + len(text)] = bytes(len(text))
    output.write_bytes(content)
    output.chmod(0o755)
    return output


@pytest.mark.parametrize("python", [PYTHON, OTHER], ids=lambda python: python.name)
def test_the_first_start_compiles_nothing(
    compiled: Path, machine: Machine, tmp_path: Path, python: Python
) -> None:
    app = without_boot_sources(compiled, tmp_path / "app.czex")
    for _ in range(2):
        outcome = machine.run(python.path(), app, "x")
        assert (outcome.stdout.splitlines()[0], outcome.stderr) == ("moo x", "")
    found = bytecode(machine)
    tag = python.name.replace("cpython3.", "cpython-3")
    packages = [f"mixed/{name}/__pycache__/__init__" for name in COMPILES]
    modules = ["__pycache__/app", "__pycache__/single", "mixed/__pycache__/__init__"]
    names = [*modules, "mixed/__pycache__/say", *packages]
    assert found == {f"{name}.{tag}.pyc": b"\1\0\0\0" for name in names}
    (script,) = machine.cache.glob("venvs/*/*/bin/mixed")
    assert machine.run(script, "y").stdout.startswith("moo y")
    assert bytecode(machine) == found
    assert machine.leftovers() == []


def test_bytecode_of_the_boot_suffices_with_another_cache(
    compiled: Path, machine: Machine, tmp_path: Path
) -> None:
    app = without_boot_sources(compiled, tmp_path / "app.czex")
    root = tmp_path / "root"
    outcome = machine.with_(PEX_ROOT=str(root)).run(PYTHON.path(), app, "x")
    assert (outcome.stdout.splitlines()[0], outcome.stderr) == ("moo x", "")
    assert list(root.glob("czex/venvs/*/*/record"))


def test_another_python_version_compiles_the_modules(compiled: Path, machine: Machine) -> None:
    machine.run(PYTHON.path(), compiled)
    outcome = machine.run(THIRD.path(), compiled, "x")
    assert (outcome.stdout.splitlines()[0], outcome.stderr) == ("moo x", "")
    found = bytecode(machine)
    flags = {"cpython-311": b"\1\0\0\0", "cpython-313": b"\0\0\0\0"}
    assert {name.split(".")[-2]: flag for name, flag in found.items()} == flags


def test_the_sh_header_runs_an_app_with_bytecode(
    compiled: Path, machine: Machine, tmp_path: Path
) -> None:
    directory = tmp_path / "bin"
    directory.mkdir()
    (directory / "python3").symlink_to(PYTHON.path())
    on_path = machine.with_(PATH=f"{directory}:/usr/bin:/bin")
    for _ in range(3):
        outcome = on_path.run(compiled, "x")
        assert (outcome.stdout.splitlines()[0], outcome.stderr) == ("moo x", "")


def test_a_wheel_in_the_cache_without_bytecode_is_used(
    plain: Path, compiled: Path, machine: Machine
) -> None:
    assert machine.run(PYTHON.path(), plain, "x").stdout.startswith("moo x")
    assert machine.run(PYTHON.path(), compiled, "x").stdout.startswith("moo x")
    assert len(list(machine.cache.glob("wheels/*"))) == 1


def test_a_wheel_in_the_cache_with_bytecode_is_used_again(
    plain: Path, compiled: Path, machine: Machine
) -> None:
    assert machine.run(PYTHON.path(), compiled, "x").stdout.startswith("moo x")
    assert machine.run(PYTHON.path(), plain, "x").stdout.startswith("moo x")
    shutil.rmtree(machine.cache / "venvs")
    assert machine.run(PYTHON.path(), compiled, "x").stdout.startswith("moo x")
    (package,) = machine.cache.glob("venvs/*/*/lib/*/site-packages/mixed/pack")
    (cached,) = package.glob("__pycache__/*.pyc")
    assert cached.read_bytes()[4:8] == b"\1\0\0\0"


def test_damaged_bytecode_is_not_unpacked(compiled: Path, machine: Machine, tmp_path: Path) -> None:
    content = bytearray(compiled.read_bytes())
    with zipfile.ZipFile(compiled) as archive:
        manifest = json.loads(archive.read(".czex/manifest.json"))
    record = manifest["packs"][1]["bytecode"]["cpython-311"]
    content[record["offset"] + record["size"] - 8] ^= 0xFF
    app = tmp_path / "damaged.czex"
    app.write_bytes(content)
    outcome = machine.run(PYTHON.path(), app, "x")
    assert (outcome.code, outcome.stdout, outcome.stderr.count("\n")) == (65, "", 1)
    assert str(app) in outcome.stderr and record["fingerprint"] in outcome.stderr
    assert list(machine.cache.glob("wheels/*")) == []
    # Another Python doesn't read it.
    assert machine.run(OTHER.path(), app, "x").stdout.startswith("moo x")


@pytest.mark.parametrize("first, second", [("cow", "plain"), ("compiled", "cow")])
def test_the_next_app_uses_the_kept_bytecode_of_the_boot(
    request: pytest.FixtureRequest, machine: Machine, tmp_path: Path, first: str, second: str
) -> None:
    first_app, second_app = map(request.getfixturevalue, (first, second))
    assert machine.run(PYTHON.path(), first_app, "x").stdout.startswith("moo x\n")
    app = without_boot_sources(second_app, tmp_path / "app.czex")
    outcome = machine.run(PYTHON.path(), app, "x")
    assert (outcome.stdout.splitlines()[0], outcome.stderr) == ("moo x", "")
    # Another Python needs the text.
    assert "is damaged" in machine.run(OTHER.path(), app, "x").stderr


@pytest.mark.parametrize("content", [b"", b"garbage", b"{0"])
def test_damaged_bytecode_of_the_boot_in_the_cache_is_replaced(
    plain: Path, cow: Path, machine: Machine, content: bytes
) -> None:
    machine.run(PYTHON.path(), cow)
    (kept,) = machine.cache.glob("code/*")
    kept.write_bytes(content)
    outcome = machine.run(PYTHON.path(), plain, "x")
    assert (outcome.stdout.splitlines()[0], outcome.stderr) == ("moo x", "")
    assert kept.read_bytes() != content
    assert machine.leftovers() == []


def test_a_traceback_is_the_same_with_bytecode(plain: Path, compiled: Path, tmp_path: Path) -> None:
    app = tmp_path / "app.czex"
    errors = set()
    for number, czex in enumerate((plain, compiled)):
        app.write_bytes(czex.read_bytes())
        home = tmp_path / f"home{number}"
        home.mkdir()
        machine = Machine(home)
        for _ in range(2):
            outcome = machine.run(PYTHON.path(), app, "fail")
            assert outcome.last_line == "ValueError: moo"
            (prefix,) = machine.cache.glob("venvs/*/cpython*")
            errors.add(outcome.stderr.replace(str(prefix), "ENVIRONMENT"))
    assert len(errors) == 1


def test_the_venv_tool_installs_bytecode(compiled: Path, machine: Machine, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    outcome = machine.with_(PEX_TOOLS="1").run(PYTHON.path(), compiled, "venv", venv)
    assert outcome.code == 0, outcome.stderr
    cached = venv / "lib/python3.11/site-packages/mixed/__pycache__/say.cpython-311.pyc"
    assert cached.read_bytes()[4:8] == b"\1\0\0\0"
    assert machine.run(venv / "pex", "x").stdout.startswith("moo x")


def test_the_same_pex_gives_the_same_bytes(
    workshop: Workshop, pex: Path, compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    monkeypatch.setenv("LC_ALL", "C")
    elsewhere = tmp_path / "elsewhere.pex"
    elsewhere.write_bytes(pex.read_bytes())
    again = workshop.czex(elsewhere, precompile=[PYTHON, OTHER])
    assert again.read_bytes() == compiled.read_bytes()
