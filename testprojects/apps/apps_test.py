"""Complex apps from PyPI behave in a CZEX as in their PEX."""

from __future__ import annotations

import http.server
import re
import socket
import threading
from pathlib import Path
from typing import Iterator

import pytest

from app_cases import CASES, Case
from testing.machine import Outcome
from testing.pair import Pair
from testing.stage import Stage


class Handler(http.server.BaseHTTPRequestHandler):
    """A server that knows one page, `/cow`."""

    def do_GET(self) -> None:
        content = b'{"says": "moo"}' if self.path == "/cow" else b"{}"
        self.send_response_only(200 if self.path == "/cow" else 404)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    """The addresses of a server that answers, and of a bound port without a server."""
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server,
        socket.socket() as closed,
    ):
        closed.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield {
            "url": f"http://127.0.0.1:{server.server_port}",
            "closed": f"http://127.0.0.1:{closed.getsockname()[1]}",
        }
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_czex_does_the_same_as_its_pex(
    case: Case, machine_root: Path, addresses: dict[str, str]
) -> None:
    stage = Stage(machine_root, Pair.of("apps", case.app), case.variables)
    arguments = [word.format(**addresses) for word in case.arguments.split()]
    seen = {}
    for way, command in stage.commands():
        stage.lay_out(case.files)
        outcome = stage.run([*command, *arguments])
        seen[way] = _comparable(case, outcome), _left_behind(case, stage)
    outcome, files = seen["pex"]
    assert case.shows in "".join([outcome.stdout, outcome.stderr, *files.values()])
    assert outcome.code == case.exit_code
    for way in seen:
        assert seen[way] == seen["pex"], way


def _comparable(case: Case, outcome: Outcome) -> Outcome:
    stdout, stderr = (_constant_text(case, text) for text in (outcome.stdout, outcome.stderr))
    return Outcome(stdout, stderr, outcome.code)


def _left_behind(case: Case, stage: Stage) -> dict[str, str]:
    return {
        str(path.relative_to(stage.work)): re.sub(case.varies, "", path.read_text())
        for pattern in case.leaves
        for path in sorted(stage.work.glob(pattern))
    }


def _constant_text(case: Case, text: str) -> str:
    text = re.sub(case.varies, "", text)
    return "\n".join(sorted(text.split("\n"))) if case.in_any_order else text
