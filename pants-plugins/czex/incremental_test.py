"""Compare the processes that run again after a change, by Pants' log, with the table in the documentation."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Callable, Iterator, Mapping

import pytest

from czex.repository_for_tests import HELLO, Repository
from czex.rules_for_tests import options

DOCUMENT = Path("docs/incremental.md")

# Columns of the table → patterns for the descriptions of their processes.
COLUMNS = {
    "PEX of wheels": r"Building \S+\.pex\.wheels\b",
    "PEX of sources": r"Building \S+\.pex\.sources\b",
    "sources": r"Packing the sources of ",
    "wheels": r"Packing \S+-\d",
    "bytecode": r"Compiling (?!the czex boot)",
    "boot": r"Compiling the czex boot ",
    "runtimes": r"Building the czex runtime ",
    "assembly": r"Assembling ",
}
# Processes that run once, before all others: for tools, and for Pants itself.
PREPARATIONS = (
    r"Installing czex-|Fetching the source of libzstd|Building (local_dists|requirements)\.pex"
)

OTHER = {
    "other/BUILD": """\
python_sources()
pex_binary(name="app", entry_point="main.py")
czex_binary(
    name="czex", pex_binary=":app", platforms=["linux-x86_64"], precompile=["3.9"]
)
""",
    "other/main.py": "import cowsay\n",
}
TARGETS = {"another app with the same wheel": "other:czex"}

# A file, and the change of its text.
Change = Mapping[str, Callable[[str], str]]


def replaced(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


def added(line: str) -> Callable[[str], str]:
    return lambda text: f"{text}{line}\n"


BUILD = "hello/BUILD"
CHANGES: dict[str, Change] = {
    "nothing": {},
    "a line of a module": {"hello/main.py": added("# Another line.")},
    "a resource": {"hello/greeting.txt": replaced("Hello", "Good morning")},
    "a wheel is upgraded": {"hello/requirements.txt": replaced("cowsay==5.0", "cowsay==6.1")},
    "a wheel is added": {
        "hello/requirements.txt": added("six==1.16.0"),
        BUILD: replaced('dependencies=["', 'dependencies=[":reqs#six", "'),
    },
    "the entry point": {BUILD: replaced('"main.py"', '"main.py:other"')},
    "the compression level": {BUILD: replaced('name="czex"', 'name="czex", compression_level=8')},
    "a platform is added": {BUILD: replaced('["linux-x86_64"]', '["linux-x86_64", "macos-arm64"]')},
    "bytecode is left out": {BUILD: replaced('precompile=["3.9"]', "precompile=[]")},
    "another app with the same wheel": {},
    "a line of the runtime": {"native/src/main.zig": replaced("usage: pexcz", "call it: pexcz")},
    "a line of the boot": {"native/boot/boot/cold.py": added("ANOTHER = 1")},
    "a line of the tool": {"pants-plugins/pexcz/pack.py": added("ANOTHER = 1")},
}


@pytest.fixture(scope="module")
def hello(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """Yield a repository with the backend in it, whose app is built."""
    directory = tmp_path_factory.mktemp("hello")
    # Pants doesn't load the tool, so its daemon need not restart when the tool changes.
    environment = {"PANTS_PANTSD_INVALIDATION_GLOBS": '["!pants-plugins/pexcz/**"]'}
    repository = Repository(directory / "repository", directory / "store", environment=environment)
    repository.configure(options())
    repository.write({**HELLO, **OTHER})
    repository.check_out_backend()
    first = repository.package("hello:czex")
    assert counts(first.ran) == table()["the first build"]
    yield repository
    repository.stop()


def counts(ran: list[str]) -> list[str]:
    """Return the number of steps of each column that have run, as in the table.

    Each description counts once: Pants' daemon sometimes assembles the old parts first, before it notices the new boot.
    """
    kinds = Counter(kind(description) for description in set(ran))
    return [str(kinds[column] or "") for column in COLUMNS]


def kind(description: str) -> str:
    if re.match(PREPARATIONS, description):
        return ""
    (column,) = (name for name, pattern in COLUMNS.items() if re.match(pattern, description))
    return column


def table() -> dict[str, list[str]]:
    """Return the rows of the table by their first cell."""
    rows = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in DOCUMENT.read_text().splitlines()
        if line.startswith("|")
    ]
    return {first: cells for first, *cells in rows}


def test_the_table_has_each_change() -> None:
    header, _, first, *rest = table().items()
    assert header[1] == list(COLUMNS)
    assert [first[0], *(name for name, _ in rest)] == ["the first build", *CHANGES]


def test_run_passes_arguments_environment_and_exit_code(
    hello: Repository,
) -> None:
    result = hello.pants("run", "hello:czex", "--", "one", "two")
    assert result.stdout == f"Hello!\n ['one', 'two'] {os.environ['HOME']}\n"
    assert result.exit_code == 3


@pytest.mark.parametrize("name", CHANGES)
def test_steps_that_run_again_are_those_of_the_table(hello: Repository, name: str) -> None:
    before = {path: (hello.root / path).read_text() for path in CHANGES[name]}
    hello.write({path: change(before[path]) for path, change in CHANGES[name].items()})
    ran = hello.package(TARGETS.get(name, "hello:czex")).ran
    hello.write(before)
    assert counts(ran) == table()[name], ran


def test_packed_layout_needs_only_an_assembly_and_keeps_unchanged_files(
    hello: Repository,
) -> None:
    packed = replaced('name="czex"', 'name="czex", layout="packed"')
    hello.write({BUILD: packed(HELLO[BUILD])})
    assert hello.package("hello:czex").ran == ["Assembling hello:czex"]
    directory = hello.root / "dist" / "hello" / "czex.czex"
    first = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    assert started(directory, hello) == "Hello!\n ['one'] /\n"
    result = hello.pants("run", "hello:czex", "--", "one")
    assert (result.stdout.splitlines()[0], result.exit_code) == ("Hello!", 2)

    hello.write({"hello/greeting.txt": "Good evening!\n"})
    hello.package("hello:czex")
    second = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    changed = {path.name.split(".")[0] for path in second if first.get(path) != second[path]}
    packs = {path.stem for path in second if path.suffix == ".pack"}
    assert changed - packs == {"PEX-INFO", "__main__", "manifest", "pex", "seal", "start"}
    assert started(directory, hello) == "Good evening!\n ['one'] /\n"
    hello.write(HELLO)


def started(czex: Path, repository: Repository) -> str:
    environment = {"HOME": "/", "PATH": os.environ["PATH"]}
    environment["PEXCZ_ROOT"] = str(repository.store / "czex")
    command = [sys.executable, str(czex), "one"]
    return subprocess.run(command, env=environment, capture_output=True, text=True).stdout
