"""The tool `venv` makes the same virtual environment as that of the PEX: the same files, and the same surroundings."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import List

import pytest

from support.herd import CALF, Herd, files, tool
from support.wheels import Wheel
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on

SEVERAL = [Python(f"cpython{version}") for version in ("2.7", "3.6", "3.8", "3.11", "3.13")]
SEVERAL += [Python("pypy3")]
# Only the venv of a PEX has these files. One kind describes the zip file of a wheel, for tools that make the wheel again. The
# others come from virtualenv on Python 2.7, and no virtual environment needs them. On Python 3.15, a `.start` file does the same as
# the `.pth` file beside it, which that Python reads, too.
NOT_OURS = re.compile(
    r".*\.pex-info/original-whl-info\.json$"
    r"|bin/(activate\.ps1|activate_this\.py|python-config)$"
    r"|lib/python2\.7/[^/]*$"
    r"|lib/python2\.7/(distutils|config)/"
    r"|lib/[^/]*/site-packages/PEX_EXTRA_SYS_PATH\.start$"
)
# Only the venv of a CZEX has these files: a module that starts the app, and for Python 2.7 links to the whole standard library.
NOT_PEXS = re.compile(
    r"lib/[^/]*/site-packages/czex_activate\.py$|lib/python2\.7/(?!site-packages)|lib64$"
)


@on(*SEVERAL)
@pytest.mark.parametrize("scope", ["all", "deps", "srcs"])
def test_venv_has_the_same_files_as_from_the_pex(
    herd: Herd, machine: Machine, tmp_path: Path, python: Python, scope: str
) -> None:
    expected, seen = make_both(herd, machine, python, tmp_path, "--scope", scope)
    assert {name for name in expected - seen if not NOT_OURS.match(name)} == set()
    assert {name for name in seen - expected if not NOT_PEXS.match(name)} == set()
    # The file is plain text, because every patch release of the interpreter must be able to read it.
    main = tmp_path / "czex" / "__main__.py"
    assert scope == "deps" or "\\x" not in main.read_text()
    scopes = [(tmp_path / kind / ".pex-venv-scope").read_text() for kind in ("pex", "czex")]
    assert scopes == [scope, scope]
    assert sorted(os.listdir(tmp_path)) == ["czex", "home", "pex"]


def make_both(
    herd: Herd, machine: Machine, python: Python, directory: Path, *options: str
) -> List[set[str]]:
    root = str(herd.pex.parent / "pex-tools")
    trees = []
    for app, kind in ((herd.pex, "pex"), (herd.czex, "czex")):
        prepared = machine.with_(PEX_ROOT=root, PEXCZ_ROOT=str(machine.root / "czex"))
        outcome = tool(prepared, python.path(), app, "venv", directory / kind, *options)
        assert (outcome.stderr, outcome.code) == ("", 0)
        trees.append(files(directory / kind))
    return trees


@on(*SEVERAL)
def test_app_in_the_venv_sees_the_same_as_from_the_pex(
    herd: Herd, machine: Machine, tmp_path: Path, python: Python
) -> None:
    make_both(herd, machine, python, tmp_path)
    shutil.rmtree(machine.root / "czex")
    for command in (
        ["VENV/pex", "a", "b c"],
        ["VENV/bin/bull", "a"],
        ["VENV/bin/graze.py", "a"],
        ["VENV/bin/native", "a"],
        [PYTHON.path(), "VENV", "a"],
        [{"PEX_MODULE": "mine"}, "VENV/pex", "a"],
        [{"PEX_MODULE": "bull:main", "PEX_VENV_BIN_PATH": "append"}, "VENV/pex", "a"],
        [{"PEX_SCRIPT": "graze.py", "PEX_VENV_BIN_PATH": "false"}, "VENV/pex", "a"],
        [{"PEX_SCRIPT": "native"}, "VENV/pex", "a"],
        [{"PEX_INTERPRETER": "1"}, "VENV/pex", "-m", "mine", "a"],
        [{"PEX_INTERPRETER": "0"}, "VENV/pex", "a"],
        [{"PEX": str(herd.pex)}, "VENV/pex", "a"],
        [{"PEX": "VENV"}, "VENV/pex", "a"],
        [{"PYTHONPATH": "/elsewhere"}, "VENV/pex"],
    ):
        variables = command.pop(0) if isinstance(command[0], dict) else {}
        expected, seen = [
            outcome_in(machine, tmp_path / kind, variables, command) for kind in ("pex", "czex")
        ]
        assert seen == expected, command


def outcome_in(
    machine: Machine, venv: Path, variables: dict[str, str], command: List[str]
) -> object:
    """Return the facts that the probe prints, without the intended difference: the standard library's path on Python 2.7."""
    variables = {name: value.replace("VENV", str(venv)) for name, value in variables.items()}
    words = [word.replace("VENV", str(venv)) for word in command]
    outcome = machine.with_(**variables).run(*words)
    text = outcome.stdout.replace(str(venv), "VENV")
    if not text.startswith("{"):
        return text, outcome.stderr, outcome.code
    facts = json.loads(text)
    if any("2.7" in entry for entry in facts["path"]):
        facts["path"] = [entry for entry in facts["path"] if entry.endswith("site-packages")]
    return facts, outcome.stderr, outcome.code


@on(*SEVERAL)
def test_python_of_the_venv_imports_the_modules_of_the_app(
    herd: Herd, machine: Machine, tmp_path: Path, python: Python
) -> None:
    assert tool(machine, python.path(), herd.czex, "venv", tmp_path / "v").code == 0
    asked = machine.with_(PEX_INTERPRETER="1")
    code = "import bull, calf, package, sys; print(sys.argv)"
    outcome = asked.run(tmp_path / "v" / "pex", "-c", code, "x")
    assert (outcome.stdout, outcome.stderr, outcome.code) == ("['-c', 'x']\n", "", 0)
    extra = machine.with_(PEX_EXTRA_SYS_PATH="/one:/two")
    child = "import subprocess, sys; subprocess.call([sys.executable, '-c', 'import sys; print(sys.path[-2:])'])"
    outcome = extra.with_(PEX_INTERPRETER="1").run(tmp_path / "v" / "pex", "-c", child)
    assert (outcome.stdout, outcome.stderr) == ("['/one', '/two']\n", "")
    for script in ("bull", "graze.py"):
        seen = extra.run(tmp_path / "v" / "bin" / script)
        assert json.loads(seen.stdout)["path"][-2:] == ["/one", "/two"]
    bare = machine.run(tmp_path / "v" / "bin" / "python", "-c", "import calf; print(calf.AGE)")
    assert (bare.stdout, bare.stderr) == ("1\n", "")


def test_conflicting_variables_are_an_error(herd: Herd, machine: Machine, tmp_path: Path) -> None:
    assert tool(machine, PYTHON.path(), herd.czex, "venv", tmp_path / "v").code == 0
    outcome = machine.with_(PEX_MODULE="mine", PEX_SCRIPT="bull").run(tmp_path / "v" / "pex")
    assert (outcome.stdout, outcome.code) == ("", 1)
    assert outcome.stderr == (
        f"czex: can't start {tmp_path}/v: only one of PEX_INTERPRETER, PEX_SCRIPT, PEX_MODULE can be set\n"
    )
    outcome = machine.with_(PEX_SCRIPT="cow").run(tmp_path / "v" / "pex")
    assert (outcome.code, outcome.stderr) == (
        1,
        f"czex: can't start {tmp_path}/v: the app has no script 'cow'\n",
    )


@on(Python("cpython2.7"), Python("cpython3.11"), Python("pypy3"))
@pytest.mark.parametrize("order", [("deps", "srcs"), ("srcs", "deps")])
@pytest.mark.parametrize("layers", [False, True])
def test_image_can_have_dependencies_and_sources_in_two_layers(
    herd: Herd, machine: Machine, tmp_path: Path, python: Python, order: List[str], layers: bool
) -> None:
    venv = tmp_path / "app"
    for scope in order:
        options = ["--scope", scope, "--compile"]
        # Each layer is made without the other, and then they are copied over each other.
        aside = tmp_path / scope
        outcome = tool(machine, python.path(), herd.czex, "venv", *options, venv)
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("", "", 0)
        if layers:
            venv.rename(aside)
    if layers:
        venv.mkdir()
        for scope in order:
            subprocess.run(["cp", "-a", f"{tmp_path / scope}/.", str(venv)], check=True)
    else:
        assert (venv / ".pex-venv-scope").read_text() == "all"
    shutil.rmtree(machine.cache)
    for script in ("pex", "bin/bull", "bin/graze.py"):
        assert machine.run(venv / script).code == 3
    assert list(venv.glob("**/mine*.pyc")) and list(venv.glob("**/bull*.pyc"))
    assert files(venv) >= {"share/bull/grass.txt", "pyvenv.cfg", "bin/native"} or not layers


@on(Python("cpython2.7"), Python("cpython3.11"), Python("pypy3"))
@pytest.mark.parametrize("name", ["a b", "it's", "ünï", "x" * 120 + "/" + "y" * 120])
def test_scripts_run_in_a_venv_at_any_path(
    herd: Herd, machine: Machine, tmp_path: Path, python: Python, name: str
) -> None:
    venv = tmp_path / name
    outcome = tool(machine, python.path(), herd.czex, "venv", "--pip", "--compile", venv)
    assert (outcome.stderr, outcome.code) == ("", 0)
    for script in ("pex", "bin/bull", "bin/graze.py"):
        if python.minor == (2, 7) and not name.isascii() and script == "bin/graze.py":
            # The script declares no encoding, so Python 2.7 can't read a path in it that is not ASCII.
            continue
        seen = machine.run(venv / script, "x")
        assert (json.loads(seen.stdout)["prefix"], seen.code) == (str(venv), 3)
    assert machine.run(venv / "bin" / "pip", "--version").stdout.startswith("pip ")
    assert [path for path in venv.rglob("*") if path.name.endswith(".tmp")] == []
    activated = machine.run(
        "/bin/bash", "-c", '. "$0/bin/activate" && command -v bull && deactivate', venv
    )
    assert (activated.stdout, activated.stderr) == (f"{venv}/bin/bull\n", "")


def test_options_have_the_same_effect_as_for_the_pex(
    herd: Herd, machine: Machine, tmp_path: Path
) -> None:
    options = [
        "--copies",
        "--system-site-packages",
        "--prompt",
        "of 'it\"",
        "--non-hermetic-scripts",
    ]
    make_both(herd, machine, PYTHON, tmp_path, *options, "--bin-path", "append")
    texts = [
        (tmp_path / kind / "pyvenv.cfg").read_text().replace(str(tmp_path / kind), "VENV")
        for kind in ("pex", "czex")
    ]
    assert texts[0] == texts[1]
    for name in ("activate", "activate.csh", "activate.fish", "Activate.ps1"):
        pex, czex = [
            (tmp_path / kind / "bin" / name).read_text().replace(kind, "KIND")
            for kind in ("pex", "czex")
        ]
        assert pex == czex
    assert not (tmp_path / "czex" / "bin" / "python").is_symlink()
    path = {"PYTHONPATH": "/elsewhere"}
    expected, seen = [
        outcome_in(machine, tmp_path / kind, path, ["VENV/pex"]) for kind in ("pex", "czex")
    ]
    assert seen == expected and "/elsewhere" in str(seen)


def test_pip_lists_and_uninstalls_the_distributions(
    herd: Herd, machine: Machine, tmp_path: Path
) -> None:
    venv = tmp_path / "v"
    assert tool(machine, PYTHON.path(), herd.czex, "venv", "--pip", "--compile", venv).code == 0
    pip = [venv / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    listed = machine.run(*pip, "list").stdout
    assert re.search(r"^Bull +1\.0$", listed, re.MULTILINE)
    before = files(venv)
    outcome = machine.run(*pip, "uninstall", "-q", "-y", "bull")
    assert (outcome.stderr.replace("WARNING", ""), outcome.code) == ("", 0)
    gone = {os.path.basename(name) for name in before - files(venv)}
    assert gone >= {"bull", "graze.py", "native", "bull.h", "grass.txt", "bull.py", "METADATA"}
    assert not [name for name in files(venv) if "bull" in name.lower()]


@pytest.mark.parametrize("is_fine", [False, True])
def test_pip_of_the_app_wins_only_with_collisions_ok(
    workshop: Workshop, machine: Machine, tmp_path: Path, is_fine: bool
) -> None:
    own = Wheel(
        "pip",
        {"pip/__init__.py": "", "pip/own.py": "def main():\n    print('own')\n"},
        version="99.0",
        scripts={"pip": "pip.own:main"},
    )
    app = workshop.make(
        f"pip-{is_fine}", requirements=["pip"], wheels=[own], options=["--include-tools"]
    )
    options = ["--pip"] + ["--collisions-ok"] * is_fine
    outcome = tool(machine, PYTHON.path(), app, "venv", tmp_path / "v", *options)
    assert "already contains:\npip 99.0\n" in outcome.stderr
    if not is_fine:
        assert outcome.code == 1 and not (tmp_path / "v").exists()
        return
    assert outcome.code == 0
    assert machine.run(tmp_path / "v" / "bin" / "pip").stdout == "own\n"
    assert not (tmp_path / "v" / "bin" / "pip3").exists()
    assert not list((tmp_path / "v").glob("lib/*/site-packages/pip/_internal"))


def test_second_scope_can_add_pip(herd: Herd, machine: Machine, tmp_path: Path) -> None:
    venv = tmp_path / "v"
    for options in (["--scope=deps", "--prompt", "kept"], ["--scope=srcs", "--pip"]):
        assert tool(machine, PYTHON.path(), herd.czex, "venv", *options, venv).code == 0
    assert "prompt = 'kept'" in (venv / "pyvenv.cfg").read_text()
    assert machine.run(venv / "bin" / "pip", "--version").code == 0
    assert machine.run(venv / "pex").code == 3


def test_rm_removes_the_czex_and_the_cache(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    app = workshop.make(
        "leaving", requirements=["calf"], wheels=[CALF], options=["--include-tools"]
    )
    shutil.copy(app, tmp_path / "one.czex")
    shutil.copy(app, tmp_path / "two.czex")
    one, two = (
        tool(machine, PYTHON.path(), tmp_path / name, "venv", tmp_path / name[:3], "--rm", what)
        for name, what in (("one.czex", "pex"), ("two.czex", "all"))
    )
    assert (one.stderr, one.code) == (two.stderr, two.code) == ("", 0)
    assert not machine.cache.exists()
    assert sorted(os.listdir(tmp_path)) == ["home", "one", "two"]
    for name in ("one", "two"):
        python = tmp_path / name / "bin" / "python"
        assert machine.run(python, "-c", "import calf; print(calf.AGE)").stdout == "1\n"
