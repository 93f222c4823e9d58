"""Output is written whole or not at all. The next writer removes the files of a killed one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from pexcz.errors import OutputError
from pexcz.output import room_beside, whole_directory, whole_file

KILLED = """
import os, signal
from pathlib import Path
from pexcz import output

place = Path({path!r})
with output.{writer} as made:
    if made.is_dir():
        (made / "half").write_bytes(b"half")
    {before}
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(path: Path, writer: str, before: str = "") -> None:
    """Start a process that writes to `path`, and kill it before it is done."""
    code = KILLED.format(path=str(path), writer=writer, before=before)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", code], env=environment)


def write(path: Path) -> None:
    with whole_file(path, 0o644) as stream:
        stream.write(b"new")


def fill(path: Path) -> None:
    with whole_directory(path, lambda path: True) as directory:
        (directory / "file").write_bytes(b"new")


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_files_of_a_killed_writer_are_removed_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "app[1].czex"
    for other in (path, tmp_path / "other"):
        killed(other, "room_beside(place)")
    assert len(names(tmp_path)) == 2
    write(path)
    assert path.read_bytes() == b"new"
    (left, found) = names(tmp_path)
    assert left.startswith(".other.") and found == path.name


def test_files_of_a_running_writer_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "app.czex"
    with whole_file(path, 0o644) as stream:
        stream.write(b"last")
        write(path)
        assert path.read_bytes() == b"new"
    assert path.read_bytes() == b"last"
    with whole_directory(tmp_path / "directory", lambda path: True) as directory:
        fill(tmp_path / "directory")
        (directory / "last").write_bytes(b"")
    assert names(tmp_path / "directory") == ["last"]
    assert names(tmp_path) == ["app.czex", "directory"]


def test_directory_that_a_killed_writer_moved_away_is_put_back(tmp_path: Path) -> None:
    path = tmp_path / "app.czex"
    fill(path)
    killed(path, "room_beside(place)", "place.rename(made / output.OLD)")
    assert not path.exists()
    with pytest.raises(OutputError):
        with whole_directory(path, lambda path: False):
            pass
    assert names(path) == ["file"]
    assert names(tmp_path) == ["app.czex"]


def test_replaced_directory_is_not_put_back_if_its_removal_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "app.czex"
    killed(path, "room_beside(place)", "(made / (output.OLD + '.0')).mkdir()")
    write(path)
    assert names(tmp_path) == ["app.czex"]


def test_unfinished_output_is_readable_by_its_user_only(tmp_path: Path) -> None:
    with room_beside(tmp_path / "app.czex") as room:
        assert room.stat().st_mode & 0o777 == 0o700


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="can't write .*app.czex: No space"):
        with whole_file(tmp_path / "app.czex", 0o644):
            raise OSError(28, "No space left on device")
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="needs named pipes")
@pytest.mark.parametrize("writer", [write, fill])
def test_device_or_pipe_is_not_replaced(tmp_path: Path, writer: Callable[[Path], None]) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        with pytest.raises(
            OutputError, match="it is not a (file|directory); .*choose another name"
        ):
            writer(tmp_path / name)
    assert (tmp_path / "pipe").is_fifo() and names(tmp_path) == ["link", "pipe"]
