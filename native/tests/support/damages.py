"""A CZEX with a flipped bit or a missing end either works, or refuses to start with a message: damages, and their outcomes.

Each start is on a new machine.
"""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Sequence, Tuple

from pexcz.header import INCOMPLETE
from testing.machine import Machine

# The path of a file below a CZEX in packed layout, and a function that changes its content.
Damage = Tuple[str, Callable[[bytes], bytes]]
# Python or `sh` reads these files before any checksum is compared, and may report damage to them in its own words.
STARTED = ("__main__.py", "pex")
HEADER_BYTES = 1500
# The header begins with this brace.
BRACE = b"\n{ #"


def flip(bit: int) -> Callable[[bytes], bytes]:
    def flipped(content: bytes) -> bytes:
        return (
            content[: bit // 8]
            + bytes([content[bit // 8] ^ 1 << bit % 8])
            + content[bit // 8 + 1 :]
        )

    return flipped


def spread(bits: range, count: int) -> range:
    """Return so many of these bits, from all positions in a byte."""
    step = max(len(bits) // count, 1)
    return range(bits.start, bits.stop, step + (step % 2 == 0 and step > 1))


def flips(app: Path, starts: int) -> Iterator[Damage]:
    """Yield about `starts` flips, half of them in the parts that Python and `sh` read first."""
    if app.is_dir():
        files = [path for path in app.rglob("*") if path.is_file() and path.stat().st_size]
        for path in files:
            name = path.relative_to(app).as_posix()
            weight = 2 if name in STARTED else 2 * (len(files) - len(STARTED))
            for bit in spread(range(path.stat().st_size * 8), starts // weight):
                yield name, flip(bit)
        return
    with zipfile.ZipFile(app) as archive:
        first = min(info.header_offset for info in archive.infolist())
        main = archive.getinfo("__main__.py").header_offset
    size = app.stat().st_size
    for region, count in (
        (range(0, first), starts // 4),
        (range(first, main), starts // 2),
        (range(main, size), starts // 4),
    ):
        for bit in spread(range(region.start * 8, region.stop * 8), count):
            yield "", flip(bit)


def cuts(app: Path, starts: int) -> Iterator[Damage]:
    """Yield cuts at lengths from 0 on, at all lengths near the end, and after each line of the header."""
    files = [path for path in app.rglob("*") if path.is_file() and path.stat().st_size]
    for path in files if app.is_dir() else [app]:
        content = path.read_bytes()
        step = max(len(content) * max(len(files), 1) * 4 // starts, 1)
        lengths = set(range(0, len(content), step))
        if path.name in (*STARTED, app.name):
            lengths |= set(range(len(content) - 12, len(content)))
        if path.name in ("pex", app.name):
            lengths |= {end.end() for end in re.finditer(b"\n", content[:HEADER_BYTES])}
        name = path.relative_to(app).as_posix() if app.is_dir() else ""
        for length in sorted(lengths):
            yield name, lambda content, length=length: content[:length]  # type: ignore[misc]


def nuls(app: Path) -> Iterator[Damage]:
    """Yield a flip that turns a space into a NUL, for each line of the program that Python starts."""
    with zipfile.ZipFile(app) as archive:
        text = archive.read("__main__.py")
    start = app.read_bytes().index(text)
    for space in re.finditer(b"(?m)^[^\n ]* ", text):
        yield "", flip((start + space.end() - 1) * 8 + 5)


class Damager:
    """Damages copies of a CZEX, and starts several at a time.

    :param starters: Start one copy each, in turns: interpreters, or `/bin/sh`.
    :param machine_at: Makes a machine with this home directory.
    """

    def __init__(
        self,
        app: Path,
        starters: Sequence[str],
        scratch: Path,
        machine_at: Callable[[Path], Machine],
    ) -> None:
        self.app, self.starters, self.scratch, self.machine_at = app, starters, scratch, machine_at
        self.is_sh = "/bin/sh" in starters

    def run(self, damages: List[Damage]) -> int:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            wrong = [one for one in pool.map(self._try, range(len(damages)), damages) if one]
        assert not wrong, "\n".join(map(str, wrong[:5]))
        return len(damages)

    def _try(self, number: int, damage: Damage) -> Dict[str, object]:
        place = self.scratch / str(number)
        place.mkdir()
        try:
            return self._outcome(place, damage, self.starters[number % len(self.starters)])
        finally:
            shutil.rmtree(place)

    def _outcome(self, place: Path, damage: Damage, starter: str) -> Dict[str, object]:
        """Return the facts about a start with a wrong outcome, or an empty dictionary."""
        name, damaged = damage
        app = place / "app.czex"
        copy = shutil.copytree if self.app.is_dir() else shutil.copy
        copy(self.app, app)
        path = app / name if name else app
        before = path.read_bytes()
        after = damaged(before)
        path.write_bytes(after)
        pairs = enumerate(zip(before, after))
        at = next((at for at, (one, other) in pairs if one != other), len(after))
        started = app / "pex" if self.is_sh and app.is_dir() else app
        (place / "home").mkdir()
        machine = self.machine_at(place / "home")
        outcome = machine.run(starter, started, "x")
        left = [str(file) for file in machine.cache.rglob("*.tmp")]
        is_right = (outcome.stdout, outcome.code) == ("moo x\n", 1)
        # These are the only messages of Python that name no file.
        unnamed = ("null bytes", "zipimport: can't read data")
        is_named = any(words in outcome.stderr for words in (str(app), *unnamed))
        # `sh` runs the damaged header, which may give the name of another file to Python.
        header, _, _ = before.partition(b"PK\3\4")
        is_named = is_named or self.is_sh and at < len(header) and name in ("", "pex")
        is_refused = outcome.stdout == "" and outcome.code > 0 and is_named
        is_ours = outcome.stderr.startswith("czex: ") and outcome.stderr.count("\n") == 1
        # The boot doesn't read the bytes before the zip file, the zip file's directory, or the program.
        is_started = not name or name in STARTED
        is_traceback = "Traceback" in outcome.stderr
        if len(after) < len(before) and not name:
            # The message for a truncated file need not name it.
            # PyPy 3.11 looks for NUL bytes before it reads the name of the encoding.
            messages = (INCOMPLETE, "null bytes") if "pypy3.11" in starter else (INCOMPLETE,)
            is_refused = outcome.code == 1 and any(one in outcome.last_line for one in messages)
            is_traceback = False
        if not left and (is_right or is_refused and (is_ours or is_started)):
            if not is_traceback or name or at > len(before) - 5000:
                return {}
        # Before the second line, Python sees a program that does nothing, and so does `sh` before the brace.
        end = (
            before.find(BRACE) + 1
            if self.is_sh or name
            else before.find(b"coding") + len("coding:x")
        )
        if len(after) <= end and not outcome.stdout:
            return {}
        # `sh` runs no line of a header without an end.
        if self.is_sh and len(after) < len(header) and not name:
            if "yntax error" in outcome.stderr and not outcome.stdout:
                return {}
        return {
            "file": name,
            "starter": starter,
            "at": at,
            "of": len(before),
            "length": len(after),
            "outcome": outcome,
            "left": left,
        }
