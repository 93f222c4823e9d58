"""The ways to import an app's modules that are compared. Each is built from the app's venv."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Dict, List, Optional

from bench.forms.apps import ROOT, App
from bench.forms.artifacts import write_script
from bench.forms.pythons import Python
from bench.measure.processes import environment

VENV = "the venv's script"


@dataclass(frozen=True)
class Start:
    argv: List[str]
    variables: Dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ways:
    """All ways for one app and interpreter."""

    app: App
    python: Python
    directory: Path

    @property
    def log(self) -> Path:
        return self.directory / "output"

    @property
    def variables(self) -> Dict[str, str]:
        # The order of sets changes the counts.
        return {**environment(self.python, self.directory), "PYTHONHASHSEED": "0"}

    @cached_property
    def _venv_python(self) -> str:
        """The interpreter of a venv with the app, in the versions of the lockfile."""
        venv = self.directory / "venv"
        python = str(venv / "bin" / "python")
        complete = venv / "complete"
        if not complete.exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            subprocess.run([self.python.executable, "-m", "venv", venv], check=True)
            command = [python, "-m", "pip", "--quiet", "install", "--prefer-binary"]
            if int(self.python.version.split(".")[1]) >= 11:
                # The lockfile is for these Pythons. For older ones, pip chooses the versions.
                constraints = self.directory / "constraints"
                lines = self.app.lockfile.read_text().splitlines()
                pins = [line.rstrip(" \\") for line in lines if line[:1].isalpha() and "==" in line]
                constraints.write_text("\n".join(pins))
                command += ["--constraint", str(constraints)]
            subprocess.run([*command, *self.app.requirements], check=True)
            if self.app.source:
                write_script(venv, self.app)
            complete.touch()
        return python

    @property
    def _script(self) -> List[str]:
        return [str(Path(self._venv_python).with_name(self.app.script)), *self.app.arguments]

    def starts(self, czex: Optional[str]) -> Dict[str, Start]:
        """Build everything, and return the starts by their names."""
        python, script = self._venv_python, self._script
        plain = [python, *script]
        starts = {VENV: Start(plain)}
        if czex:
            argv = [str(self.python.executable), czex, *self.app.arguments]
            starts["the CZEX"] = Start(argv)
            starts["the CZEX without import table"] = Start(argv, {"PEXCZ_IMPORTS": "0"})
        minor = int(self.python.version.split(".")[1])
        if minor >= 11:
            starts["`-X frozen_modules=off`"] = Start([python, "-Xfrozen_modules=off", *script])
        if minor >= 15:
            starts["`-X lazy_imports=all`"] = Start([python, "-Xlazy_imports=all", *script])
        learnt = self._learn()
        for kind in "stored", "deflated":
            zip_file = self._make("zip", kind, learnt)
            starts[f"one zip file, {kind}"] = Start(plain, {"PYTHONPATH": zip_file})
        starts["bytecode of `-OO`"] = Start([python, "-OO", *script])
        for kind in "same", "without lines":
            caches = self._bytecode(kind)
            starts[f"bytecode elsewhere, {kind}"] = Start(plain, caches)
        run = [python, str(self._compiled("start.py"))]
        starts["no collections"] = Start([*run, "quiet", "-", *script])
        one = self._make("table", "modules", learnt)
        starts["one file"] = Start([*run, "table", one, *script])
        starts["one file, no collections"] = Start([*run, "table,quiet", one, *script])
        stream = self._make("table", "stream", learnt)
        starts["one stream"] = Start([*run, "stream", stream, *script])
        starts["one stream, no collections"] = Start([*run, "stream,quiet", stream, *script])
        bare = self._make("table", "bare", learnt)
        argv = [*run, "stream,quiet", bare, *script]
        starts["one stream without lines, no collections"] = Start(argv)
        return starts

    def _learn(self) -> str:
        """Return the file with the modules that a start imports."""
        output = str(self.directory / "learnt")
        self._run([self._venv_python, str(self._compiled("learn.py")), output, *self._script])
        return output

    def _make(self, kind: str, variant: str, learnt: str) -> str:
        """Make a file from the learnt modules, in the measured interpreter: it knows its own bytecode."""
        output = str(self.directory / f"{kind}-{variant}")
        self._run(
            [self._venv_python, str(self._compiled("make.py")), kind, variant, learnt, output]
        )
        return output

    def _bytecode(self, kind: str) -> Dict[str, str]:
        """Return the variables with which Python finds changed bytecode of all modules."""
        caches = {"PYTHONPYCACHEPREFIX": str(self.directory / f"bytecode-{kind}")}
        self._run([self._venv_python, *self._script], caches)
        if kind == "without lines":
            make = str(self._compiled("make.py"))
            self._run([self._venv_python, make, "bytecode", caches["PYTHONPYCACHEPREFIX"]])
        return caches

    def _compiled(self, name: str) -> Path:
        """Return the bytecode of a program beside this file, so that no start compiles it."""
        output = self.directory / f"{name}c"
        if not output.exists():
            code = "import py_compile, sys; py_compile.compile(*sys.argv[1:], doraise=True)"
            source = ROOT / "bench" / "beyond" / "inside" / name
            self._run([self._venv_python, "-c", code, str(source), str(output)])
        return output

    def _run(self, argv: List[str], more: Optional[Dict[str, str]] = None) -> None:
        variables = {**self.variables, **(more or {})}
        subprocess.run(argv, env=variables, check=True, stdout=subprocess.DEVNULL)
