"""The program behind `bench/run`: build the apps, measure them in turns, and show the ratios."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

from rich.console import Console

from bench.forms.apps import APPS
from bench.forms.artifacts import Artifacts, Unavailable
from bench.forms.czexes import Czexes
from bench.forms.pythons import Python, find_python
from bench.measure import counts, dropped, noise
from bench.measure.parts import LISTS, PARTS
from bench.measure.setting import Setting, missing_forms
from bench.measure.tidy import Tidy
from bench.options import command, read
from bench.report import charts, documents
from bench.report.sections import sections


def main() -> int:
    options = read()
    console = Console() if sys.stdout.isatty() else Console(width=160)
    if options.saved:
        results = json.loads(Path(options.saved).read_text())
    else:
        results = Run(options, console).results()
        if options.beside:
            results = beside(json.loads(Path(options.beside).read_text()), results)
    for tables in sections(results).values():
        for table in tables:
            console.print(table.rich())
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    if options.svg:
        charts.write(Path(options.svg), results)
    for document in options.markdown:
        documents.write(Path(document), results)
    return 1 if any(not counts.holds(row) for row in results["counts"]) else 0


class Run:
    """A run of the bench. It keeps the apps that it builds in `scratch`, and removes all other files at its end."""

    def __init__(self, options: argparse.Namespace, console: Console) -> None:
        self.options = options
        self.console = console
        self.scratch = Path(options.scratch or tempfile.mkdtemp(prefix="czex-bench-"))
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.directory = self.scratch / f"run-{time.time_ns()}"
        self.tidy = Tidy(self.scratch)
        self.rows: Dict[str, List[Dict[str, Any]]] = {name: [] for name in LISTS}
        self.not_measured = _left_out(options)

    def results(self) -> Dict[str, Any]:
        """Measure everything, and return the results, from which all tables are made."""
        load, machine = noise.load(), noise.machine(self.scratch)
        try:
            for version in self.options.pythons:
                self._measure(Python.make(find_python(version), version, self.scratch))
        finally:
            shutil.rmtree(self.directory if self.options.scratch else self.scratch)
        return {
            **self.rows,
            "runs": [
                {
                    "machine": machine,
                    "command": command(self.options),
                    "load_before": load,
                    "load_after": noise.load(),
                    "not_measured": sorted(set(self.not_measured)),
                }
            ],
        }

    def _measure(self, python: Python) -> None:
        directory = self.directory / python.version
        czexes = Czexes(directory / "czexes", self.options.level)
        self.not_measured += czexes.missing()
        apps = self._build(python, czexes)
        for name in self.options.parts:
            kind, measure = PARTS[name]
            scratch = directory / name
            scratch.mkdir()
            with self.console.status(f"Measuring {name} with Python {python.version}"):
                if kind == "timings":
                    self.tidy.wait()
                rounds = (self.options.rounds, self.options.cold_rounds)
                self.rows[kind] += measure(Setting(python, apps, scratch, *rounds))
                self.tidy.remove(scratch)

    def _build(self, python: Python, czexes: Czexes) -> List[Artifacts]:
        """Build all apps that can be built for this interpreter."""
        built = []
        for app in map(APPS.__getitem__, self.options.apps):
            if app.pythons and python.version not in app.pythons:
                self.not_measured.append(f"{app.name}: only with Python {', '.join(app.pythons)}")
                continue
            directory = self.scratch / f"{app.name}-{python.version}"
            artifacts = Artifacts(app, python, directory, czexes)
            try:
                with self.console.status(f"Building {app.name} for Python {python.version}"):
                    artifacts.build()
            except Unavailable as error:
                if not app.optional:
                    sys.exit(str(error))
                self.not_measured.append(str(error))
            else:
                built.append(artifacts)
        return built


def beside(earlier: Dict[str, Any], results: Dict[str, Any]) -> Dict[str, Any]:
    """Add the results of this run to those of earlier runs, or replace earlier rows with them.

    Times of two machines can't be compared. Therefore this run on another machine replaces all times of the apps that it measured.
    """
    runs = earlier["runs"] + results["runs"]
    is_same = all(run["machine"] == results["runs"][0]["machine"] for run in earlier["runs"])
    timed = set() if is_same else {(row["app"], row["python"]) for row in results["timings"]}
    both = {}
    for name in LISTS:
        measured_again = set(map(_identity, results[name]))
        kept = [row for row in earlier[name] if _identity(row) not in measured_again]
        if name == "timings":
            kept = [row for row in kept if (row["app"], row["python"]) not in timed]
        both[name] = kept + results[name]
    return {"runs": runs, **both}


def _identity(row: Dict[str, Any]) -> Tuple[Any, ...]:
    return tuple(row.get(name) for name in ("app", "python", "state", "kind", "what"))


def _left_out(options: argparse.Namespace) -> List[str]:
    """Describe the measurements that were not requested, and those for which a tool is missing."""
    left_out = [*counts.missing_tools(), *missing_forms(), *dropped.missing()]
    for option, known in (("apps", APPS), ("parts", PARTS)):
        names = [name for name in known if name not in getattr(options, option)]
        if names:
            left_out.append(f"{', '.join(names)}: not among --{option}")
    return left_out


if __name__ == "__main__":
    sys.exit(main())
