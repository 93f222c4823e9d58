from __future__ import annotations

from pathlib import Path

import pytest
from pants.engine.fs import DigestContents
from pants.testutil.rule_runner import QueryRule, RuleRunner

from czex import assets
from czex.assets import BootFiles, ToolSources, read
from czex.rules_for_tests import runner


def paths(root: Path, *patterns: str) -> list[str]:
    return [content.path for content in read(root, patterns, "there")]


def test_files_keep_their_relative_paths(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.zig").write_text("")
    (tmp_path / "build.py").write_text("")
    assert paths(tmp_path, "src/**/*", "build.py") == ["there/build.py", "there/src/main.zig"]


def test_tests_and_bytecode_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    for name in ("a.py", "a_test.py", "conftest.py", "BUILD", "__pycache__/a.py"):
        (tmp_path / name).write_text("")
    assert paths(tmp_path, "**/*") == ["there/a.py"]


def test_change_in_the_repository_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    rule_runner = RuleRunner(rules=[*assets.rules(), QueryRule(BootFiles, ())])
    monkeypatch.setattr(assets, "NATIVE", Path(rule_runner.build_root).resolve() / "native")
    for text in ("old", "new"):
        rule_runner.write_files({"native/boot/__main__.py": text, "native/boot/BUILD": ""})
        boot = rule_runner.request(BootFiles, [])
        (file,) = rule_runner.request(DigestContents, [boot.digest])
        assert (file.path, file.content) == ("boot/__main__.py", text.encode())


def test_backend_installed_below_the_repository_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For example, a CI job may keep Pants' caches in its checkout."""
    rule_runner = runner([QueryRule(ToolSources, ())])
    carried = Path(rule_runner.build_root) / ".cache" / "czex" / "_assets"
    (carried / "pexcz").mkdir(parents=True)
    (carried / "pexcz" / "cli.py").write_text("installed")
    monkeypatch.setattr(assets, "CARRIED", carried)
    monkeypatch.setattr(assets, "TOOL", carried / "pexcz")
    sources = rule_runner.request(ToolSources, ())
    (file,) = rule_runner.request(DigestContents, [sources.digest])
    assert (file.path, file.content) == ("pexcz/cli.py", b"installed")
