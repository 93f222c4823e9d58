"""Builds that take results from another machine, or run processes there."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path
from typing import Iterator, Mapping

import pytest

from czex.remote_for_tests import remote_cache, remote_worker
from czex.repository_for_tests import HELLO, Repository, Result
from czex.rules_for_tests import options

DOCUMENT = Path("docs/remote-cache.md")

# All processes of the backend for an app with a wheel.
PROCESSES = [
    "Assembling hello:czex",
    "Building the czex runtime for linux-x86_64",
    "Compiling cowsay-5.0 for Python 3.9",
    "Compiling the czex boot for Python 3.9",
    "Compiling the sources of hello:czex for Python 3.9",
    "Fetching the source of libzstd",
    "Installing czex-libzstd for the czex backend",
    "Installing czex-pexcz for the czex backend",
    "Installing czex-zig for the czex backend",
    "Packing cowsay-5.0 (26.3 KB)",
    "Packing the sources of hello:czex",
]


def settings(block: str, address: str) -> str:
    """Return the options of the documentation under a heading, changed for the servers and the Pythons of this test."""
    text = DOCUMENT.read_text().partition(f"## {block}\n")[2]
    (toml,) = re.findall(r"```toml\n(.+?)```", text.partition("\n## ")[0], re.DOTALL)
    python = os.path.realpath(sys.executable)
    toml, places = re.subn("grpcs://[a-z.]+:443", address, toml)
    assert places
    return toml.replace("/opt/python/3.11/bin/python3.11", python)


def machine(place: Path, remote: str, environment: Mapping[str, str], umask: int) -> Repository:
    """Return a repository that simulates another machine: it has its own home, store and named caches."""
    home = place / "home"
    home.mkdir(parents=True)
    repository = Repository(
        place / "clone",
        place / "store",
        environment={"HOME": str(home), **environment},
        umask=umask,
    )
    # These scopes are set only by the options of the documentation.
    documented = ("pex", "python-bootstrap")
    repository.configure(
        {scope: values for scope, values in options().items() if scope not in documented}
    )
    repository.write({**HELLO, "pants.remote.toml": remote})
    return repository


def package(repository: Repository) -> Result:
    result = repository.pants(
        *("--pants-config-files=pants.remote.toml", "--no-pantsd", "--stats-log"),
        *("package", "hello:czex"),
    )
    assert result.exit_code == 0, result.log
    return result


def counted(result: Result, prefix: str) -> dict[str, int]:
    """Return Pants' counters with a prefix that aren't zero."""
    return {
        name: count
        for name, count in result.counters.items()
        if name.startswith(prefix) and count and not name.endswith("_ms")
    }


def sha256_of_czex(repository: Repository) -> str:
    return hashlib.sha256((repository.root / "dist/hello/czex.czex").read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with remote_cache(tmp_path_factory.mktemp("remote") / "cache") as address:
        yield address


@pytest.fixture(scope="module")
def first(cache: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Result]:
    """Return the machine that builds everything, and the result of its build."""
    # It uses the named caches of the real machine, to save downloads.
    here = {"HOME": os.environ["HOME"], "TZ": "UTC"}
    remote = settings("A shared cache", cache)
    repository = machine(tmp_path_factory.mktemp("first"), remote, here, umask=0o022)
    return repository, package(repository)


def test_second_machine_takes_all_results_from_the_cache(
    cache: str,
    first: tuple[Repository, Result],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    repository, built = first
    assert [description for description in PROCESSES if description not in built.ran] == []
    written = counted(built, "remote_cache")
    assert written["remote_cache_write_successes"] >= len(PROCESSES)

    environment = {
        "PATH": os.pathsep.join([str(tmp_path), "/bin", "/usr/bin", os.environ["PATH"]]),
        "LANG": "de_DE.UTF-8",
        "LC_ALL": "C",
        "TZ": "Asia/Tokyo",
        "CPPFLAGS": "-I/opt/include",
        "LDFLAGS": "-L/opt/lib",
    }
    remote = settings("A shared cache", cache)
    other = machine(tmp_path / "over" / "there", remote, environment, umask=0o077)
    served = package(other)
    with capsys.disabled():
        print(f"\nFirst machine: {written}\nSecond machine: {counted(served, 'remote_cache')}")
    assert served.ran == []
    requests = written["remote_cache_requests"]
    assert counted(served, "remote_cache") == {
        "remote_cache_requests": requests,
        "remote_cache_requests_cached": requests,
        "remote_cache_speculation_remote_completed_first": requests,
    }
    assert sha256_of_czex(other) == sha256_of_czex(repository)


def test_remote_workers_make_the_same_bytes_as_a_local_build(
    first: tuple[Repository, Result], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with remote_worker(tmp_path / "worker") as address:
        remote = settings("Remote execution", address)
        repository = machine(tmp_path / "machine", remote, {}, umask=0o027)
        built = package(repository)
    executed = counted(built, "remote_execution")
    with capsys.disabled():
        print(f"\nRemote execution: {executed}, {counted(built, 'local_execution')} ")
    assert [description for description in PROCESSES if description not in built.ran] == []
    assert executed["remote_execution_success"] >= len(PROCESSES)
    assert "remote_execution_errors" not in executed
    assert counted(built, "local_execution") == {}
    assert sha256_of_czex(repository) == sha256_of_czex(first[0])
