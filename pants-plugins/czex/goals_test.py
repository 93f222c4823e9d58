"""Goals of Pants that read or write BUILD files support `czex_binary`."""

from __future__ import annotations

import json
import subprocess
from textwrap import dedent
from typing import Iterator

import pytest

from czex.repository_for_tests import Repository
from czex.target_types import CzexBinaryTarget

FILES = {
    "app/BUILD": dedent(
        """\
        python_sources(name="lib")
        pex_binary(name="app", entry_point="main.py")
        czex_binary(name="czex", pex_binary=":app", platforms=["linux-x86_64"])
        archive(name="archive", packages=[":czex"], format="tar")
        """
    ),
    "app/main.py": "from library.greet import greet\n\ngreet()\n",
    "library/BUILD": "python_sources()\n",
    "library/greet.py": "def greet(): pass\n",
    ".gitignore": ".pids/\n.pants.d/\n",
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    directory = tmp_path_factory.mktemp("goals")
    repository = Repository.make(directory / "repository", directory / "store")
    repository.write(FILES)
    yield repository
    repository.stop()


def lines(repository: Repository, *arguments: str) -> list[str]:
    result = repository.pants(*arguments)
    assert result.exit_code == 0, result.log
    return result.stdout.splitlines()


def test_czex_depends_on_its_pex_binary_and_on_the_sources(repository: Repository) -> None:
    assert lines(repository, "dependencies", "app:czex") == ["app:app"]
    assert lines(repository, "dependencies", "--transitive", "app:czex") == [
        "app/main.py:lib",
        "app:app",
        "library/greet.py",
    ]


def test_changed_source_changes_the_czex_and_its_dependents(repository: Repository) -> None:
    git = ["git", "-C", str(repository.root), "-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "A commit."]):
        subprocess.run([*git, *arguments], check=True)
    repository.write({"library/greet.py": "def greet(): print('hello')\n"})
    changed = ("--changed-since=HEAD", "--changed-dependents=transitive", "list")
    assert {"app:app", "app:archive", "app:czex"} <= set(lines(repository, *changed))


def test_peek_shows_every_field(repository: Repository) -> None:
    (shown,) = json.loads("\n".join(lines(repository, "peek", "app:czex")))
    assert shown["target_type"] == "czex_binary"
    assert {field.alias for field in CzexBinaryTarget.core_fields} <= set(shown)
    assert shown["pex_binary"] == [":app"]
    assert shown["platforms"] == ["linux-x86_64"]


TAILOR = {
    "tools/BUILD": dedent(
        """\
        python_sources()
        pex_binary(name="one", entry_point="one.py")
        pex_binary(name="two", entry_point="one.py:two")
        czex_binary(name="mine", pex_binary="tools:two")
        pex_binaries(name="many", entry_points=["one.py:three"])
        pex_binary(
            name="four", entry_point="one.py:four", output_path=parametrize(a="a.pex", b="b.pex")
        )
        """
    ),
    "tools/one.py": "def two(): pass\n",
    "new/__main__.py": "print('hello')\n",
}
ADDED = """\

czex_binary(
    name="four-output_path-a-czex",
    pex_binary=":four@output_path=a",
)

czex_binary(
    name="four-output_path-b-czex",
    pex_binary=":four@output_path=b",
)

czex_binaries(
    name="many-czex",
    pex_binaries=":many",
)

czex_binary(
    name="one-czex",
    pex_binary=":one",
)
"""


GENERATED = {
    "apps/BUILD": dedent(
        """\
        python_sources(name="lib")
        pex_binaries(name="apps", entry_points=["serve.py", "work.py:main"])
        czex_binaries(
            name="czexes",
            pex_binaries=":apps",
            platforms=["linux-x86_64"],
            overrides={"work.py-main": {"compression_level": 3}},
        )
        """
    ),
    "apps/serve.py": "print('serves')\n",
    "apps/work.py": "def main(): print('works')\n",
}


def test_czex_binaries_generates_a_target_for_each_pex_binary(repository: Repository) -> None:
    repository.write(GENERATED)
    names = ["apps:czexes#serve.py", "apps:czexes#work.py-main"]
    assert lines(repository, "--filter-target-type=czex_binary", "list", "apps::") == names
    serve, work = json.loads("\n".join(lines(repository, "peek", *names)))
    assert (serve["pex_binary"], serve["compression_level"]) == (["apps#serve.py"], None)
    assert (work["pex_binary"], work["compression_level"]) == (["apps#work.py-main"], 3)


def test_run_builds_no_bytecode_and_no_other_runtimes(repository: Repository) -> None:
    """A file for other machines needs bytecode and the runtimes of other platforms. A run needs neither."""
    fields = 'platforms=["linux-x86_64", "macos-arm64"], precompile=["3.9"]'
    build = GENERATED["apps/BUILD"].replace('platforms=["linux-x86_64"]', fields)
    repository.write({**GENERATED, "apps/BUILD": build})
    result = repository.pants("run", "apps:czexes#work.py-main")
    assert result.stdout == "works\n", result.log
    assert not [step for step in result.ran if step.startswith("Compiling")]
    assert not [step for step in result.ran if "macos" in step]
    repository.write(GENERATED)


def test_override_of_an_unknown_target_is_named(repository: Repository) -> None:
    wrong = GENERATED["apps/BUILD"].replace("work.py-main", "work.py:main")
    repository.write({**GENERATED, "apps/BUILD": wrong})
    result = repository.pants("list", "apps:czexes")
    assert result.exit_code == 1
    assert "apps:czexes" in result.log and "'work.py:main'" in result.log
    assert "Use some of 'serve.py', 'work.py-main'" in result.log
    repository.write(GENERATED)


def test_tailor_adds_targets_only_if_the_option_is_set(repository: Repository) -> None:
    repository.write(TAILOR)
    assert "czex" not in repository.pants("tailor", "--check", "::").stdout

    asked = ("--czex-tailor", "--python-tailor-pex-binary-targets", "tailor")
    assert lines(repository, *asked, "tools::", "new::")
    assert (repository.root / "tools/BUILD").read_text() == TAILOR["tools/BUILD"] + ADDED
    assert (repository.root / "new/BUILD").read_text() == dedent(
        """\
        pex_binary(
            name="__main__",
            entry_point="__main__.py",
        )

        czex_binary(
            name="__main__-czex",
            pex_binary=":__main__",
        )

        python_sources()
        """
    )
    assert lines(repository, *asked, "::") == []
    assert lines(repository, "dependencies", "tools:four-output_path-b-czex", "new:__main__-czex")
