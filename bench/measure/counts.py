"""Measurements that need no clock, with their bounds. CI fails if one is exceeded."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from bench.forms.artifacts import Artifacts
from bench.forms.czexes import FOUR_PLATFORMS
from bench.measure.processes import environment
from bench.measure.setting import CZEX, CZEX_SH, EMPTY_ZIP, VENV_SCRIPT, Setting, references

COWSAY_BYTES_MAX = 114_500
COWSAY_FOUR_PLATFORMS_BYTES_MAX = 260_000
PERCENT_OF_PEX_MAX = {"web": 80, "torch": 74}
ENTRIES_BEYOND_PACKS_MAX = 40
# The system calls that `python cowsay.czex` makes and an empty zip app doesn't.
CALLS_BEYOND_EMPTY_ZIP_MAX = 40
# The system calls that `./cowsay.czex` makes and the venv's script, which needs no shell, doesn't. Two of them get and return the
# memory for the app's frames (`native/boot/room.py`).
CALLS_BEYOND_VENV_SCRIPT_MAX = 136
# The first start installs the app, and the second learns the table.
STARTS_UNTIL_TABLE = 3
# Of a start that imports a large module: the number of modules that the venv's script and an empty zip app don't import (it is `gc`,
# which Python has built in), the system calls and the bytes read. Both are in percent of the venv's script.
OF_IMPORT_MAX = {"with an import table": (1, 46, 103), "without it": (1, 101, 103)}


MODULES = "modules that the warm path imports"
CALLS = "system calls of a warm start"


def count(setting: Setting) -> List[Dict[str, Any]]:
    """Return the rows of counts. `bound` is the largest allowed value, or null."""
    return [row for artifacts in setting.saying_hi for row in _of_app(setting, artifacts)]


def holds(row: Dict[str, Any]) -> bool:
    return row["bound"] is None or row["value"] <= row["bound"]


def missing_tools() -> List[str]:
    """Describe the counts for which a tool is missing."""
    return [] if shutil.which("strace") else [f"{CALLS}: strace isn't on PATH"]


def _of_app(setting: Setting, artifacts: Artifacts) -> List[Dict[str, Any]]:
    cache = setting.new_directory(artifacts.app.name, "counts")
    for argv in _commands(artifacts).values():
        setting.start(argv, cache)
        setting.start(argv, cache)
    facts = [*_bytes(artifacts), _entries(artifacts), _modules(artifacts, cache)]
    if shutil.which("strace"):
        facts += _calls(artifacts, cache)
        if artifacts.app.module:
            facts += _of_import(setting, artifacts)
    of = {"app": artifacts.app.name, "python": artifacts.python.version}
    return [{**of, "what": what, "value": value, "bound": bound} for what, value, bound in facts]


def _commands(artifacts: Artifacts) -> Dict[str, List[str]]:
    return {
        **references(artifacts),
        CZEX: [str(artifacts.python.executable), str(artifacts.czex), "hi"],
        CZEX_SH: [str(artifacts.czex), "hi"],
    }


Fact = Tuple[str, int, Optional[int]]


def _bytes(artifacts: Artifacts) -> Iterator[Fact]:
    size = artifacts.czex.stat().st_size
    if artifacts.app.name == "cowsay":
        yield "bytes, one platform", size, COWSAY_BYTES_MAX
        if len(artifacts.czexes.platforms) == len(FOUR_PLATFORMS):
            four = artifacts.czex_of_all_platforms.stat().st_size
            yield "bytes, four platforms", four, COWSAY_FOUR_PLATFORMS_BYTES_MAX
    else:
        percent = 100 * size / artifacts.pex.stat().st_size
        yield "percent of the PEX's bytes", math.ceil(percent), PERCENT_OF_PEX_MAX[
            artifacts.app.name
        ]


def _entries(artifacts: Artifacts) -> Fact:
    names = zipfile.ZipFile(artifacts.czex).namelist()
    others = [name for name in names if not name.startswith(".czex/packs/")]
    return "zip entries beside packs", len(others), ENTRIES_BEYOND_PACKS_MAX


def _modules(artifacts: Artifacts, cache: Path) -> Fact:
    """Count the modules that a warm start imports, but not an empty zip app or the venv's script."""
    imported = {
        file: _imported(artifacts, file, "hi", environment(artifacts.python, cache))
        for file in (artifacts.czex, artifacts.empty_zip, artifacts.venv_script)
    }
    extra = imported.pop(artifacts.czex).difference(*imported.values(), {"marshal"})
    return MODULES, len(extra), 0


def _imported(
    artifacts: Artifacts, file: Path, argument: str, variables: Mapping[str, str]
) -> Set[str]:
    python = artifacts.python.executable
    if file == artifacts.venv_script:
        python = file.parent / "python"
    process = subprocess.run(
        [python, "-X", "importtime", file, argument],
        env=dict(variables),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = re.findall(r"^import time:[^|]*\|[^|]*\|(.*)$", process.stderr, re.M)
    return {line.strip() for line in lines}


def _calls(artifacts: Artifacts, cache: Path) -> Iterator[Fact]:
    counted = {
        kind: _system_calls(artifacts, argv, cache) for kind, argv in _commands(artifacts).items()
    }
    bounds = {
        CZEX: counted[EMPTY_ZIP] + CALLS_BEYOND_EMPTY_ZIP_MAX,
        CZEX_SH: counted[VENV_SCRIPT] + CALLS_BEYOND_VENV_SCRIPT_MAX,
    }
    for kind, calls in counted.items():
        yield f"{CALLS}, {kind}", calls, bounds.get(kind)


def _system_calls(artifacts: Artifacts, argv: Sequence[str], cache: Path) -> int:
    return len(_trace(argv, environment(artifacts.python, cache), cache))


def _of_import(setting: Setting, artifacts: Artifacts) -> Iterator[Fact]:
    """Count what a start does that imports the large module, with an import table and without one."""
    cache = setting.new_directory(artifacts.app.name, "table")
    variables = environment(artifacts.python, cache)
    script = [str(artifacts.venv_script), "import"]
    argv = [str(artifacts.python.executable), str(artifacts.czex), "import"]
    for _ in range(STARTS_UNTIL_TABLE):
        setting.start(argv, cache)
        setting.start(script, cache)
    usual = {
        "marshal",
        *_imported(artifacts, artifacts.venv_script, "import", variables),
        *_imported(artifacts, artifacts.empty_zip, "hi", variables),
    }
    calls, read = _calls_and_bytes(script, variables, cache)
    for kind, value in ("with an import table", "1"), ("without it", "0"):
        chosen = {**variables, "PEXCZ_IMPORTS": value}
        extra = _imported(artifacts, artifacts.czex, "import", chosen) - usual
        bounds = OF_IMPORT_MAX[kind]
        what = f"of `import {artifacts.app.module}` {kind}"
        yield f"modules beyond the venv script's and an empty zip's, {what}", len(extra), bounds[0]
        found = _calls_and_bytes(argv, chosen, cache)
        for name, number, of_venv, bound in zip(
            ("system calls", "bytes read"), found, (calls, read), bounds[1:]
        ):
            percent = math.ceil(100 * number / of_venv)
            yield f"percent of the venv script's {name}, {what}", percent, bound


def _calls_and_bytes(
    argv: Sequence[str], variables: Mapping[str, str], cache: Path
) -> Tuple[int, int]:
    calls = _trace(argv, variables, cache)
    read = (re.match(r"(?:read|pread64)\(.* = (\d+)$", call) for call in calls)
    return len(calls), sum(int(match.group(1)) for match in read if match)


def _trace(argv: Sequence[str], variables: Mapping[str, str], cache: Path) -> List[str]:
    """Return the lines of strace for the system calls of a command and its children."""
    log = cache / "strace"
    # With two -f, each process has a file of its own: log.PID.
    command = ["strace", "-ff", "-o", str(log), *argv]
    subprocess.run(command, env=dict(variables), check=True, capture_output=True)
    calls = []
    for path in log.parent.glob("strace.*"):
        lines = path.read_text(errors="replace").splitlines()
        calls += [line for line in lines if re.match(r"\w+\(", line)]
        path.unlink()
    return calls
