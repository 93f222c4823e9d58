"""A CZEX with a flipped bit or a missing end either works, or refuses to start with a message.

`pants-plugins/pexcz/verify_test.py` has the same damage for `pexcz verify`.
"""

from __future__ import annotations

import marshal
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import List

import pytest

from support.damages import Damage, Damager, cuts, flip, flips, nuls, spread
from support.workshop import Workshop
from testing.long_runs import LONG, counted
from testing.machine import Machine
from testing.pythons import EVERY_PYTHON, PYTHON, Python, on_every_python

# The starters of each way take turns.
WAYS = {
    "python": EVERY_PYTHON,
    "cpython2.7": [Python("cpython2.7")],
    "cpython3.7": [Python("cpython3.7")],
    "sh": ["/bin/sh"],
}
# Python itself refuses a program with these bytes: NUL, and bytes that are not UTF-8.
UNREADABLE = (0, *range(128, 256))
STARTS = 1_000 if LONG else 30


@pytest.fixture(scope="module", params=["zipapp", "packed"])
def app(request: pytest.FixtureRequest, workshop: Workshop, cow_pex: Path) -> Path:
    return workshop.czex(cow_pex, layout=request.param)


def run(app: Path, way: str, scratch: Path, damages: List[Damage]) -> int:
    """Start a CZEX with each of the damages, and return their number."""
    starters = [part.path() if isinstance(part, Python) else part for part in WAYS[way]]
    damager = Damager(app, starters, scratch, lambda home: Machine(home).with_python(PYTHON))
    return damager.run(damages)


@pytest.mark.parametrize("way", ["python", "sh"])
def test_flipped_bit_never_gives_a_wrong_output(app: Path, tmp_path: Path, way: str) -> None:
    counted(run(app, way, tmp_path, list(flips(app, STARTS))), "flips")


@pytest.mark.parametrize("way", ["python", "sh"])
def test_truncated_file_is_not_run(app: Path, tmp_path: Path, way: str) -> None:
    counted(run(app, way, tmp_path, list(cuts(app, STARTS))), "lengths")


@pytest.mark.parametrize("way", ["cpython2.7", "cpython3.7"])
def test_nul_does_not_end_the_program(cow: Path, tmp_path: Path, way: str) -> None:
    """Python before 3.8 runs only the text before a NUL, which would silently do nothing."""
    counted(run(cow, way, tmp_path, list(nuls(cow))), "starts")


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
