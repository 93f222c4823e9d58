"""Starts a PEX and its CZEX in every way there is, on one machine and with the same paths, so that what they
say can be compared as it is."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator, Mapping, Sequence

from testing.differences import COMPILED
from testing.parity import Outcome, Pair
from testing.pythons import Python

PYTHON = Python("cpython3.11")
# For everything that waits. A loaded machine may need much of it; no test needs it all.
PATIENCE_SECONDS = 120
URL = re.compile(r"http://127\.0\.0\.1:\d+")

# What an environment has: its interpreter, and what is in its site-packages.
IN_CACHE = re.compile(
    r"/[^\s'\"]*/home/\.cache/(?:pex|czex)/[^\s'\"]*?(?:/bin/(python)[0-9.]*|(?:/site-(packages)|\.whl)(?=/))"
)

Files = Mapping[str, str]

# The pairs that this machine has started before.
_started: set[Pair] = set()


@dataclass(frozen=True)
class Stage:
    """A machine where a pair is started again and again, each time with nothing at home but the caches.

    :param root: Is the same for all tests of a run: Pex takes long to fill its cache.
    """

    root: Path
    pair: Pair
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def work(self) -> Path:
        return self.home / "work"

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """Every way to start the app: its name, and the words before the app's own arguments. The PEX is first."""
        interpreter = PYTHON.path()
        yield "pex", [interpreter, str(self.pair.pex)]
        if self.pair not in _started:
            _started.add(self.pair)
            # Cold, and tells the header where to go at once from then on.
            yield "cold", [str(self.pair.czex)]
        yield "warm", [interpreter, str(self.pair.czex)]
        yield "header", [str(self.pair.czex)]

    def lay_out(self, files: Files) -> None:
        """Empty the home directory but for the caches, and put these files into the working directory."""
        self.home.mkdir(exist_ok=True)
        for path in self.home.iterdir():
            if path.name != ".cache":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.work.mkdir()
        for name, content in files.items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    def assert_same(self, arguments: Sequence[str]) -> Outcome:
        """Start the app in every way, and compare what is seen of it."""
        seen = {}
        for way, command in self.commands():
            self.lay_out({})
            seen[way] = self.run([*command, *arguments])
        for way in seen:
            assert seen[way] == seen["pex"], way
        return seen["pex"]

    def assert_serves_the_same(
        self, arguments: str, files: Files, visit: Callable[[Service], object]
    ) -> None:
        """Start the server in every way, and compare what a visitor sees.

        :param arguments: With `{port}` where the server doesn't tell which one it has chosen.
        """
        seen = {}
        for way, command in self.commands():
            self.lay_out(files)
            port = free_port()
            with self.serve([*command, *arguments.format(port=port).split()]) as service:
                if "{port}" in arguments:
                    service.address = f"http://127.0.0.1:{port}"
                seen[way] = visit(service)
        for way in seen:
            assert seen[way] == seen["pex"], way

    def run(self, argv: Sequence[str]) -> Outcome:
        """What a process leaves behind that ends by itself, without what can't be the same."""
        with self._process(argv, subprocess.PIPE, subprocess.PIPE) as process:
            stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
        return Outcome(self.comparable(stdout), self.comparable(stderr), process.returncode)

    @contextlib.contextmanager
    def serve(self, argv: Sequence[str]) -> Iterator[Service]:
        """A server while it runs. None of its processes is left behind."""
        log = self.home / "log"
        with log.open("wb") as stream:
            with self._process(argv, stream, subprocess.STDOUT) as process:
                yield Service(process, log)

    @contextlib.contextmanager
    def _process(self, argv, stdout, stderr) -> Iterator[subprocess.Popen]:
        process = subprocess.Popen(
            argv,
            cwd=self.work,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            encoding="utf-8",
            errors="replace",
        )
        try:
            yield process
        finally:
            # Its session has its id, also when it has ended itself.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _environment(self) -> dict[str, str]:
        directory = self.root / "bin"
        directory.mkdir(exist_ok=True)
        for name in ("python", "python3", "python3.11"):
            with contextlib.suppress(FileExistsError):
                (directory / name).symlink_to(PYTHON.path())
        return {
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PATH": f"{directory}:/usr/bin:/bin",
            **self.variables,
        }

    def comparable(self, text: str) -> str:
        """The text without the names of the app, and of what is in the caches."""
        for app in (self.pair.pex, self.pair.czex):
            text = text.replace(str(app), "<app>").replace(app.name, "<app>")
        text = text.replace(os.path.realpath(PYTHON.path()), "<python>")
        text = IN_CACHE.sub(lambda match: f"<{match.group(1)}>", COMPILED.without(text))
        return text


class Service:
    """A server that is running, with what it has written so far."""

    def __init__(self, process: subprocess.Popen, log: Path) -> None:
        self.process = process
        self.address = ""
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_for(self, what, because: str):
        """What this function returns as soon as it is true."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            result = what()
            if result:
                return result
            time.sleep(0.05)
        raise AssertionError(f"waited in vain for {because}:\n{self.log}")

    def wait_for_log(self, text: str, count: int = 1) -> None:
        self.wait_for(lambda: self.log.count(text) >= count, repr(text))

    def url(self) -> str:
        """Where it says that it listens."""
        return self.address or self.wait_for(lambda: URL.search(self.log), "an address").group()

    def ask(self, path: str = "/") -> str:
        """What it answers, as soon as it does."""
        url = self.url() + path
        return self.wait_for(lambda: _answer(url), f"an answer from {url}")

    def ask_after_change(self, path: Path, old: str, new: str) -> str:
        """What it answers once it has seen that a file has changed."""
        before = self.ask()
        path.write_text(path.read_text().replace(old, new))

        def answer() -> str:
            # A reloader may have looked for the first time after the change: so it sees another one.
            os.utime(path)
            time.sleep(1)
            after = self.ask()
            return after if after != before else ""

        return self.wait_for(answer, f"another answer than {before!r}")

    def send(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Its exit code after this signal."""
        self.send(number)
        return self.process.wait(timeout=PATIENCE_SECONDS)


def pair_of(project: str, app: str) -> Pair:
    """`<app>.pex` and `<app>.czex`, which Pants built in `testprojects/<project>`."""
    directory = Path(f"testprojects.{project}").absolute()
    return Pair(directory / f"{app}.pex", directory / f"{app}.czex")


def free_port() -> int:
    """A port that nobody listens to; the system gives it to nobody else for a while."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answer(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:
            return response.read().decode()
    except urllib.error.HTTPError as error:
        return f"{error.code}"
    except (ConnectionError, urllib.error.URLError, TimeoutError):
        return ""
