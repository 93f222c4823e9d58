"""`bench/run`: builds the apps, measures them in turns, and shows the ratios."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import List

from rich.console import Console

from bench import counts, report
from bench.apps import APPS, Artifacts, build
from bench.measure import Result, measure
from bench.pythons import Python, find_python


def main() -> int:
    options = _options()
    console = Console()
    scratch = Path(options.scratch or tempfile.mkdtemp(prefix="czex-bench-"))
    results: List[Result] = []
    built: List[Artifacts] = []
    for version in options.pythons.split(","):
        python = Python.make(find_python(version), version, scratch)
        for name in options.apps.split(","):
            with console.status(f"Building {name} for Python {version}"):
                artifacts = build(APPS[name], python, scratch / f"{name}-{version}", options.level)
            built.append(artifacts)
            if not options.short:
                with console.status(f"Measuring {name} with Python {version}"):
                    results += measure(artifacts, options.rounds, options.cold_rounds)
    report.show_sizes(console, built)
    report.show_times(console, results)
    violations = counts.check(built)
    report.show_counts(console, violations)
    if options.json:
        data = {"sizes": report.sizes(built), "times": [result.data() for result in results]}
        Path(options.json).write_text(json.dumps(data, indent=2, sort_keys=True) + "\n")
    return 1 if any(not violation.holds for violation in violations) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--apps", default="cowsay,large", help=f"of {','.join(APPS)}")
    parser.add_argument("--pythons", default="3.11,3.13", help="versions, by comma")
    parser.add_argument("--rounds", type=int, default=40, help="warm starts of each kind")
    parser.add_argument("--cold-rounds", type=int, default=7, help="cold starts of each kind")
    parser.add_argument("--level", type=int, default=9, help="the zstd compression level")
    parser.add_argument("--json", help="write the numbers to this file, too")
    parser.add_argument("--scratch", help="build here, and keep it for the next time")
    parser.add_argument(
        "--short", action="store_true", help="check only what can be counted without a clock"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
