"""The copy that unpacking is compared with is complete, and a captured plan can be used for another cache."""

from __future__ import annotations

from pathlib import Path

from bench.measure.copying import copy, script_for
from bench.measure.plans import Plan


def test_two_processes_copy_the_whole_tree(tmp_path: Path) -> None:
    tree, target = tmp_path / "tree", tmp_path / "target"
    for name in ("large/a/x.py", "large/b/it's here.py", "small/y.py", "large/z.so"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(name * 100)
    (tree / "small" / "link").symlink_to("../large")
    target.mkdir()
    copy(script_for(tree, tmp_path / "copy.sh"), target, tmp_path / "output")
    assert _content(target) == _content(tree)


def _content(tree: Path) -> dict[str, str]:
    return {
        str(path.relative_to(tree)): (
            str(path.readlink())
            if path.is_symlink()
            else path.read_text() if path.is_file() else ""
        )
        for path in tree.rglob("*")
    }


def test_moved_plan_has_the_new_cache_in_all_paths(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "the second"
    second.mkdir()
    fields = [b"store", str(first).encode() + b"/czex", b"file", b"#!/bin/sh\n1:2,\n"]
    content = b"".join(b"%d:%s," % (len(field), field) for field in fields)
    plan = Plan(content, first, first / "czex", tmp_path / "pexcz")
    fields[1] = str(second).encode() + b"/czex"
    expected = b"".join(b"%d:%s," % (len(field), field) for field in fields)
    assert plan.moved(second).read_bytes() == expected
