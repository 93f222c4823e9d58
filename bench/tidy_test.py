"""The file system of a directory is known by its name, as far as the system tells."""

from pathlib import Path

from bench.tidy import file_system


def test_the_file_system_of_a_directory_is_told() -> None:
    assert file_system(Path("/proc")) == "proc"
