"""Compare other ways to import an app's modules with the venv's own: `python3 -m bench.beyond --help`.

Callgrind counts the instructions and the cache misses of a start. The counts are nearly the same on a busy machine. They are turned
into a number of cycles by a model. CPU time, the other measure, needs a quiet machine.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

from bench.beyond.ways import VENV, Start, Ways
from bench.forms.apps import APPS
from bench.forms.pythons import Python, find_python
from bench.measure.processes import Usage, run
from bench.measure.timings import take_turns, turns_of

# Callgrind has two levels of caches, and takes a level 2 cache of this size, ways and line for the last.
CALLGRIND = "--tool=callgrind --callgrind-out-file=/dev/null --cache-sim=yes --LL=1048576,16,64"


class Counts(NamedTuple):
    """The instructions of a start, and how often data or code was missing in a cache."""

    instructions: int
    level1: int
    level2: int

    @property
    def cycles(self) -> float:
        """A model: a processor runs 2.5 instructions in a cycle, and waits for the next cache or the memory."""
        return 0.4 * self.instructions + 10 * self.level1 + 40 * self.level2


def main() -> None:
    options = _read()
    scratch = Path(options.scratch or tempfile.mkdtemp(prefix="czex-beyond-"))
    version = options.python
    try:
        python = Python.make(find_python(version), version, scratch)
        czexes = dict(czex.split("=", 1) for czex in options.czex)
        for name in options.apps.split(","):
            ways = Ways(APPS[name], python, scratch / f"{name}-{version}")
            starts = ways.starts(czexes.get(name))
            starts = {
                way: start
                for way, start in starts.items()
                if way == VENV or re.search(options.ways, way)
            }
            print("\n".join(_table(f"`{name}`, {version}", _measure(starts, ways, options.rounds))))
    finally:
        if not options.scratch:
            shutil.rmtree(scratch)


def _read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m bench.beyond", description=__doc__)
    parser.add_argument("--python", default="3.11", help="a version (default: %(default)s)")
    parser.add_argument(
        "--apps", default="celery,django,sqlfluff,pandas", help="default: %(default)s"
    )
    parser.add_argument(
        "--ways", default="", help="a regular expression of their names (default: all)"
    )
    parser.add_argument(
        "--rounds", type=int, default=11, help="of CPU times (default: %(default)s)"
    )
    parser.add_argument(
        "--czex", action="append", default=[], metavar="APP=FILE", help="a CZEX to start, too"
    )
    parser.add_argument("--scratch", help="build in this directory, and keep it for the next run")
    return parser.parse_args()


class Row(NamedTuple):
    counts: Counts
    cpu: float
    output: str


def _measure(starts: Dict[str, Start], ways: Ways, rounds: int) -> Dict[str, Optional[Row]]:
    """Return the facts of each start, or `None` for a start that fails."""
    outputs: Dict[str, Optional[str]] = {}
    for name, start in starts.items():
        try:
            # Python compiles in the first start. A CZEX also needs a start to learn its import table.
            for _ in range(4):
                _start(start, ways, 0)
            outputs[name] = ways.log.read_text()
        except RuntimeError as error:
            print(error, file=sys.stderr)
            outputs[name] = None
    works = {
        name: partial(_start, start, ways)
        for name, start in starts.items()
        if outputs[name] is not None
    }
    timings = take_turns(turns_of(ways.app.name, "", "warm", works), rounds, float("inf"))
    times = {timing.kind: statistics.median(timing.cpu) for timing in timings}
    return {
        name: Row(_count(start, ways), times[name], outputs[name] or "") if name in works else None
        for name, start in starts.items()
    }


def _start(start: Start, ways: Ways, number: int) -> Usage:
    return run(start.argv, {**ways.variables, **start.variables}, ways.log)


def _count(start: Start, ways: Ways) -> Counts:
    log = ways.directory / "callgrind"
    argv = ["valgrind", *CALLGRIND.split(), f"--log-file={log}", *start.argv]
    subprocess.run(argv, env={**ways.variables, **start.variables}, check=True, capture_output=True)
    # The counts are Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw.
    (line,) = re.findall(r"Collected : ([\d ]+)", log.read_text())
    counts = [int(word) for word in line.split()]
    return Counts(counts[0], sum(counts[3:6]), sum(counts[6:9]))


def _table(title: str, rows: Dict[str, Optional[Row]]) -> List[str]:
    headings = (
        "instructions, millions",
        "L1 misses",
        "L2 misses",
        "cycles, model",
        "CPU",
        "same output",
    )
    lines = [f"| {title} | {' | '.join(headings)} |", "| --- " + "| ---: " * len(headings) + "|"]
    reference = rows[VENV]
    assert reference
    for name, row in rows.items():
        if not row:
            lines.append(f"| {name} | fails |" + " |" * (len(headings) - 1))
            continue
        counts = row.counts
        millions = f"{counts.instructions / 1e6:.0f} | {counts.level1 / 1e6:.2f} | {counts.level2 / 1e6:.2f}"
        ratios = f"{counts.cycles / reference.counts.cycles:.2f} | {row.cpu / reference.cpu:.2f}"
        same = "yes" if row.output == reference.output else "no"
        lines.append(f"| {name} | {millions} | {ratios} | {same} |")
    return [*lines, ""]


if __name__ == "__main__":
    main()
