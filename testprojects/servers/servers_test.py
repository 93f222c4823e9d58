"""Servers in a CZEX answer real requests, also after they have restarted themselves or their workers."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from testing.pair import Pair
from testing.stage import Service, Stage

ASGI_APP = """\
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first"})
"""

FLASK_APP = """\
import flask

app = flask.Flask("app")

@app.route("/")
def answer():
    return "first"
"""

in_both_modes = pytest.mark.parametrize("mode", ["zipapp", "venv"])


@in_both_modes
def test_gunicorn_reloads_and_replaces_itself(mode: str, machine_root: Path) -> None:
    stage = Stage(machine_root, Pair.of("servers", f"gunicorn-{mode}"))

    def visit(service: Service) -> object:
        old = service.process.pid
        first = _answer_of_a_child(service, old)
        service.send(signal.SIGHUP)
        service.wait_for_log("Worker exiting", 2)
        reloaded = _answer_of_a_child(service, old)
        assert reloaded["pid"] != first["pid"]
        # Another master takes over, started from `sys.executable` and `sys.argv`.
        service.send(signal.SIGUSR2)
        new = service.wait_for(lambda: _number_in(stage.work / "pid.2"), "another master")
        service.wait_for_log("Booting worker", 6)
        exit_code = service.stop()
        last = _answer_of_a_child(service, new)
        return exit_code, first["arguments"], reloaded["arguments"], last["arguments"]

    stage.assert_serves_the_same(
        "serving.wsgi:application --workers 2 --bind 127.0.0.1:0 --pid pid --no-control-socket",
        {},
        visit,
    )


@in_both_modes
def test_uvicorn_has_workers(mode: str, machine_root: Path) -> None:
    uvicorn = {"PEX_SCRIPT": "uvicorn"}
    stage = Stage(machine_root, Pair.of("servers", f"gunicorn-{mode}"), uvicorn)

    def visit(service: Service) -> object:
        service.wait_for_log("Application startup complete", 2)
        answer = _answer_of_a_child(service, service.process.pid)
        return answer["arguments"], service.stop()

    stage.assert_serves_the_same("serving.asgi:application --workers 2 --port 0", {}, visit)


@in_both_modes
def test_uvicorn_reloads(mode: str, machine_root: Path) -> None:
    uvicorn = {"PEX_SCRIPT": "uvicorn"}
    stage = Stage(machine_root, Pair.of("servers", f"gunicorn-{mode}"), uvicorn)

    def visit(service: Service) -> object:
        first = service.ask()
        second = service.ask_after_change(stage.work / "site_app.py", "first", "the second")
        assert (first, second) == ("first", "the second")
        return service.stop()

    stage.assert_serves_the_same(
        "site_app:app --app-dir . --reload --port 0", {"site_app.py": ASGI_APP}, visit
    )


def test_uwsgi_has_workers(machine_root: Path) -> None:
    stage = Stage(machine_root, Pair.of("servers", "uwsgi-venv"))

    def visit(service: Service) -> object:
        answer = _answer_of_a_child(service, service.process.pid)
        return answer["arguments"], service.stop(signal.SIGINT)

    stage.assert_serves_the_same(
        "--http=127.0.0.1:{port} --module=serving.wsgi --master --processes=2", {}, visit
    )


@in_both_modes
def test_flask_reloads(mode: str, machine_root: Path) -> None:
    stage = Stage(machine_root, Pair.of("servers", f"flask-{mode}"))

    def visit(service: Service) -> object:
        first = service.ask()
        second = service.ask_after_change(stage.work / "site_app.py", "first", "the second")
        assert (first, second) == ("first", "the second")
        return service.stop()

    stage.assert_serves_the_same(
        "--app site_app run --debug --port 0", {"site_app.py": FLASK_APP}, visit
    )


def _answer_of_a_child(service: Service, parent: int) -> dict[str, Any]:
    """Return an answer of a worker of this process."""

    def answer() -> dict[str, Any] | None:
        facts = json.loads(service.ask())
        return facts if facts["parent"] == parent else None

    return service.wait_for(answer, f"an answer from a child of {parent}")


def _number_in(path: Path) -> int:
    """Return the number in a file, or 0 if there is no number yet."""
    try:
        return int(path.read_text() or 0)
    except FileNotFoundError:
        return 0
