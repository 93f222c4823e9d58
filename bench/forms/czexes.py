"""Make CZEX files with `pexcz` from this checkout, with the options that a user of its wheel would give."""

from __future__ import annotations

import compileall
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Sequence

from bench.forms.apps import ROOT

RUNTIMES = ROOT / "dist" / "native" / "runtimes"
HOST = f"linux-{platform.machine()}"
FOUR_PLATFORMS = ("linux-x86_64", "linux-aarch64", "macos-arm64", "windows-x86_64")


class Czexes:
    """A directory of CZEX files, with the boot and the runtimes that they get."""

    def __init__(self, directory: Path, level: int) -> None:
        self.directory = directory
        self.level = level
        self.native = directory / "native"
        self._tool = directory / "tool"
        directory.mkdir(parents=True)
        if not (RUNTIMES / HOST).is_dir():
            sys.exit(
                f"can't find a runtime for {HOST} in {RUNTIMES}; start the bench by bench/run, which builds it"
            )
        shutil.copytree(ROOT / "native" / "boot", self.native / "boot")
        shutil.copy(ROOT / "native" / "platforms.json", self.native)
        shutil.copytree(RUNTIMES, self.native / "runtime")
        # As pip installs it.
        shutil.copytree(ROOT / "pants-plugins" / "pexcz", self._tool / "pexcz")
        compileall.compile_dir(self._tool, quiet=1)

    @property
    def platforms(self) -> List[str]:
        """The names of those of the four platforms whose runtimes were built."""
        return [name for name in FOUR_PLATFORMS if (RUNTIMES / name).is_dir()]

    def missing(self) -> List[str]:
        """Describe the CZEX files for which a runtime is missing."""
        runtimes = sorted(set(FOUR_PLATFORMS) - set(self.platforms))
        if not runtimes:
            return []
        return [f"four platforms: there is no runtime for {', '.join(runtimes)}"]

    def inject(
        self,
        pex: Path,
        name: str,
        platforms: Sequence[str] = (HOST,),
        options: Sequence[str] = (),
    ) -> Path:
        output = self.directory / f"{name}.czex"
        command = self.injection(pex, output, platforms, options)
        subprocess.run(command, env=self.environment, check=True)
        return output

    def injection(
        self,
        pex: Path,
        output: Path,
        platforms: Sequence[str] = (HOST,),
        options: Sequence[str] = (),
    ) -> List[str]:
        """Return the command that makes a CZEX."""
        command = [sys.executable, "-B", "-m", "pexcz", "inject", str(pex), "-o", str(output)]
        command += ["--native", str(self.native), "--level", str(self.level), *options]
        for name in platforms:
            command += ["--platform", name]
        return command

    @property
    def environment(self) -> Dict[str, str]:
        kept = ("HOME", "PATH", "TMPDIR")
        found = {name: os.environ[name] for name in kept if name in os.environ}
        return {**found, "LANG": "C.UTF-8", "PYTHONPATH": str(self._tool)}
