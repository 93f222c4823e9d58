from __future__ import annotations

from pathlib import Path

from czex.assets import read


def paths(root: Path, *patterns: str) -> list[str]:
    return [content.path for content in read(root, patterns, "there")]


def test_files_keep_their_place_below_another_directory(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.zig").write_text("")
    (tmp_path / "build.py").write_text("")
    assert paths(tmp_path, "src/**/*", "build.py") == ["there/build.py", "there/src/main.zig"]


def test_tests_and_leftovers_change_no_process(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    for name in ("a.py", "a_test.py", "conftest.py", "BUILD", "__pycache__/a.py"):
        (tmp_path / name).write_text("")
    assert paths(tmp_path, "**/*") == ["there/a.py"]
