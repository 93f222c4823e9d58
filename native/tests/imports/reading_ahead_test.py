"""If the page cache lacks an import table, the start lets Linux read the app's shared libraries while Python goes on."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any, List

import pytest

from boot import imports
from support.crowd import CROWD, start_until_learnt, table_file
from support.strace import Call, calls_of, disturbed
from support.wheels import Wheel
from support.workshop import Workshop
from testing.machine import Machine, Outcome
from testing.missing import missing
from testing.pythons import PYTHON

START = "import _decimal\nfrom native import _decimal\nfrom crowd.main import main\n"
FIND = "import _decimal; print(_decimal.__file__)"
AHEAD = re.compile(r"\d+<(.*)>, 0, 131072, POSIX_FADV_WILLNEED\)")
RIGHT = Outcome("", "", 0)
# Linux keeps pages that it is still reading, so the table may have to be dropped again.
ATTEMPTS = 10


@pytest.fixture(scope="module")
def library() -> Path:
    """Return the path of a shared library of Python."""
    output = subprocess.run([PYTHON.path(), "-c", FIND], check=True, capture_output=True, text=True)
    return Path(output.stdout.strip())


@pytest.fixture(scope="module")
def app(workshop: Workshop, library: Path) -> Path:
    """Return an app that imports many modules, the shared library, and another one from a wheel."""
    files = {"native/__init__.py": "", f"native/{library.name}": library.read_bytes()}
    return workshop.make(
        "reading-ahead",
        requirements=["crowd", "native"],
        wheels=[CROWD, Wheel("native", files)],
        sources={"start.py": START},
        options=["-m", "start:main"],
    )


def drop(file: Path) -> None:
    """Remove a file from the page cache."""
    with file.open("rb") as stream:
        try:
            os.preadv(stream.fileno(), [bytearray(1)], 0, os.RWF_NOWAIT)
        except BlockingIOError:
            pass
        except OSError:
            missing("a file system that tells what is in the page cache")
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def start_without_table_in_memory(machine: Machine, start: List[object]) -> List[Call]:
    """Return the system calls of a start that finds the table only on the disk."""
    for _ in range(ATTEMPTS):
        drop(table_file(machine))
        calls, outcome = calls_of(machine, start)
        assert outcome == RIGHT
        if read_ahead(calls):
            break
    return calls


def read_ahead(calls: List[Call]) -> List[str]:
    matches = [AHEAD.match(call.text) for call in calls if call.name == "fadvise64"]
    return [match[1] for match in matches if match]


def test_libraries_are_read_ahead_if_the_page_cache_lacks_the_table(
    app: Path, machine: Machine, library: Path
) -> None:
    start = [PYTHON.path(), app]
    assert start_until_learnt(machine, *start) == RIGHT
    calls = start_without_table_in_memory(machine, start)
    first, *others = read_ahead(calls)
    assert first == str(table_file(machine))
    assert os.path.realpath(library) in others
    of_wheel = [path for path in others if path.endswith(f"/native/{library.name}")]
    assert [path.startswith(str(machine.cache)) for path in of_wheel] == [True]

    calls, outcome = calls_of(machine, start)
    assert (outcome, read_ahead(calls)) == (RIGHT, [])


def test_failure_to_read_ahead_changes_nothing(app: Path, machine: Machine) -> None:
    start = [PYTHON.path(), app]
    start_until_learnt(machine, *start)
    calls = start_without_table_in_memory(machine, start)
    place = 0
    # The beginning of the table, the table, the names of the libraries, and a library.
    for name in ("preadv2", "fadvise64", "pread64", "fadvise64"):
        place = next(index for index in range(place, len(calls)) if calls[index].name == name)
        for error in calls[place].errors():
            for _ in range(ATTEMPTS):
                drop(table_file(machine))
                outcome = disturbed(machine, start, calls[place], f"error={error}")
                if outcome:
                    break
            assert outcome == RIGHT, (calls[place], error)


def test_file_system_that_cannot_tell_is_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Overlayfs can't tell. A mount of it needs root, so the system calls are replaced here."""

    def refuse(*arguments: Any) -> int:
        raise OSError(errno.EOPNOTSUPP, "")

    def read_slowly(*arguments: int) -> bytes:
        time.sleep(0.001)
        return os.pread(*arguments)

    file = tmp_path / "imports"
    content = bytes(range(64))
    file.write_bytes(content)
    monkeypatch.setattr(os, "preadv", refuse)
    with file.open("rb") as stream:
        # A process may have to wait for a processor meanwhile, but not each time.
        found = [imports.beginning(stream.fileno()) for _ in range(10)]
        assert (content[:32], True) in found
        monkeypatch.setattr(imports, "pread", read_slowly)
        assert imports.beginning(stream.fileno()) == (content[:32], False)
        monkeypatch.delattr(os, "RWF_NOWAIT")
        assert imports.beginning(stream.fileno()) == (content[:32], True)
