"""A machine to start apps on, and the outcome of a start."""

from __future__ import annotations

import shutil
import subprocess
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Set

from testing.pythons import Python

# A shell script may start these, and so may the header of a CZEX, and Pex.
SHELL_TOOLS = (
    *("cat", "dirname", "env", "id", "ldd", "ls", "mkdir", "readlink", "rm", "sh", "tr", "uname"),
)
# A loaded machine may need much of it.
PATIENCE_SECONDS = 300
# The programs that the running test has started. The parity tests start others in threads, in advance.
STARTED: Set[str] = set()


@dataclass(frozen=True)
class Outcome:
    """The output and the exit code of a process."""

    stdout: str
    stderr: str
    code: int

    @property
    def last_line(self) -> str:
        return self.stderr.strip().splitlines()[-1]


@dataclass(frozen=True)
class Machine:
    """An empty home directory, and a clean environment.

    :param enter: The words before each command.
    """

    root: Path
    variables: Dict[str, str] = field(default_factory=dict)
    enter: Sequence[str] = ()

    @property
    def cache(self) -> Path:
        return self.root / ".cache" / "czex"

    def with_(self, **variables: str) -> Machine:
        return replace(self, variables={**self.variables, **variables})

    def with_python(self, python: Python) -> Machine:
        """Return the machine with this interpreter first on PATH."""
        return self.with_(PATH=f"{Path(python.path()).parent}:/usr/bin:/bin")

    def start(self, *argv: object, **kwargs: Any) -> subprocess.Popen[bytes]:
        if threading.current_thread() is threading.main_thread():
            STARTED.add(str(argv[0]))
        environment = {"HOME": str(self.root), "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
        return subprocess.Popen(
            [*self.enter, *map(str, argv)],
            env={**environment, **self.variables},
            **{**pipes, **kwargs},
        )

    def run(self, *argv: object, given: str = "", **kwargs: Any) -> Outcome:
        """Run a process to its end, with `given` as its standard input."""
        process = self.start(*argv, **kwargs)
        stdout, stderr = process.communicate(given.encode(), timeout=PATIENCE_SECONDS)
        return Outcome(stdout.decode(), stderr.decode("utf-8", "replace"), process.returncode)

    def leftovers(self) -> List[str]:
        """Return the temporary files that are still there."""
        return [
            str(path)
            for path in self.root.rglob("*")
            if path.name.endswith((".tmp", ".lock", ".discarded", ".plan"))
        ]


def fill_path(directory: Path, executables: Mapping[str, str]) -> Path:
    """Make a directory for PATH that has the tools of a shell and these executables, by their names."""
    directory.mkdir(exist_ok=True)
    targets = {name: shutil.which(name, path="/bin:/usr/bin") for name in SHELL_TOOLS}
    for name, target in {**targets, **executables}.items():
        if target and not (directory / name).exists():
            (directory / name).symlink_to(target)
    return directory
