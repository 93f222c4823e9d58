"""A repository that uses this backend, and the Pants that runs in it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

from czex.rules_for_tests import flags, options


@dataclass(frozen=True)
class Result:
    stdout: str
    log: str
    exit_code: int

    @property
    def ran(self) -> list[str]:
        """The descriptions of the processes that Pants ran, not those that it had the results of."""
        return re.findall(r"\[INFO\] Completed: (.+)", self.log)


@dataclass(frozen=True)
class Repository:
    """A repository at `root`. `store` holds its results, so that a new one knows of none.

    :param has_backend: Pants finds the backend that the tests belong to; else it knows nothing of it, and
        `pants.toml` is still to be written.
    """

    root: Path
    store: Path
    has_backend: bool = True

    @classmethod
    def make(cls, root: Path, store: Path) -> Repository:
        repository = cls(root, store)
        scopes: dict[str, Mapping[str, object]] = {
            "GLOBAL": {
                "pants_version": "2.17.1",
                "backend_packages": ["pants.backend.python", "czex"],
                "local_store_dir": str(store),
            },
            "anonymous-telemetry": {"enabled": False},
            **options(),
        }
        lines = [
            line
            for scope, values in scopes.items()
            for line in (
                f"[{scope}]",
                *(f"{name} = {toml(value)}" for name, value in values.items()),
            )
        ]
        repository.write({"pants.toml": "\n".join(lines) + "\n"})
        return repository

    def write(self, files: Mapping[str, str]) -> None:
        for path, content in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(content)

    def pants(self, *arguments: str) -> Result:
        kept = ("HOME", "PANTS_CA_CERTS_PATH", "PATH")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        paths = [os.path.abspath(path) for path in sys.path if path]
        given = ["--no-dynamic-ui", "--no-colors"]
        if not self.has_backend:
            paths = [path for path in paths if os.path.isdir(os.path.join(path, "pants"))]
            # Of the machine, not of the repository.
            needed = {scope: of for scope, of in options().items() if scope != "python"}
            given += flags({**needed, "anonymous-telemetry": {"enabled": False}})
            given.append(f"--local-store-dir={self.store}")
        process = subprocess.run(
            [sys.executable, "-m", "pants", *given, *arguments],
            cwd=self.root,
            env={
                **environment,
                "LC_ALL": "C.UTF-8",
                "NO_SCIE_WARNING": "1",
                "PYTHONPATH": os.pathsep.join(paths),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        return Result(process.stdout, process.stderr, process.returncode)

    def stop(self) -> None:
        """Stop the daemon, which a repository that goes away must not leave behind."""
        for pid in self.root.glob(".pids/*/pantsd/pid"):
            with suppress(ProcessLookupError):
                os.kill(int(pid.read_text()), signal.SIGTERM)

    def package(self, target: str) -> Result:
        result = self.pants("package", target)
        assert result.exit_code == 0, result.log
        return result


def toml(value: object) -> str:
    """For the few kinds of value that a test's options have, Python writes what TOML reads."""
    return str(value).lower() if isinstance(value, bool) else repr(value)
