"""Examine a start of a CZEX on this machine, without starting the app: the parts that it would use, and their problems.

It follows the rules of a real start. The `sh` header of the file chooses an interpreter. That interpreter runs `doctor_start.py`,
which uses the boot of the file.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence

from pexcz.czexfile import Czex, read_czex
from pexcz.errors import PexczError, message
from pexcz.header import VARIABLES
from pexcz.pexfile import BEGINNING_BYTES_MAX
from pexcz.verify import check

DRIVER = Path(__file__).with_name("doctor_start.py")
TIMEOUT_S = 120
# Prints the command that the header would execute. The text of the header is changed, because `sh` allows no function named `exec`.
TELL = "told() { printf '%s\\000' \"$@\"; exit 0; }\n"
_HANDS_OVER = re.compile(r'\bexec (?="\$)')
_NATIVE = re.compile(r"\.(so|pyd|dylib)(\.[\d.]+)?$")
_NAME = "czex: "
# Set in the process of the chosen interpreter, which continues the start.
CHOSEN = "_CZEX_COLD_CHOSEN"
KNOWN = {"PEX_ROOT", *(name for name in VARIABLES if name.startswith("PEX_"))}


@dataclass
class Part:
    """A part of a start: facts about it, problems that make the start fail, and notes."""

    facts: Dict[str, Any] = field(default_factory=dict)
    problems: List[str] = field(default_factory=list)
    notes: List[str] = field(default_factory=list)

    def data(self) -> Dict[str, Any]:
        return {**self.facts, "problems": self.problems, "notes": self.notes}


class Diagnosis:
    """The results of `pexcz doctor` for a CZEX."""

    def __init__(self, path: Path) -> None:
        self.file = Part({"path": str(path)})
        self.interpreter = Part()
        self.variables = Part()
        self.cache = Part()
        self.environment = Part()

    @property
    def parts(self) -> Dict[str, Part]:
        return dict(vars(self))

    @property
    def problems(self) -> List[str]:
        return [problem for part in self.parts.values() for problem in part.problems]

    def data(self) -> Dict[str, Any]:
        return {name: part.data() for name, part in self.parts.items()}


def diagnose(path: Path, python: str | None, environ: Mapping[str, str]) -> Diagnosis:
    """Examine a start of the CZEX at `path`.

    :param python: The command that starts it, as in `python app.czex`. None means that the file itself is executed.
    """
    found = Diagnosis(path)
    try:
        czex = read_czex(path)
        check(czex)
    except (PexczError, OSError) as e:
        found.file.problems.append(message(e))
        return found
    found.file.facts["size"] = czex.size
    found.file.facts["platforms"] = sorted(czex.manifest["runtimes"])
    _read_variables(found.variables, environ)
    app = path.absolute() / "pex" if path.is_dir() else path.absolute()
    if python is None and os.name != "nt" and not os.access(app, os.X_OK):
        found.file.notes.append(
            f"{app} is not executable; start it by an interpreter, or `chmod +x` it"
        )
    command = [python] if python else _own_command(found.interpreter, app, environ)
    if command:
        report = _examine(found, command, app, environ)
        if report.get("noexec") and _has_native_libraries(czex):
            found.cache.problems.append(
                f"{report['root']} is on a file system that is mounted noexec: native libraries can't be loaded from it"
            )
    return found


def _has_native_libraries(czex: Czex) -> bool:
    return any(
        _NATIVE.search(path)
        for record in czex.manifest["packs"]
        for path, _, _ in czex.pack_info(record).files
    )


def _read_variables(part: Part, environ: Mapping[str, str]) -> None:
    values = {name: environ[name] for name in environ if name.startswith(("PEX_", "PEXCZ_"))}
    part.facts["values"] = dict(sorted(values.items()))
    for name in sorted(values):
        if name.startswith("PEX_") and name not in KNOWN:
            part.notes.append(f"{name} has no meaning, and makes each start slower; unset it")


def _own_command(part: Part, app: Path, environ: Mapping[str, str]) -> List[str] | None:
    """Return the interpreter, and its flags, that would run if the file itself is executed."""
    if os.name == "nt":
        return [sys.executable]
    with open(app, "rb") as stream:
        begin = stream.read(BEGINNING_BYTES_MAX)
    header, end, _ = begin.partition(b"\n}\n")
    if not begin.startswith(b"#!/bin/sh\n") or not end:
        shebang = begin.partition(b"\n")[0][2:].decode("utf-8", "replace")
        part.facts["found_by"] = f"the shebang, {shebang}"
        return shlex.split(shebang)
    part.facts["found_by"] = "the sh header"
    text = TELL + _HANDS_OVER.sub("told ", (header + end).decode("utf-8"))
    try:
        process = _run(["/bin/sh", "-c", text, str(app)], environ)
    except subprocess.TimeoutExpired:
        part.problems.append(f"the sh header has found no interpreter within {TIMEOUT_S} seconds")
        return None
    words = process.stdout.split("\0")[:-1]
    if not words:
        part.problems.append(_without_name(process.stderr.strip()))
        return None
    # The command is the interpreter and its flags, followed by the file to run.
    runs = (str(app), f"{words[0][: -len('bin/python')]}./__main__.py")
    return words[: next(index for index, word in enumerate(words) if word in runs)]


def _run(argv: Sequence[str], environ: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        argv,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=TIMEOUT_S,
    )


def _examine(
    found: Diagnosis, command: Sequence[str], app: Path, environ: Mapping[str, str]
) -> Dict[str, Any]:
    report = _report(command, app, environ)
    if "restart" in report:
        found.interpreter.facts["found_first"] = report["executable"]
        chosen = _report([report["restart"]], app, {**environ, CHOSEN: "asked"})
        # Only the first process of a start prints warnings.
        report = {**chosen, "deprecated": report["deprecated"]}
    for name, part in found.parts.items():
        part.problems += map(_without_name, report.get(name, ()))
    found.interpreter.facts.update(
        path=report.get("executable", command[0]), name=report.get("name")
    )
    found.variables.notes += map(_without_name, report.get("deprecated", ()))
    found.cache.facts.update(
        path=report.get("root"), free=report.get("free"), needed=report.get("needed")
    )
    found.environment.notes += [
        f"a start will ask the PEX {path}, which installs itself to answer"
        for path in report.get("unknown", ())
    ]
    found.environment.facts.update(
        path=report.get("venv"), installed=report.get("installed", False)
    )
    return report


def _without_name(line: str) -> str:
    """Return a message of the boot without its prefix."""
    return line[len(_NAME) :] if line.startswith(_NAME) else line


def _report(command: Sequence[str], app: Path, environ: Mapping[str, str]) -> Dict[str, Any]:
    """Run `doctor_start.py` in an interpreter, and return its report. If it doesn't run, report that as a problem."""
    try:
        process = _run([*command, str(DRIVER), str(app)], environ)
        report: Dict[str, Any] = json.loads(process.stdout.rpartition("\n")[2])
        return report
    except OSError as e:
        reason = e.strerror or str(e)
    except subprocess.TimeoutExpired:
        reason = f"it did not answer within {TIMEOUT_S} seconds"
    except ValueError:
        lines = process.stderr.strip().splitlines()
        reason = lines[-1] if lines else f"exit code {process.returncode}"
    return {"interpreter": [f"can't start {command[0]}: {reason}"]}
