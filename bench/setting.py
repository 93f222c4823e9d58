"""An interpreter, the apps that it is to start, and where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence

from bench.artifacts import Artifacts
from bench.processes import Usage, environment, run
from bench.pythons import Python


@dataclass(frozen=True)
class Setting:
    """What each part of the bench is given.

    :param scratch: Of this run alone.
    """

    python: Python
    apps: Sequence[Artifacts]
    scratch: Path
    rounds: int
    cold_rounds: int

    @property
    def large(self) -> List[Artifacts]:
        """The apps with something to unpack and to import."""
        return [artifacts for artifacts in self.apps if artifacts.app.module]

    def new_directory(self, *names: object) -> Path:
        """One that has never been there: creating files where many were deleted takes several times as long."""
        # Pex doesn't get on with spaces.
        path = self.scratch / re.sub(r"[^\w.-]+", "_", "-".join(map(str, names)))
        path.mkdir(parents=True)
        return path

    def start(self, argv: Sequence[str], cache: Path) -> Usage:
        """Start an app with its caches in `cache`."""
        return run(argv, environment(self.python, cache), cache / "output")


VENV_SCRIPT = "venv script"
PASS = "python -c pass"
EMPTY_ZIP = "python empty.zip"
EMPTY_SH = "./empty.sh"
PEX = "python app.pex"
PEX_VENV = "python app.pex, --venv"
PEX_SH_BOOT = "./app.pex, --venv --sh-boot"
SHIV = "python app.pyz, shiv"
CZEX = "python app.czex"
CZEX_SH = "./app.czex"
CZEX_BYTECODE = f"{CZEX}, bytecode packs"


def zip_apps(artifacts: Artifacts) -> Dict[str, List[str]]:
    """The commands that start an app from one file, by their names in the tables."""
    python = str(artifacts.python.executable)
    commands = {
        PEX: [python, str(artifacts.pex)],
        PEX_VENV: [python, str(artifacts.pex_venv)],
        PEX_SH_BOOT: [str(artifacts.pex_sh_boot)],
        SHIV: [python, str(artifacts.shiv)],
        CZEX: [python, str(artifacts.czex)],
        CZEX_SH: [str(artifacts.czex)],
        CZEX_BYTECODE: [python, str(artifacts.czex_with_bytecode)],
    }
    return {kind: [*argv, "hi"] for kind, argv in commands.items()}


def references(artifacts: Artifacts) -> Dict[str, List[str]]:
    """What they are compared with. Nothing of these can be cold."""
    python = str(artifacts.python.executable)
    return {
        VENV_SCRIPT: [str(artifacts.venv_script), "hi"],
        PASS: [python, "-c", "pass"],
        EMPTY_ZIP: [python, str(artifacts.empty_zip), "hi"],
        EMPTY_SH: [str(artifacts.empty_sh), "hi"],
    }
