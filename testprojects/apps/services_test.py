"""Server apps from PyPI behave in a CZEX as in their PEX."""

from __future__ import annotations

import json
from pathlib import Path

import app_inputs as inputs
from testing.pair import Pair
from testing.pythons import PYTHON
from testing.stage import Service, Stage

CLIENT = "import tasks; print([tasks.add.delay(n, 1).get(timeout=100) for n in range(3)])"


def test_celery_worker_serves_its_client(machine_root: Path) -> None:
    stage = Stage(machine_root, Pair.of("apps", "celery"))
    client = Stage(machine_root, stage.pair, {"PEX_INTERPRETER": "1"})

    def visit(service: Service) -> object:
        words = service.process.args
        assert isinstance(words, list)
        app = stage.pair.pex if str(stage.pair.pex) in words else stage.pair.czex
        outcome = client.run([PYTHON.path(), str(app), "-c", CLIENT])
        return outcome, service.stop()

    stage.assert_serves_the_same("-A tasks worker --concurrency 2", inputs.CELERY_TASKS, visit)


def test_django_server_reloads(machine_root: Path) -> None:
    stage = Stage(machine_root, Pair.of("apps", "django"))

    def visit(service: Service) -> object:
        first = service.ask()
        second = service.ask_after_change(stage.work / "urls.py", "first", "the second")
        assert (first, second) == ("first", "the second")
        return service.stop()

    stage.assert_serves_the_same(
        "runserver --settings settings --pythonpath . 127.0.0.1:{port}",
        inputs.DJANGO_SITE,
        visit,
    )


def test_jupyter_server_knows_its_kernel(machine_root: Path) -> None:
    stage = Stage(machine_root, Pair.of("apps", "jupyter"))

    def visit(service: Service) -> object:
        kernels = json.loads(service.ask("/api/kernelspecs?token=secret"))
        return service.ask("/api"), service.ask("/api/contents"), kernels, service.stop()

    stage.assert_serves_the_same(
        "server --allow-root --no-browser --port 0 --IdentityProvider.token=secret",
        {"a_file": "content"},
        visit,
    )
