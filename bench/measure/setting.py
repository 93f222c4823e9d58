"""The setting of a part of the bench: an interpreter, the apps that it starts, and a directory for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence

from bench.forms.artifacts import Artifacts
from bench.forms.pythons import Python
from bench.measure.processes import Usage, environment, run


@dataclass(frozen=True)
class Setting:
    """The input of each part of the bench.

    :param scratch: A directory for this part of this run.
    """

    python: Python
    apps: Sequence[Artifacts]
    scratch: Path
    rounds: int
    cold_rounds: int

    @property
    def large(self) -> List[Artifacts]:
        """The apps that are large enough to measure how they are unpacked and imported."""
        return [artifacts for artifacts in self.apps if artifacts.app.module]

    def new_directory(self, *names: object) -> Path:
        """Make a directory with a new name: creating files where many were deleted takes several times as long."""
        # Pex fails if its cache has a space in its path.
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
    """Return the commands that start an app from one file, by their names in the tables."""
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
    """Return the commands to compare with. They have no caches, so they have no cold start."""
    python = str(artifacts.python.executable)
    return {
        VENV_SCRIPT: [str(artifacts.venv_script), "hi"],
        PASS: [python, "-c", "pass"],
        EMPTY_ZIP: [python, str(artifacts.empty_zip), "hi"],
        EMPTY_SH: [str(artifacts.empty_sh), "hi"],
    }
