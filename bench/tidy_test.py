"""The file system of a directory is known by its name, as far as the system tells, and what is settled stays."""

from pathlib import Path

from bench.tidy import file_system, settle


def test_the_file_system_of_a_directory_is_told() -> None:
    assert file_system(Path("/proc")) == "proc"


def test_what_leaves_the_page_cache_stays_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    file = tmp_path / "below" / "file"
    file.write_text("content")
    (tmp_path / "gone").symlink_to("nowhere")
    settle(tmp_path)
    assert file.read_text() == "content"
