"""A start runs no code from a cache into which another user could have written it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Iterator, List

import pytest

from support.workshop import IMPORT_COW
from testing.machine import Machine
from testing.missing import missing
from testing.pythons import PYTHON, Python, on, on_every_python

STRANGER = 54321


@pytest.fixture
def planted(cow: Path, machine: Machine) -> Machine:
    """Return a machine with the app in its cache, where another user has changed it."""
    with_python = machine.with_python(PYTHON)
    for _ in range(2):
        assert with_python.run(cow, "x").stdout == "moo x\n"
        assert with_python.run(PYTHON.path(), cow, "x").stdout == "moo x\n"
    (say,) = machine.cache.glob("wheels/*/lib/cow/say.py")
    say.write_text(say.read_text().replace("moo", "planted"))
    assert with_python.run(cow, "x").stdout == "planted x\n"
    return with_python


def starts(cow: Path, machine: Machine) -> Iterator[List[str]]:
    yield from ([PYTHON.path(), str(cow), "x"], [str(cow), "x"])
    yield ["env", f"PYTHONPATH={cow}", PYTHON.path(), "-c", IMPORT_COW, "x"]


def assert_not_used(cow: Path, machine: Machine, reason: str) -> None:
    temporary = machine.root / "tmp"
    temporary.mkdir()
    start = machine.with_(TMPDIR=str(temporary))
    for argv in starts(cow, machine):
        outcome = start.run(*argv)
        assert outcome.stdout == "moo x\n", (argv, outcome)
        assert outcome.stderr.count("\n") == 1
        assert outcome.stderr.startswith(f"czex: can't use the cache {machine.cache}: {reason};")
        assert "set PEXCZ_ROOT to a directory of your own" in outcome.stderr
        assert list(temporary.iterdir()) == []


def given_away(path: Path, user: int = STRANGER) -> None:
    if os.geteuid() != 0:
        missing("user that may give files to another")
    os.chown(path, user, -1, follow_symlinks=False)
    for directory, directories, files in os.walk(path):
        for name in directories + files:
            os.chown(os.path.join(directory, name), user, -1, follow_symlinks=False)


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775, 0o757])
def test_cache_that_others_can_write_to_is_not_used(cow: Path, planted: Machine, mode: int) -> None:
    planted.cache.chmod(mode)
    assert_not_used(cow, planted, "others can write to it")


def test_cache_of_another_user_is_not_used(cow: Path, planted: Machine) -> None:
    given_away(planted.cache)
    assert_not_used(cow, planted, f"it belongs to another user, {STRANGER}")


def test_link_to_the_cache_of_another_user_is_not_followed(cow: Path, planted: Machine) -> None:
    elsewhere = planted.root / "elsewhere"
    planted.cache.rename(elsewhere)
    given_away(elsewhere)
    planted.cache.symlink_to(elsewhere)
    assert_not_used(cow, planted, f"it belongs to another user, {STRANGER}")


def test_link_made_by_another_user_is_not_followed(cow: Path, planted: Machine) -> None:
    """The link leads to a directory of this user, which must stay empty."""
    mine = planted.root / "mine"
    mine.mkdir()
    shutil.rmtree(planted.cache)
    planted.cache.symlink_to(mine)
    given_away(planted.cache)
    assert_not_used(cow, planted, f"it belongs to another user, {STRANGER}")
    assert list(mine.iterdir()) == []


@on(*map(Python, ("cpython2.7", "cpython3.11")))
def test_temporary_cache_is_private(cow: Path, machine: Machine, python: Python) -> None:
    machine.cache.mkdir(parents=True, mode=0o777)
    machine.cache.chmod(0o777)
    temporary = machine.root / "tmp"
    temporary.mkdir()
    temporary.chmod(0o1777)
    start = machine.with_(TMPDIR=str(temporary), PYTHONPATH=str(cow))
    code = (
        "import os, __pex__, cow; [name] = os.listdir(os.environ['TMPDIR']); "
        "print('%s %o' % (name[:5], os.stat(os.environ['TMPDIR'] + '/' + name).st_mode & 0o777))"
    )
    argv = ["sh", "-c", 'umask 0; exec "$@"', "sh", python.path(), "-c", code]
    assert start.run(*argv).stdout == "czex- 700\n"
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("name", ["venvs", "wheels", "sources"])
def test_header_starts_no_program_from_a_directory_of_another_user(
    cow: Path, planted: Machine, name: str
) -> None:
    """A user who could write to the cache for a moment may have left the directory there."""
    given_away(planted.cache / name)
    process = planted.with_(PATH="/usr/bin:/bin").run("sh", "-x", cow, "x")
    assert f"{planted.cache}/venvs" in process.stderr
    assert "__main__.py" not in process.stderr


def test_cache_of_root_is_used_by_other_users(cow: Path) -> None:
    """The cache in the image of a container is an example."""
    python = shutil.which("python3", path="/usr/bin:/bin")
    if os.geteuid() != 0 or not python:
        missing("user that may become another, or a Python that others may use")
    with tempfile.TemporaryDirectory() as home:
        machine = Machine(Path(home))
        app = shutil.copy(cow, home)
        machine.root.chmod(0o755)
        machine.run(python, app, "x")
        before = sorted(machine.root.rglob("*"))
        for argv in ([python, app, "x"], [app, "x"]):
            outcome = machine.run(*argv, user=STRANGER)
            assert (outcome.stdout, outcome.stderr) == ("moo x\n", "")
        assert sorted(machine.root.rglob("*")) == before


@on_every_python()
def test_only_the_owner_can_write_to_the_cache(cow: Path, machine: Machine, python: Python) -> None:
    start = machine.with_python(python)
    for argv in ([python.path(), cow], [cow], [cow]):
        assert start.run("sh", "-c", 'umask 0; exec "$@"', "sh", *argv).stderr == ""
    open_ones = [
        path
        for path in (machine.cache, *machine.cache.rglob("*"))
        # Bytecode that Python writes has the umask of the user.
        if path.parent.name != "__pycache__" and path.name != "__pycache__"
        if not path.is_symlink() and path.stat().st_mode & 0o22
    ]
    assert open_ones == []
