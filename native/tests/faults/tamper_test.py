"""A CZEX with a flipped bit or a missing end either works, or refuses to start with a message.

Each start is on a new machine. `pants-plugins/pexcz/verify_test.py` has the same damage for `pexcz verify`.
"""

from __future__ import annotations

import marshal
import os
import re
import shutil
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Tuple

import pytest

from pexcz.header import INCOMPLETE
from support.workshop import Workshop
from testing.long_runs import LONG, counted
from testing.machine import Machine
from testing.pythons import EVERY_PYTHON, PYTHON, Python, on_every_python

# The path of a file below a CZEX in packed layout, and a function that changes its content.
Damage = Tuple[str, Callable[[bytes], bytes]]
# Python or `sh` reads these files before any checksum is compared, and may report damage to them in its own words.
STARTED = ("__main__.py", "pex")
# The starters of each way take turns.
WAYS = {
    "python": EVERY_PYTHON,
    "cpython2.7": [Python("cpython2.7")],
    "cpython3.7": [Python("cpython3.7")],
    "sh": ["/bin/sh"],
}
HEADER_BYTES = 1500
# Python itself refuses a program with these bytes: NUL, and bytes that are not UTF-8.
UNREADABLE = (0, *range(128, 256))
# The header begins with this brace.
BRACE = b"\n{ #"
STARTS = 1_000 if LONG else 30


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


def flips(app: Path) -> Iterator[Damage]:
    """Yield flips, half of them in the parts that Python and `sh` read first."""
    if app.is_dir():
        files = [path for path in app.rglob("*") if path.is_file() and path.stat().st_size]
        for path in files:
            name = path.relative_to(app).as_posix()
            weight = 2 if name in STARTED else 2 * (len(files) - len(STARTED))
            for bit in spread(range(path.stat().st_size * 8), STARTS // weight):
                yield name, flip(bit)
        return
    with zipfile.ZipFile(app) as archive:
        first = min(info.header_offset for info in archive.infolist())
        main = archive.getinfo("__main__.py").header_offset
    size = app.stat().st_size
    for region, count in (
        (range(0, first), STARTS // 4),
        (range(first, main), STARTS // 2),
        (range(main, size), STARTS // 4),
    ):
        for bit in spread(range(region.start * 8, region.stop * 8), count):
            yield "", flip(bit)


def cuts(app: Path) -> Iterator[Damage]:
    """Yield cuts at lengths from 0 on, at all lengths near the end, and after each line of the header."""
    files = [path for path in app.rglob("*") if path.is_file() and path.stat().st_size]
    for path in files if app.is_dir() else [app]:
        content = path.read_bytes()
        step = max(len(content) * max(len(files), 1) * 4 // STARTS, 1)
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
    """Damages copies of a CZEX, and starts several at a time."""

    def __init__(self, app: Path, way: str, scratch: Path) -> None:
        self.app, self.scratch = app, scratch
        self.starters = [part.path() if isinstance(part, Python) else part for part in WAYS[way]]
        self.is_sh = way == "sh"

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
        copy = shutil.copytree if self.app.is_dir() else shutil.copy
        app = copy(self.app, place / "app.czex")
        path = app / name if name else app
        before = path.read_bytes()
        after = damaged(before)
        path.write_bytes(after)
        pairs = enumerate(zip(before, after))
        at = next((at for at, (one, other) in pairs if one != other), len(after))
        started = app / "pex" if self.is_sh and app.is_dir() else app
        (place / "home").mkdir()
        machine = Machine(place / "home").with_python(PYTHON)
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
            is_refused = outcome.code == 1 and INCOMPLETE in outcome.last_line
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


@pytest.fixture(scope="module", params=["zipapp", "packed"])
def app(request: pytest.FixtureRequest, workshop: Workshop, cow_pex: Path) -> Path:
    return workshop.czex(cow_pex, layout=request.param)


@pytest.mark.parametrize("way", ["python", "sh"])
def test_flipped_bit_never_gives_a_wrong_output(app: Path, tmp_path: Path, way: str) -> None:
    counted(Damager(app, way, tmp_path).run(list(flips(app))), "flips")


@pytest.mark.parametrize("way", ["python", "sh"])
def test_truncated_file_is_not_run(app: Path, tmp_path: Path, way: str) -> None:
    counted(Damager(app, way, tmp_path).run(list(cuts(app))), "lengths")


@pytest.mark.parametrize("way", ["cpython2.7", "cpython3.7"])
def test_nul_does_not_end_the_program(cow: Path, tmp_path: Path, way: str) -> None:
    """Python before 3.8 runs only the text before a NUL, which would silently do nothing."""
    counted(Damager(cow, way, tmp_path).run(list(nuls(cow))), "starts")


def test_damage_to_the_program_gives_a_message(cow: Path, tmp_path: Path) -> None:
    """The flips leave out bytes that Python refuses, and the few lines of the program that print the message."""
    with zipfile.ZipFile(cow) as archive:
        text = archive.read("__main__.py")
    content = cow.read_bytes()
    start = content.index(text)
    own_words = 0
    first, last = text.index(b"import marshal"), text.index(b"exec(code)")
    bits = spread(range(first * 8, last * 8), STARTS)
    for number, bit in enumerate(bits):
        damaged = flip(start * 8 + bit)(content)
        if damaged[start + bit // 8] in UNREADABLE:
            own_words += 1
            continue
        home = tmp_path / str(number)
        home.mkdir()
        app = home / "app.czex"
        app.write_bytes(damaged)
        python = EVERY_PYTHON[number % len(EVERY_PYTHON)]
        outcome = Machine(home).run(python.path(), app, "x")
        assert (outcome.stdout, outcome.code) == ("", 1), (bit, python, outcome)
        assert outcome.last_line.startswith(f"czex: can't start {app}"), (bit, python, outcome)
        assert " is damaged: " in outcome.last_line and "Traceback" not in outcome.stderr
    assert own_words < len(bits) / 4
    counted(len(bits) - own_words, "flips")


@on_every_python()
def test_damaged_runtime_is_not_written(
    app: Path, machine: Machine, tmp_path: Path, python: Python
) -> None:
    """The runtime is executed, so a damaged one must not be in the cache for even a moment."""
    damaged = tmp_path / "app.czex"
    if app.is_dir():
        shutil.copytree(app, damaged)
        (runtime,) = damaged.glob(".czex/runtime/*/*")
        content = runtime.read_bytes()
        runtime.write_bytes(flip(len(content) * 4)(content))
    else:
        # The entry is stored without compression, so only a checksum can reveal the damage.
        with zipfile.ZipFile(app) as source, zipfile.ZipFile(damaged, "w") as target:
            for name in source.namelist():
                content = source.read(name)
                is_runtime = name.startswith(".czex/runtime/")
                target.writestr(name, flip(len(content) * 4)(content) if is_runtime else content)
    outcome = machine.run(python.path(), damaged, "x")
    assert (outcome.stdout, outcome.code, outcome.stderr.count("\n")) == ("", 1, 1)
    assert outcome.stderr.startswith(f"czex: can't start {damaged}")
    assert "the checksum of .czex/runtime/" in outcome.stderr
    assert list(machine.cache.glob("runtimes/*")) == []


@on_every_python()
def test_entry_that_is_not_in_the_list_of_entries_is_refused(
    cow: Path, machine: Machine, tmp_path: Path, python: Python
) -> None:
    copy = tmp_path / "app.czex"
    with zipfile.ZipFile(cow) as source, zipfile.ZipFile(copy, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == ".czex/start":
                start = marshal.loads(zlib.decompress(content))
                del start["files"]["__main__.py"]
                content = zlib.compress(marshal.dumps(start, 2))
            target.writestr(name, content)
    outcome = machine.run(python.path(), copy, "x")
    assert (outcome.stdout, outcome.code) == ("", 1)
    assert outcome.stderr == (
        f"czex: can't start {copy}: it is damaged: the checksum of __main__.py is wrong; download or build it again\n"
    )
