"""The meta section of a pack notes code that depends on how its process was started."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Dict

import pytest

from pexcz import pack
from pexcz.mentions import Mentions
from pexcz.packwriter import write_pack


def meta(path: str, content: bytes, project: str = "a", size: int = 1 << 20) -> Dict[str, Any]:
    mentions = Mentions(project)
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    assert b"".join(mentions.watch(path, iter(chunks))) == content
    return mentions.meta([path])


@pytest.mark.parametrize(
    "text, expected",
    [
        ("import _interpreters as I", True),
        ("from _interpreters import create", True),
        ("module = import_module('_xxsubinterpreters')", True),
        ("from concurrent import interpreters", True),
        ("import concurrent.interpreters", True),
        ("concurrent.futures.InterpreterPoolExecutor()", True),
        ("from anyio import to_interpreter", True),
        ("self._interpreters = find_interpreters()", False),
        ("from concurrent import futures", False),
    ],
)
def test_modules_that_name_subinterpreters_are_noted(text: str, expected: bool) -> None:
    content = f"x = 1\n{text}\ny = 2\n".encode()
    for size in (1, 7, 1 << 20):
        found = meta("lib/a.py", content, size=size)
        assert found == ({"subinterpreters": True} if expected else {})
    assert meta("lib/a.txt", content) == {}
    # anyio itself names these modules for its users.
    assert meta("lib/anyio/to_interpreter.py", content, "anyio") == {}


@pytest.mark.parametrize(
    "path, project, expected",
    [
        ("lib/setproctitle/__init__.py", "setproctitle", True),
        ("lib/ray/thirdparty/setproctitle/_setproctitle.cpython-311-darwin.so", "ray", True),
        ("lib/setproctitle.cpython-36m-x86_64-linux-gnu.so", "mine", True),
        ("lib/_prctl.abi3.so", "python-prctl", True),
        ("lib/mine/setproctitle.py", "mine", False),
    ],
)
def test_modules_that_set_the_process_title_are_noted(
    path: str, project: str, expected: bool
) -> None:
    assert meta(path, b"", project) == ({"title": True} if expected else {})


def test_notes_are_in_the_meta_section_of_the_pack(tmp_path: Path) -> None:
    content = b"import _interpreters\n"
    entry = pack.Entry("lib/a.py", len(content), 0, lambda: iter([content]))
    stream = io.BytesIO()
    write_pack(stream, {"kind": "sources"}, [entry], 1, 1)
    (tmp_path / "pack").write_bytes(stream.getvalue())
    info = pack.read_pack_info(tmp_path / "pack")
    assert info.meta == {"kind": "sources", "subinterpreters": True}
