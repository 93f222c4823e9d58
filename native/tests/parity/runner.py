"""Run rows of the parity table: start the PEX, then the CZEX made from it at the same path, and compare."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import shutil
import sys
import zipfile
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Callable, Dict, Iterator, List, Sequence, Tuple

from pex.version import __version__ as PEX_VERSION

from parity.row import NEWEST, App, Row
from support.workshop import Workshop
from testing.differences import EVERYWHERE, MESSAGES
from testing.machine import Machine, Outcome, fill_path
from testing.missing import missing
from testing.pythons import Python

AT_ONCE = 2
USUAL_COMMAND = ("{python}", "{app}")


class Differs(AssertionError):
    """The CZEX behaves differently from its PEX."""


class RowIsWrong(Exception):
    """The PEX behaves differently from the row, so the row proves nothing."""


def pex_command(version: str) -> List[str]:
    """Return the `pex` command of a version; old versions are PEXes that Pants puts beside these tests."""
    if version == NEWEST:
        return [sys.executable, "-m", "pex"]
    path = Path("native") / f"pex-{version}.pex"
    if path.exists():
        return [sys.executable, str(path)]
    missing(f"{path}, which Pants puts beside this test")


class Factory:
    """Make the PEX and the CZEX of each app once. Several threads can use it."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._made: Dict[Tuple[str, str], Future[Path]] = {}
        self._lock = Lock()

    def pex_root(self, version: str) -> Path:
        """Return Pex's cache, which all rows share except those with a cache of their own."""
        path = self._workshop.root / version / "pex"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def pex(self, app: App, version: str) -> Path:
        name = hashlib.sha256(repr((app, version)).encode()).hexdigest()[:16]
        return self._once(name, "pex", lambda: self._build(name, app, version))

    def czex(self, app: App, version: str) -> Path:
        pex = self.pex(app, version)
        return self._once(pex.stem, "czex", lambda: self._workshop.czex(pex, layout=app.layout))

    def _once(self, name: str, kind: str, make: Callable[[], Path]) -> Path:
        with self._lock:
            is_mine = (name, kind) not in self._made
            future = self._made.setdefault((name, kind), Future())
        if is_mine:
            try:
                future.set_result(make())
            except BaseException as error:
                future.set_exception(error)
        return future.result()

    def _build(self, name: str, app: App, version: str) -> Path:
        # Different versions of Pex disturb each other in one cache.
        workshop = replace(self._workshop, root=self.pex_root(version).parent)
        sources = str(workshop.root / f"{name}.pex.sources")
        pex = workshop.pex(
            name,
            requirements=app.requirements,
            wheels=app.wheels,
            sources=dict(app.sources) or None,
            options=[_with_pythons(option).replace("{sources}", sources) for option in app.options],
            pex=pex_command(version),
        )
        assert _built_by(pex) == (PEX_VERSION if version == NEWEST else version)
        return pex


@dataclass(frozen=True)
class Trial:
    """The trial of a row: its PEX and its CZEX are started in the same directory, one after the other."""

    root: Path
    row: Row
    python: str

    @property
    def _values(self) -> Dict[str, str]:
        apps = self.root / "apps"
        places = {"app": apps / "app", "apps": apps, "home": self.root / "home"}
        values = {name: str(path) for name, path in places.items()}
        return {**values, "python": self.python, "work": str(self.root / "work")}

    def filled_in(self, text: str) -> str:
        values = self._values
        text = re.sub(r"\{([a-z]+)\}", lambda m: values.get(m.group(1), m.group(0)), text)
        return _with_pythons(text)

    def set_up(self, app: Path, beside: Dict[str, Path], pex_root: Path) -> Machine:
        """Return a new machine that contains only the files of the row."""
        shutil.rmtree(self.root, ignore_errors=True)
        for name in ("apps", "bin", "home/.cache", "work"):
            (self.root / name).mkdir(parents=True)
        if not self.row.own_pex_root:
            for name in (".pex", ".cache/pex"):
                (self.root / "home" / name).symlink_to(pex_root)
        for name, source in {"app": app, **beside}.items():
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, self.root / "apps" / name)
        for name, content in self.row.files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.filled_in(content))
            path.chmod(0o755 if content.startswith("#!") else 0o644)
        for name, target in self.row.links.items():
            (self.root / name).symlink_to(self.filled_in(target))
        self._put_on_path()
        machine = Machine(self.root / "home", self._environment())
        for command in self.row.before:
            done = machine.run("/bin/sh", "-ec", self.filled_in(command), cwd=self.root)
            if done.code:
                raise RowIsWrong(f"{command}: {done}")
        return machine

    def _put_on_path(self) -> None:
        names = {}
        for name in self.row.path:
            python = Python(name).path()
            names[os.path.basename(python)] = python
        if not self.row.path:
            # The shebang that Pex has written into the PEX names the last.
            own = "python{}.{}".format(*sys.version_info)
            for name in ("python", "python3", os.path.basename(self.python), own):
                names[name] = self.python
        fill_path(self.root / "bin", names)

    def _environment(self) -> Dict[str, str]:
        environment = {"PATH": str(self.root / "bin"), **self.row.env}
        return {name: self.filled_in(value) for name, value in environment.items()}

    def start(self, machine: Machine, command: Sequence[str]) -> Outcome:
        words = [self.filled_in(word) for word in (*command, *self.row.args)]
        cwd = self.filled_in(self.row.cwd)
        return machine.run(*words, cwd=cwd, given=self.row.stdin)

    def has_seen(self, outcome: Outcome) -> bool:
        """Return whether the output contains all texts that the row expects."""
        output = outcome.stdout + outcome.stderr
        return all(self.filled_in(text) in output for text in self.row.sees)

    def comparable(self, outcome: Outcome) -> Outcome:
        stdout, stderr = outcome.stdout, outcome.stderr
        for difference in (*EVERYWHERE, *self.row.differs):
            stdout, stderr = difference.without(stdout), difference.without(stderr)
            if difference.stderr:
                stderr = ""
        return Outcome(stdout, stderr, outcome.code)


def assert_same(row: Row, version: str, python: Python, factory: Factory, root: Path) -> None:
    """Raise RowIsWrong if the PEX behaves differently from the row, and Differs if the CZEX does."""
    trial = Trial(root, row, python.path())
    expected = _of_pex(trial, version, factory)
    for way, seen in _of_czex(trial, version, factory):
        if trial.comparable(seen) != trial.comparable(expected):
            before, after = _lines(trial.comparable(expected)), _lines(trial.comparable(seen))
            difference = difflib.unified_diff(
                before, after, "PEX", f"CZEX, {way}", lineterm="", n=0
            )
            raise Differs("\n".join(["", *difference]))
        if not trial.has_seen(seen):
            raise Differs(f"CZEX, {way}: {row.sees} is not in {seen}")
        if MESSAGES in row.differs and seen.stderr and not seen.stderr.startswith("czex: "):
            raise Differs(f"CZEX, {way}: {seen.stderr}")


def _of_pex(trial: Trial, version: str, factory: Factory) -> Outcome:
    row = trial.row
    beside = {name: factory.pex(app, version) for name, app in row.beside.items()}
    machine = trial.set_up(factory.pex(row.app, version), beside, factory.pex_root(version))
    outcome = trial.start(machine, row.command)
    if outcome.code != row.code or not trial.has_seen(outcome):
        raise RowIsWrong(f"the row says {row.code} and {row.sees}, the PEX {outcome}")
    return outcome


def _of_czex(trial: Trial, version: str, factory: Factory) -> Iterator[Tuple[str, Outcome]]:
    row = trial.row
    try:
        czex = factory.czex(row.app, version)
        beside = {name: factory.czex(app, version) for name, app in row.beside.items()}
    except AssertionError as error:
        raise Differs(str(error))
    machine = trial.set_up(czex, beside, factory.pex_root(version))
    yield "cold", trial.start(machine, row.command)
    yield "warm", trial.start(machine, row.command)
    if row.header and row.command == USUAL_COMMAND:
        yield "by its header", trial.start(machine, ("{app}",))
        yield "by its header again", trial.start(machine, ("{app}",))
    if machine.leftovers():
        raise Differs(f"left behind: {machine.leftovers()}")


def _built_by(pex: Path) -> str:
    """Return the version of Pex that built a PEX."""
    if pex.is_dir():
        info = (pex / "PEX-INFO").read_bytes()
    else:
        with zipfile.ZipFile(pex) as archive:
            info = archive.read("PEX-INFO")
    return str(json.loads(info)["build_properties"]["pex_version"])


def _lines(outcome: Outcome) -> List[str]:
    return [*outcome.stdout.splitlines(), *outcome.stderr.splitlines(), f"exit code {outcome.code}"]


def _with_pythons(text: str) -> str:
    return re.sub(r"\{(cpython[0-9.]+|pypy3)\}", lambda match: Python(match.group(1)).path(), text)


class Runner:
    """Run rows in the background, in the given order."""

    def __init__(self, factory: Factory, root: Path) -> None:
        self._factory = factory
        self._root = root
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._started: Dict[Tuple[str, str, str], Future[None]] = {}

    def start(self, row: Row, version: str, python: Python) -> None:
        root = self._root / str(len(self._started))
        self._started[row.name, version, python.name] = self._pool.submit(
            assert_same, row, version, python, self._factory, root
        )

    def wait_for(self, row: Row, version: str, python: Python) -> None:
        """Wait for a row, and raise the exception of `assert_same`."""
        self._started[row.name, version, python.name].result()

    def stop(self) -> None:
        for future in self._started.values():
            future.cancel()
        self._pool.shutdown()
