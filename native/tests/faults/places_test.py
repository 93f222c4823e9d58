"""An app runs with any home directory, cache, temporary directory and path of the CZEX, with one warning at most."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List

import pytest

from support.workshop import COW, IMPORT_COW, Workshop, full_disk
from testing.long_runs import LONG, counted
from testing.machine import Machine
from testing.pythons import PYTHON, Python

PYTHONS = [Python(name) for name in ("cpython3.13", "cpython2.7", "cpython3.6", "pypy3")]
WAYS = ("file", "header", "directory", "program in the directory", "import")
NOT_UTF_8 = os.fsdecode(b"\xff\xfe caf\xe9")
LONG_PATH = "/".join(["y" * 60] * 6)
LONGEST_PATH = "/".join(["q" * 200] * 19)
TOO_LONG_PATH = "z/" * 2050


@dataclass(frozen=True)
class Place:
    """The surroundings of a start: variables and files. "{tmp}" stands for an empty directory."""

    name: str
    variables: Dict[str, str]
    make: Callable[[Path], object] = lambda tmp: None
    # The reason in the warning that the cache can't be used.
    warns: str = ""


def home(name: str, path: str, warns: str = "") -> Place:
    return Place(f"HOME {name}", {"HOME": "{tmp}/" + path}, make_directory(path, warns), warns)


def make_directory(path: str, warns: str = "") -> Callable[[Path], object]:
    return lambda tmp: warns or (tmp / path).mkdir(parents=True)


def in_cache(name: str, make: Callable[[Path], object], warns: str = "") -> Place:
    def make_it(tmp: Path) -> None:
        (tmp / "home" / ".cache").mkdir(parents=True)
        make(tmp / "home" / ".cache" / "czex")

    return Place(f"the cache {name}", {"HOME": "{tmp}/home"}, make_it, warns)


def file_in(cache: Path, name: str) -> None:
    cache.mkdir()
    (cache / name).write_text("")


def link_in(cache: Path, name: str) -> None:
    cache.mkdir()
    (cache / name).symlink_to("nowhere")


def link_to_directory(cache: Path) -> None:
    (cache.parent / "elsewhere").mkdir()
    cache.symlink_to("elsewhere")


ODD_NAMES = {
    "with a space": "a b",
    "with a space at its end": "a ",
    "with a line break": "a\nb",
    "with a backslash": "a\\nb",
    "with signs of the shell": "a$x`b*",
    "with a colon": "a:b",
    "with quotes": "a'\"b",
    "with three quotes": "a'''b",
    "that is not ASCII": "ünï☃",
    "that is not UTF-8": NOT_UTF_8,
    "of more than 300 characters": LONG_PATH,
    "nearly too long": LONGEST_PATH,
}
PLACES = (
    *(home(name, path) for name, path in ODD_NAMES.items()),
    home("too long", TOO_LONG_PATH, "File name too long"),
    home("with a name too long", "z" * 300, "File name too long"),
    Place("HOME empty", {"HOME": ""}),
    Place("HOME relative", {"HOME": "relative"}, make_directory("relative")),
    Place("HOME /proc/nope", {"HOME": "/proc/nope"}, warns="/proc/nope: No such file or directory"),
    *(
        Place(f"{variable} {name}", {variable: path})
        for variable in ("PEX_ROOT", "PEXCZ_ROOT")
        for name, path in (
            ("relative", "relative"),
            ("the working directory", "."),
            ("in the home directory", "~/root"),
            ("not in its shortest form", "{tmp}/x/../y//z/."),
            *((name, "{tmp}/" + path) for name, path in ODD_NAMES.items()),
        )
    ),
    Place("PEX_ROOT /proc/nope", {"PEX_ROOT": "/proc/nope"}, warns="/proc/nope: No such file"),
    Place("PEXCZ_ROOT /proc/nope", {"PEXCZ_ROOT": "/proc/nope"}, warns="No such file"),
    *(
        Place(
            f"TMPDIR {name}" + (" for the cache" if warns else ""),
            {"TMPDIR": path, **({"HOME": "/proc/nope"} if warns else {})},
            make_directory(path.replace("{tmp}/", "")) if "{tmp}" in path else lambda tmp: None,
            warns,
        )
        for warns in ("", "/proc/nope: No such file or directory")
        for name, path in (
            ("/proc/nope", "/proc/nope"),
            ("a file", "/dev/null"),
            *((name, "{tmp}/" + path) for name, path in ODD_NAMES.items()),
        )
    ),
    in_cache("a link", link_to_directory),
    in_cache(
        "a link to nowhere",
        lambda cache: cache.symlink_to("nowhere"),
        "it is a broken symbolic link",
    ),
    in_cache("a link to itself", lambda cache: cache.symlink_to(cache), "Too many levels"),
    in_cache("a file", lambda cache: cache.write_text(""), "Not a directory"),
    in_cache("a pipe", os.mkfifo, "Not a directory"),
    *(
        in_cache(
            f"with a file {name}", lambda cache, name=name: file_in(cache, name), "Not a directory"
        )
        for name in ("venvs", "wheels", "runtimes")
    ),
    in_cache(
        "with a link that leads nowhere",
        lambda cache: link_in(cache, "wheels"),
        "wheels: it is a broken symbolic link",
    ),
)


@pytest.fixture(scope="module")
def packed(workshop: Workshop, cow_pex: Path) -> Path:
    return workshop.czex(cow_pex, layout="packed")


def commands(python: str, cow: Path, packed: Path) -> Dict[str, List[object]]:
    return {
        "file": [python, cow, "x"],
        "header": [cow, "x"],
        "directory": [python, packed, "x"],
        "program in the directory": [packed / "pex", "x"],
        "import": ["env", f"PYTHONPATH={cow}", python, "-c", IMPORT_COW, "x"],
    }


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_start_works_in_any_place(cow: Path, packed: Path, place: Place, tmp_path: Path) -> None:
    number = PLACES.index(place)
    combinations = [(python, way) for python in PYTHONS for way in WAYS]
    starts = 0
    # There are twenty combinations. In a short run, each place has one of them.
    for python, way in combinations if LONG else [combinations[7 * number % len(combinations)]]:
        tmp = tmp_path / f"{python.name} {way}"
        tmp.mkdir()
        place.make(tmp)
        variables = {
            name: text.replace("{tmp}", str(tmp)) for name, text in place.variables.items()
        }
        machine = Machine(tmp).with_python(python).with_(**variables)
        for _ in range(2):
            outcome = machine.run(*commands(python.path(), cow, packed)[way], cwd=tmp)
            assert (outcome.stdout, outcome.code) == (
                "moo x\n",
                0 if way == "import" else 1,
            ), outcome
            if place.warns:
                assert outcome.stderr.startswith("czex: can't use the cache ")
                assert place.warns in outcome.stderr
                assert outcome.stderr.count("\n") == 1
            else:
                assert outcome.stderr == ""
            starts += 1
        assert machine.leftovers() == list(tmp.rglob("czex-*")) == []
    counted(starts, "starts")


@pytest.mark.parametrize("descriptor", ["/dev/stdin", "/dev/fd/0", "/dev/fd/8", "/proc/self/fd/9"])
def test_czex_can_be_given_as_a_descriptor(cow: Path, machine: Machine, descriptor: str) -> None:
    """The descriptors include 0, by which the runtime gets its plan."""
    for python in (PYTHON, *PYTHONS[1:2]):
        script = 'exec <"$0" 8<"$0" 9<"$0" "$1" "$2" x'
        for _ in range(2):
            outcome = machine.run("sh", "-c", script, cow, python.path(), descriptor)
            assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1)


def test_czex_can_be_started_by_links_and_relative_paths(
    cow: Path, machine: Machine, tmp_path: Path
) -> None:
    start = machine.with_python(PYTHON)
    link = tmp_path / "ünï link"
    (tmp_path / "first").symlink_to(cow)
    link.symlink_to("first")
    for path in (link, f"./{link.name}", link.name):
        for argv in ([PYTHON.path(), path, "x"], *([[path, "x"]] if path != link.name else [])):
            for _ in range(2):
                outcome = start.run(*argv, cwd=tmp_path)
                assert (outcome.stdout, outcome.stderr) == ("moo x\n", ""), argv
            shutil.rmtree(machine.cache)


def test_czex_runs_from_a_read_only_file_system(
    cow: Path, packed: Path, machine: Machine, tmp_path: Path
) -> None:
    start = machine.with_python(PYTHON)
    image = full_disk(tmp_path, "9m")
    try:
        app, directory = shutil.copy(cow, image), shutil.copytree(packed, image / "packed")
        subprocess.run(["mount", "-o", "remount,ro", image], check=True)
        for argv in commands(PYTHON.path(), Path(app), directory).values():
            for _ in range(2):
                outcome = start.run(*argv)
                assert (outcome.stdout, outcome.stderr) == ("moo x\n", "")
            shutil.rmtree(machine.cache)
    finally:
        subprocess.run(["umount", image], check=True)


@pytest.mark.parametrize("way", ["file", "header"])
def test_read_only_cache_is_used_or_replaced_for_one_start(
    cow: Path, machine: Machine, tmp_path: Path, way: str
) -> None:
    """An installed app runs from the cache. An app that isn't installed runs from a temporary cache."""
    disk = full_disk(tmp_path, "9m,mode=755")
    start = machine.with_python(PYTHON).with_(PEXCZ_ROOT=str(disk), TMPDIR=str(machine.root))
    argv = commands(PYTHON.path(), cow, cow)[way]
    try:
        start.run(*argv)
        start.run(*argv)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        outcome = start.run(*argv)
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1)
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        shutil.rmtree(disk / "venvs")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        outcome = start.run(*argv)
        assert (outcome.stdout, outcome.code, outcome.stderr.count("\n")) == ("moo x\n", 1, 1)
        assert outcome.stderr.startswith(f"czex: can't use the cache {disk}: ")
        assert list(machine.root.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)


CHANGES: Dict[str, Callable[[Path, Path], object]] = {
    "deleted": lambda app, other: app.unlink(),
    "replaced": lambda app, other: other.replace(app),
    "overwritten": lambda app, other: app.write_bytes(other.read_bytes()),
    "cut short": lambda app, other: os.truncate(app, 1000),
}


@pytest.mark.parametrize("change", CHANGES)
def test_file_that_changes_during_installation_is_named(
    cow: Path, machine: Machine, tmp_path: Path, change: str
) -> None:
    app, other = (Path(shutil.copy(cow, tmp_path / name)) for name in ("app.czex", "other.czex"))
    other.write_bytes(b"#" * 99 + other.read_bytes())
    machine.cache.mkdir(parents=True)
    descriptor = os.open(machine.cache, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    process = machine.start(PYTHON.path(), app, "x")
    # The runtime now waits for the lock, before it opens the file.
    while not list(machine.cache.glob("runtimes/*/pexcz")):
        assert process.poll() is None
    CHANGES[change](app, other)
    os.close(descriptor)
    stdout, stderr = process.communicate(timeout=60)
    assert stdout == b"" and process.returncode != 0
    assert stderr.startswith(b"czex: ") and str(app).encode() in stderr and stderr.count(b"\n") == 1
    assert list(machine.cache.glob("wheels/*")) == machine.leftovers() == []
    assert machine.run(PYTHON.path(), cow, "x").stdout == "moo x\n"


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("is_cold", [True, False])
def test_running_app_survives_a_change_of_its_file(
    workshop: Workshop, machine: Machine, tmp_path: Path, change: str, is_cold: bool
) -> None:
    app, other = tmp_path / "app.czex", tmp_path / "other.czex"
    shutil.copy(late(workshop), app)
    shutil.copy(late(workshop), other)
    if not is_cold:
        machine.run(PYTHON.path(), app)
    process = machine.start(PYTHON.path(), app)
    assert process.stdout.readline() == b"1\n"  # type: ignore[union-attr]
    CHANGES[change](app, other)
    assert process.communicate(b"\n") == (b"moo \n42\n", b"")


LATE = """\
import sys

def main():
    print(1)
    sys.stdout.flush()
    sys.stdin.readline()
    import cow.say, later
    cow.say.main()
    print(later.ANSWER)
"""


def late(workshop: Workshop) -> Path:
    """Make an app that imports most of its modules only after it has read a line."""
    app = workshop.root / "late.czex"
    if not app.exists():
        workshop.make(
            "late",
            requirements=["cow"],
            wheels=[COW],
            sources={"late.py": LATE, "later.py": "ANSWER = 42\n"},
            options=["-m", "late:main"],
        )
    return app
