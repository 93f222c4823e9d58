"""Servers of the Remote Execution API (REAPI) on this machine: a cache and a worker."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Sequence

import pytest

from testing.missing import missing
from testing.pythons import Python

# The time that a server may take until it listens.
START_SECONDS_MAX = 60.0

# BuildGrid with only the services that every implementation has: a store of content, and results of actions. By default, it refuses
# a call that comes while it works on as many calls as it has threads. Pants then doesn't store the result.
CACHE = """\
server:
  - !channel
    address: {address}
    insecure-mode: true
maximum-concurrent-rpcs: 1000
authorization:
  method: none
monitoring:
  enabled: false
instances:
  - name: ""
    storages:
      - !disk-storage &content
        path: {directory}
    caches:
      - !lru-action-cache &results
        storage: *content
        max-cached-refs: 1000
        allow-updates: true
    services:
      - !cas
        storage: *content
      - !bytestream
        storage: *content
      - !action-cache
        cache: *results
"""


@contextmanager
def remote_cache(directory: Path) -> Iterator[str]:
    """Run BuildGrid, and yield its address."""
    python = Python("cpython3.12").path()
    address = unused_address()
    directory.mkdir(parents=True)
    configuration = directory / "cache.yml"
    configuration.write_text(CACHE.format(address=address, directory=directory / "content"))
    start = [python, os.path.abspath("buildgrid"), "server", "start", str(configuration)]
    with listening(start, address, directory):
        yield f"grpc://{address}"


@contextmanager
def remote_worker(directory: Path) -> Iterator[str]:
    """Run BuildBox, and yield its address. It runs processes in a sandbox of Bubblewrap.

    A process sees its inputs, the system's programs and the two interpreters that Pants uses. It sees no home, no repository
    and no cache.
    """
    if not shutil.which("bwrap"):
        missing("bubblewrap")
    address = unused_address()
    (programs,) = Path("buildbox").resolve().glob(".deps/*/buildstream/subprojects/buildbox")
    places = ("/usr", "/etc", *links_into("/usr"), sys.prefix, sys.base_prefix)
    start = [
        str(programs / "buildbox-casd"),
        f"--bind={address}",
        f"--buildbox-run={programs / 'buildbox-run'}",
        *(f"--runner-arg=--ro-bind-mount={os.path.realpath(place)}:{place}" for place in places),
        *("--jobs=2", "--log-level=warning", str(directory / "content")),
    ]
    directory.mkdir(parents=True)
    with listening(start, address, directory):
        yield f"grpc://{address}"


def links_into(directory: str) -> list[str]:
    """Return the links in the root directory that lead into a directory, such as /bin to /usr/bin."""
    links = (path for path in Path("/").iterdir() if path.is_symlink())
    return [str(link) for link in links if os.path.realpath(link).startswith(f"{directory}/")]


def unused_address() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return "{}:{}".format(*taken.getsockname())


@contextmanager
def listening(start: Sequence[str], address: str, directory: Path) -> Iterator[None]:
    """Start a server, wait until it listens, and end it at the end of the context."""
    log = directory / "log"
    # The environment of the server differs from the test's, as on another machine.
    environment = {"HOME": str(directory), "PATH": os.environ["PATH"], "TZ": "Asia/Tokyo"}
    with open(log, "wb") as output:
        server = subprocess.Popen(start, env=environment, umask=0o077, stdout=output, stderr=output)
    try:
        until = time.monotonic() + START_SECONDS_MAX
        while not answers(address):
            if server.poll() is not None or time.monotonic() > until:
                pytest.fail(f"{start[0]} does not listen: {log.read_text(errors='replace')}")
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait()


def answers(address: str) -> bool:
    host, _, port = address.partition(":")
    try:
        socket.create_connection((host, int(port))).close()
    except OSError:
        return False
    return True
