"""Add files from other directories of the repository to a wheel and to an sdist.

`carried` in `pyproject.toml` maps their paths, relative to the project, to paths in the wheel. An sdist has them in `carried/`, by
the same paths without `../`. So the sdist builds the same wheel, without the repository and without a compiler.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

DIRECTORY = "carried"


class CarriedFiles(BuildHookInterface):
    def initialize(self, version: str, build_data: Dict[str, Any]) -> None:
        for source, target in self.config[DIRECTORY].items():
            path = Path(self.root, source)
            in_sdist = Path(DIRECTORY, source.replace("../", ""))
            if not path.exists():
                path = Path(self.root, in_sdist)
            if not path.exists():
                raise OSError(
                    f"can't build {self.metadata.name}: {source} is missing; use ./pants package"
                )
            place = in_sdist.as_posix() if self.target_name == "sdist" else target
            build_data["force_include"][str(path)] = place
