"""Which processes run again after a change, read off Pants' own log."""

from __future__ import annotations

import os
from typing import Iterator

import pytest

from czex.repository_for_tests import Repository

FILES = {
    "hello/BUILD": """\
python_sources(name="lib")
resource(name="greeting", source="greeting.txt")
pex_binary(name="hello", entry_point="main.py", dependencies=[":greeting"])
czex_binary(
    name="czex", pex_binary=":hello", platforms=["linux-x86_64"], precompile=["3.9"]
)
""",
    "hello/main.py": "import os, pkgutil, sys\n"
    "print(pkgutil.get_data('hello', 'greeting.txt').decode(), sys.argv[1:], os.environ['HOME'])\n"
    "sys.exit(len(sys.argv))\n",
    "hello/greeting.txt": "Hello!\n",
    "hello/__init__.py": "",
}

SOURCES = (
    "Packing the sources of hello:czex",
    "Compiling the sources of hello:czex for Python 3.9",
)


@pytest.fixture(scope="module")
def hello(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A repository whose app is built."""
    directory = tmp_path_factory.mktemp("hello")
    repository = Repository.make(directory / "repository", directory / "store")
    repository.write(FILES)
    first = repository.package("hello:czex").ran
    assert "Building the czex runtime for linux-x86_64" in first
    assert "Compiling the czex boot for Python 3.9" in first
    assert "Assembling hello:czex" in first
    yield repository
    repository.stop()


def test_nothing_runs_again_without_a_change(hello: Repository) -> None:
    assert hello.package("hello:czex").ran == []


def test_a_changed_line_packs_the_sources_again(hello: Repository) -> None:
    hello.write({"hello/main.py": FILES["hello/main.py"] + "# Another line.\n"})
    ran = hello.package("hello:czex").ran
    assert ran == [*pex_of(ran), *SOURCES, "Assembling hello:czex"]


def test_a_changed_resource_packs_the_sources_again(hello: Repository) -> None:
    hello.write({"hello/greeting.txt": "Good morning!\n"})
    ran = hello.package("hello:czex").ran
    assert ran == [*pex_of(ran), *SOURCES, "Assembling hello:czex"]


def test_another_platform_builds_its_runtime_alone(hello: Repository) -> None:
    both = FILES["hello/BUILD"].replace('["linux-x86_64"]', '["linux-x86_64", "macos-arm64"]')
    hello.write({"hello/BUILD": both})
    ran = hello.package("hello:czex").ran
    assert ran == ["Building the czex runtime for macos-arm64", "Assembling hello:czex"]


def test_no_bytecode_changes_the_assembly_alone(hello: Repository) -> None:
    hello.write({"hello/BUILD": FILES["hello/BUILD"].replace('["3.9"]', "[]")})
    assert hello.package("hello:czex").ran == ["Assembling hello:czex"]


def test_an_entry_point_changes_no_pack(hello: Repository) -> None:
    other = FILES["hello/BUILD"].replace('"main.py"', '"main.py:other"')
    hello.write({"hello/BUILD": other})
    ran = hello.package("hello:czex").ran
    assert ran == [*pex_of(ran), "Assembling hello:czex"]


def test_it_runs_with_arguments_and_the_environment_and_passes_its_exit_code_on(
    hello: Repository,
) -> None:
    hello.write(FILES)
    result = hello.pants("run", "hello:czex", "--", "one", "two")
    assert result.stdout == f"Hello!\n ['one', 'two'] {os.environ['HOME']}\n"
    assert result.exit_code == 3


def pex_of(ran: list[str]) -> list[str]:
    """What Pants does itself to build the PEX."""
    return [description for description in ran if "hello.pex.packed" in description]
