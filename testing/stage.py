"""Start a PEX and its CZEX in every possible way, and compare the results.

All starts are on one machine and see the same paths.
"""

from __future__ import annotations

import contextlib
import http.client
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
from typing import Any, Callable, Iterator, Mapping, Sequence

from testing.differences import COMPILED
from testing.machine import PATIENCE_SECONDS, Machine, Outcome
from testing.pair import Pair, only_python
from testing.pythons import PYTHON

URL = re.compile(r"http://127\.0\.0\.1:\d+")

# Paths of an environment in a cache: its interpreter, and files in its site-packages.
IN_CACHE = re.compile(
    r"/[^\s'\"]*/home/\.cache/(?:pex|czex)/[^\s'\"]*?(?:/bin/(python)[0-9.]*|(?:/site-(packages)|\.whl)(?=/))"
)

Files = Mapping[str, str]

# The pairs that have been started on this machine before.
_started: set[Pair] = set()


@dataclass(frozen=True)
class Stage:
    """A machine that starts a pair again and again; before each start, the home directory has only the caches.

    :param root: One directory for all tests of a run, because Pex takes long to fill its cache.
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
        """Yield every way to start the app, the PEX first: a name, and the words before the app's own arguments."""
        interpreter = PYTHON.path()
        yield "pex", [interpreter, str(self.pair.pex)]
        if self.pair not in _started:
            _started.add(self.pair)
            # This start also tells the header which environment to start from then on.
            yield "cold", [str(self.pair.czex)]
        yield "warm", [interpreter, str(self.pair.czex)]
        yield "header", [str(self.pair.czex)]

    def lay_out(self, files: Files) -> None:
        """Remove all but the caches from the home directory, and put these files into the working directory."""
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
        """Start the app in every way, and compare the outcomes."""
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
        """Start the server in every way, and compare the answers that a visitor gets.

        :param arguments: Have `{port}` where the server doesn't tell which port it has chosen.
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
        """Run a process that ends by itself, and return its outcome without the text that can't be the same."""
        with self._process(argv) as process:
            stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
        return Outcome(self._comparable(stdout), self._comparable(stderr), process.returncode)

    @contextlib.contextmanager
    def serve(self, argv: Sequence[str]) -> Iterator[Service]:
        """Run a server; at the end, kill all its processes."""
        log = self.home / "log"
        with log.open("wb") as stream:
            with self._process(argv, stdout=stream, stderr=subprocess.STDOUT) as process:
                yield Service(process, log)

    @contextlib.contextmanager
    def _process(self, argv: Sequence[str], **kwargs: Any) -> Iterator[subprocess.Popen[bytes]]:
        process = self._machine().start(
            *argv, cwd=self.work, stdin=subprocess.DEVNULL, start_new_session=True, **kwargs
        )
        try:
            yield process
        finally:
            # The id of the process is that of its session, which may outlive it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _machine(self) -> Machine:
        directory = only_python(self.root / "bin", PYTHON)
        return Machine(self.home, {"PATH": f"{directory}:/usr/bin:/bin", **self.variables})

    def _comparable(self, output: bytes) -> str:
        """Return a text without the names of the app, and without paths in the caches."""
        text = output.decode(errors="replace")
        for app in (self.pair.pex, self.pair.czex):
            text = text.replace(str(app), "<app>").replace(app.name, "<app>")
        text = text.replace(os.path.realpath(PYTHON.path()), "<python>")
        text = IN_CACHE.sub(lambda match: f"<{match.group(1)}>", COMPILED.without(text))
        return text


class Service:
    """A server that is running, and its log."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.address = ""
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_for(self, condition: Callable[[], Any], description: str) -> Any:
        """Call the function until its result is true, and return the result."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            result = condition()
            if result:
                return result
            time.sleep(0.05)
        raise AssertionError(f"{description} did not come in time:\n{self.log}")

    def wait_for_log(self, text: str, count: int = 1) -> None:
        self.wait_for(lambda: self.log.count(text) >= count, repr(text))

    def url(self) -> str:
        """Return the address of the server, by default the one in its log."""
        return self.address or self.wait_for(lambda: URL.search(self.log), "an address").group()

    def ask(self, path: str = "/") -> str:
        """Return the answer of the server, as soon as there is one."""
        url = self.url() + path
        return self.wait_for(lambda: _answer(url), f"an answer from {url}")

    def ask_after_change(self, path: Path, old: str, new: str) -> str:
        """Change a file, and return the answer of the server when it is another one."""
        before = self.ask()
        path.write_text(path.read_text().replace(old, new))

        def answer() -> str:
            # A reloader that has not looked at the file before the change needs another change.
            os.utime(path)
            time.sleep(1)
            after = self.ask()
            return after if after != before else ""

        return self.wait_for(answer, f"another answer than {before!r}")

    def send(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code of the server."""
        self.send(number)
        return self.process.wait(timeout=PATIENCE_SECONDS)


def free_port() -> int:
    """Return an unused port. The system doesn't give it to other processes for a while."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answer(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:
            return response.read().decode()
    except urllib.error.HTTPError as error:
        return f"{error.code}"
    except (ConnectionError, http.client.HTTPException, urllib.error.URLError, TimeoutError):
        # Also a server that reloads itself between the headers and the rest of its answer.
        return ""
