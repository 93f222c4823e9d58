"""The bench knows the file system of a directory, and cleans up without losing files."""

from pathlib import Path

from bench.measure.tidy import file_system, settle


def test_file_system_of_a_directory_is_known() -> None:
    assert file_system(Path("/proc")) == "proc"


def test_settled_files_keep_their_content(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    file = tmp_path / "below" / "file"
    file.write_text("content")
    (tmp_path / "gone").symlink_to("nowhere")
    settle(tmp_path)
    assert file.read_text() == "content"
