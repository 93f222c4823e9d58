"""A repository that uses this backend, and runs Pants in it.

Pants is the one that the tests run with, or the command in CZEX_TEST_PANTS, such as "env PANTS_VERSION=2.33.0 pants".
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping

from czex.assets import NATIVE, PACKAGE, TOOL
from czex.rules_for_tests import flags, options

OTHER_PANTS = shlex.split(os.environ.get("CZEX_TEST_PANTS", ""))
# Options that only the Pants of the tests needs, for its Pex.
OF_THIS_PANTS = ("pex-cli",) if OTHER_PANTS else ()

# An app with a wheel, `hello:czex`.
HELLO = {
    "hello/BUILD": """\
python_sources(name="lib")
resource(name="greeting", source="greeting.txt")
python_requirements(name="reqs")
pex_binary(name="hello", entry_point="main.py", dependencies=[":greeting"])
czex_binary(
    name="czex", pex_binary=":hello", platforms=["linux-x86_64"], precompile=["3.9"]
)
""",
    "hello/main.py": "import os, pkgutil, sys, cowsay\n"
    "print(pkgutil.get_data('hello', 'greeting.txt').decode(), sys.argv[1:], os.environ['HOME'])\n"
    "sys.exit(len(sys.argv))\n",
    "hello/greeting.txt": "Hello!\n",
    "hello/requirements.txt": "cowsay==5.0\n",
    "hello/__init__.py": "",
}


@dataclass(frozen=True)
class Result:
    stdout: str
    log: str
    exit_code: int

    @property
    def ran(self) -> list[str]:
        """The descriptions of the processes that ran. Processes with cached results are not included."""
        return re.findall(r"\[INFO\] Completed: (.+)", self.log)

    @property
    def counters(self) -> dict[str, int]:
        """The counters of Pants, if it ran with `--stats-log`."""
        _, _, counters = self.log.partition("[INFO] Counters:\n")
        return {name: int(count) for name, count in re.findall(r"  (\w+): (\d+)", counters)}


@dataclass(frozen=True)
class Repository:
    """A repository.

    :param root: Its directory.
    :param store: The directory for results of processes. A new one is empty.
    :param has_backend: Whether Pants finds the backend of these tests. If not, the caller also writes `pants.toml`.
    :param environment: Variables that Pants runs with, in addition to the test's.
    :param umask: The umask that Pants runs with.
    """

    root: Path
    store: Path
    has_backend: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    umask: int = -1

    @classmethod
    def make(cls, root: Path, store: Path) -> Repository:
        repository = cls(root, store)
        repository.configure(options())
        return repository

    def configure(self, settings: Mapping[str, Mapping[str, object]]) -> None:
        """Write a `pants.toml` with these options by scope, and the options that every repository has."""
        scopes: dict[str, Mapping[str, object]] = {
            "GLOBAL": {
                "pants_version": "2.17.1",
                "backend_packages": ["pants.backend.python", "czex"],
                "local_store_dir": str(self.store),
                **self._python_path(),
            },
            "anonymous-telemetry": {"enabled": False},
            **settings,
        }
        lines = [
            line
            for scope, values in scopes.items()
            if scope not in OF_THIS_PANTS
            for line in (
                f"[{scope}]",
                *(f"{name} = {toml(value)}" for name, value in values.items()),
            )
        ]
        self.write({"pants.toml": "\n".join(lines) + "\n"})

    def _python_path(self) -> dict[str, object]:
        """Return the option by which another Pants finds the backend: in the repository itself, if it has one."""
        places = [self.root / "pants-plugins", PACKAGE.parent]
        return {"pythonpath": list(map(str, places))} if OTHER_PANTS else {}

    def write(self, files: Mapping[str, str]) -> None:
        for path, content in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(content)

    def check_out_backend(self) -> None:
        """Copy the backend into the repository. Pants then runs that copy, and notices changes of it."""
        for source in (NATIVE, PACKAGE, TOOL):
            shutil.copytree(
                source,
                self.root / source.relative_to(NATIVE.parent),
                ignore=shutil.ignore_patterns("BUILD", "__pycache__", "*_test.py"),
            )

    def pants(self, *arguments: str) -> Result:
        kept = ("HOME", "PANTS_CA_CERTS_PATH", "PATH")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        paths = [os.path.abspath(path) for path in sys.path if path]
        given = ["--no-dynamic-ui", "--no-colors"]
        if not self.has_backend:
            paths = [path for path in paths if os.path.isdir(os.path.join(path, "pants"))]
            # Options for this machine, not for the repository.
            own = ("czex", "python", *OF_THIS_PANTS)
            needed = {scope: of for scope, of in options().items() if scope not in own}
            given += flags({**needed, "anonymous-telemetry": {"enabled": False}})
            given.append(f"--local-store-dir={self.store}")
        if not OTHER_PANTS:
            # A backend in the repository itself comes first.
            paths.insert(0, str(self.root / "pants-plugins"))
            environment["PYTHONPATH"] = os.pathsep.join(paths)
        process = subprocess.run(
            [*(OTHER_PANTS or (sys.executable, "-m", "pants")), *given, *arguments],
            cwd=self.root,
            env={
                **environment,
                "LC_ALL": "C.UTF-8",
                "NO_SCIE_WARNING": "1",
                **self.environment,
            },
            umask=self.umask,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        return Result(process.stdout, process.stderr, process.returncode)

    def stop(self) -> None:
        """Stop the daemon. It must not outlive the repository."""
        for pid in self.root.glob(".pids/*/pantsd/pid"):
            with suppress(ProcessLookupError):
                os.kill(int(pid.read_text()), signal.SIGTERM)

    def package(self, target: str) -> Result:
        result = self.pants("package", target)
        assert result.exit_code == 0, result.log
        return result


def toml(value: object) -> str:
    """Format a value for TOML. The `repr` of Python is valid TOML for the types that tests use."""
    return str(value).lower() if isinstance(value, bool) else repr(value)
