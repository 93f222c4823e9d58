"""The setting of a part of the bench: an interpreter, the apps that it starts, and a directory for them."""

from __future__ import annotations

import re
import shutil
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

    @property
    def real(self) -> List[Artifacts]:
        return [artifacts for artifacts in self.apps if artifacts.app.is_real]

    @property
    def saying_hi(self) -> List[Artifacts]:
        return [artifacts for artifacts in self.apps if not artifacts.app.is_real]

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
PEX_RC = "./app.pex, --rc --venv --sh-boot"
SHIV = "python app.pyz, shiv"
CZEX = "python app.czex"
CZEX_SH = "./app.czex"
CZEX_BYTECODE = f"{CZEX}, bytecode packs"
CZEX_SH_BYTECODE = f"{CZEX_SH}, bytecode packs"


def zip_apps(artifacts: Artifacts) -> Dict[str, List[str]]:
    """Return the commands that start an app from one file, by their names in the tables."""
    if artifacts.app.is_real:
        return _of_real_app(artifacts)
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
    return _with_arguments(artifacts, commands)


def _of_real_app(artifacts: Artifacts) -> Dict[str, List[str]]:
    """Return the forms that a user would choose from. A `czex_binary` for one version of Python has bytecode packs."""
    python = str(artifacts.python.executable)
    commands = {
        PEX: [python, str(artifacts.pex)],
        PEX_SH_BOOT: [str(artifacts.pex_sh_boot)],
        SHIV: [python, str(artifacts.shiv)],
        CZEX_BYTECODE: [python, str(artifacts.czex_with_bytecode)],
        CZEX_SH_BYTECODE: [str(artifacts.czex_with_bytecode)],
    }
    if shutil.which("pexrc"):
        commands[PEX_RC] = [str(artifacts.pex_rc)]
    return _with_arguments(artifacts, commands)


def _with_arguments(artifacts: Artifacts, commands: Dict[str, List[str]]) -> Dict[str, List[str]]:
    return {kind: [*argv, *artifacts.app.arguments] for kind, argv in commands.items()}


def missing_forms() -> List[str]:
    """Describe the forms for which a tool is missing."""
    return [] if shutil.which("pexrc") else [f"{PEX_RC}: pexrc isn't on PATH"]


def references(artifacts: Artifacts) -> Dict[str, List[str]]:
    """Return the commands to compare with. They have no caches, so they have no cold start."""
    python, arguments = str(artifacts.python.executable), artifacts.app.arguments
    venv_script = {VENV_SCRIPT: [str(artifacts.venv_script), *arguments]}
    if artifacts.app.is_real:
        return venv_script
    return {
        **venv_script,
        PASS: [python, "-c", "pass"],
        EMPTY_ZIP: [python, str(artifacts.empty_zip), *arguments],
        EMPTY_SH: [str(artifacts.empty_sh), *arguments],
    }
