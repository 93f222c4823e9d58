"""The measured forms of an app: a plain venv, PEXes, a shiv, and CZEX files. Each is built at its first use."""

from __future__ import annotations

import shlex
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import List, Sequence

from bench.forms.apps import App
from bench.forms.czexes import Czexes
from bench.forms.pythons import Python


class Unavailable(Exception):
    """An app that can't be built here. The message says why."""


_EMPTY = """
import sys
sys.path[0] = {site_packages!r}
{pth_lines}
from {module} import {function}
sys.exit({function}())
"""


@dataclass(frozen=True)
class Artifacts:
    """An app in all its forms, for one interpreter.

    :param directory: For the forms that depend on the requirements alone; a later run can use them again.
    :param czexes: Makes the CZEX files, in a directory of this run.
    """

    app: App
    python: Python
    directory: Path
    czexes: Czexes

    @property
    def name(self) -> str:
        return f"{self.app.name}-{self.python.version}"

    def build(self) -> None:
        """Build the forms that every part needs. Raise `Unavailable` if the package index lacks a wheel."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.venv, self.pex, self.czex  # noqa: B018  Each access builds one.

    @cached_property
    def venv(self) -> Path:
        """A plain venv with the app."""
        venv = self.directory / "venv"
        complete = venv / "complete"
        if not complete.exists():
            wheels = self._wheels()
            command = _pip(venv, "install", "--no-index", "--no-deps", "--no-compile")
            _run([*command, *map(str, sorted(wheels.glob("*.whl")))])
            if self.app.source:
                write_script(venv, self.app)
            complete.touch()
        return venv

    def _wheels(self) -> Path:
        """Return a directory with the wheels of the app, in the versions of the lockfile."""
        venv, wheels = self.directory / "venv", self.directory / "wheels"
        if not (venv / "pyvenv.cfg").exists():
            _run([str(self.python.executable), "-m", "venv", str(venv)])
        locked = self._locked_wheels(venv)
        command = _pip(venv, "download", "--isolated", "--no-index", "--find-links", str(locked))
        _run([*command, "--dest", str(wheels), *self.app.requirements])
        return wheels

    def _locked_wheels(self, venv: Path) -> Path:
        """Download all wheels of the lockfile, or build them from their sdists. Other apps use them, too."""
        lockfile = self.app.lockfile
        wheels = self.directory.parent / f"wheels-{lockfile.stem}-{self.python.version}"
        complete = wheels / "complete"
        if complete.exists():
            return wheels
        command = _pip(
            venv,
            "wheel",
            "--use-pep517",
            "--no-deps",
            "--require-hashes",
            "--wheel-dir",
            str(wheels),
        )
        try:
            _run([*command, "--requirement", str(lockfile)])
        except subprocess.CalledProcessError as error:
            errors = [line for line in error.stderr.splitlines() if line.startswith("ERROR:")]
            raise Unavailable(
                f"{self.app.name} for Python {self.python.version}: pip can't get the wheels of "
                f"{lockfile.name} from its package index: "
                + (errors[-1] if errors else error.stderr.strip())[len("ERROR: ") :]
            )
        complete.touch()
        return wheels

    @property
    def files(self) -> int:
        """The number of files in the wheels."""
        wheels = (self.directory / "wheels").glob("*.whl")
        return sum(len(zipfile.ZipFile(wheel).namelist()) for wheel in wheels)

    def _pth_lines(self) -> List[str]:
        """Return the lines of `.pth` files in the wheels that Python runs at each start."""
        wheels = sorted((self.directory / "wheels").glob("*.whl"))
        return [
            line
            for file in map(zipfile.ZipFile, wheels)
            for name in file.namelist()
            if name.endswith(".pth") and "/" not in name
            for line in file.read(name).decode().splitlines()
            if line.startswith("import ")
        ]

    @property
    def venv_script(self) -> Path:
        return self.venv / "bin" / self.app.script

    @property
    def site_packages(self) -> Path:
        (path,) = self.venv.glob("lib/python*/site-packages")
        return path

    @cached_property
    def empty_zip(self) -> Path:
        """A zip app that does only the work of the venv's script: the lower limit for `python FILE`."""
        path = self.directory / "empty.zip"
        module, _, function = self.app.entry_point.partition(":")
        main = _EMPTY.format(
            site_packages=str(self.site_packages),
            pth_lines="\n".join(self._pth_lines()),
            module=module,
            function=function,
        )
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("__main__.py", main.lstrip())
        return path

    @cached_property
    def empty_sh(self) -> Path:
        """A shell script with the path of the venv's script, which it starts: the lower limit for `./FILE`."""
        path = self.directory / "empty.sh"
        words = [str(self.venv / "bin" / "python"), str(self.venv_script)]
        path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        path.chmod(0o755)
        return path

    @cached_property
    def pex(self) -> Path:
        return self._pex("zipapp", "sources")

    @cached_property
    def pex_venv(self) -> Path:
        return self._pex("venv", "sources", "--venv")

    @cached_property
    def pex_sh_boot(self) -> Path:
        return self._pex("sh-boot", "sources", "--venv", "--sh-boot")

    @cached_property
    def pex_rc(self) -> Path:
        """A PEX with the runtime of `pexrc`, which must be on PATH."""
        return self._pex("rc", "sources", "--rc", "--venv", "--sh-boot")

    def _pex(self, name: str, sources: str, *options: str) -> Path:
        output = self.directory / f"{name}.pex"
        if output.exists():
            return output
        command = [sys.executable, "-m", "pex", "--python", str(self.python.executable)]
        # Without pip, which Pex would fetch first for some Pythons.
        command += ["--pre-resolved-dists", str(self.directory / "wheels")]
        command += [*self.app.requirements, "--output-file", str(output), *options]
        if self.app.source:
            directory = self.directory / sources
            directory.mkdir(exist_ok=True)
            (directory / "app.py").write_text(f"# The {sources}.\n{self.app.source}")
            command += ["--sources-directory", str(directory)]
        _run([*command, "--entry-point", self.app.entry_point])
        return output

    @cached_property
    def shiv(self) -> Path:
        output = self.directory / "shiv.pyz"
        if not output.exists():
            tree = self.directory / "shiv"
            command = _pip(self.venv, "install", "--no-index", "--no-deps", "--no-compile")
            wheels = map(str, sorted((self.directory / "wheels").glob("*.whl")))
            _run([*command, "--target", str(tree), *wheels])
            if self.app.source:
                (tree / "app.py").write_text(self.app.source)
            command = [sys.executable, "-m", "shiv", "--site-packages", str(tree)]
            command += ["--entry-point", self.app.entry_point, "--output-file", str(output)]
            _run(command)
        return output

    @cached_property
    def czex(self) -> Path:
        return self.czexes.inject(self.pex, self.name)

    @cached_property
    def czex_of_all_platforms(self) -> Path:
        """A CZEX with all runtimes of the four platforms that were built."""
        return self.czexes.inject(self.pex, f"{self.name}-platforms", self.czexes.platforms)

    @cached_property
    def czex_with_bytecode(self) -> Path:
        return self.czexes.inject(self.pex, f"{self.name}-bytecode", options=self._precompile)

    @cached_property
    def upgraded(self) -> Path:
        """Another version of the app, with the same wheels."""
        return self.czexes.inject(self._next_pex, f"{self.name}-next")

    @cached_property
    def upgraded_with_bytecode(self) -> Path:
        name = f"{self.name}-next-bytecode"
        return self.czexes.inject(self._next_pex, name, options=self._precompile)

    @property
    def _next_pex(self) -> Path:
        return self._pex("next", "sources of the next version")

    @property
    def _precompile(self) -> List[str]:
        return ["--precompile", str(self.python.executable)]


def _pip(venv: Path, *arguments: str) -> List[str]:
    return [str(venv / "bin" / "python"), "-m", "pip", "--quiet", *arguments]


def write_script(venv: Path, app: App) -> None:
    (site_packages,) = venv.glob("lib/python*/site-packages")
    (site_packages / "app.py").write_text(app.source)
    script = venv / "bin" / app.script
    script.write_text(f"#!{venv}/bin/python\nimport sys\nfrom app import main\nsys.exit(main())\n")
    script.chmod(0o755)


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
