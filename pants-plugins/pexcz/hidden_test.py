"""Files of a wheel that an environment leaves out are named."""

from __future__ import annotations

from typing import Any, Dict

from pexcz.clashes import relations
from pexcz.hidden import hidden
from pexcz.pack import PackInfo


def info(name: str, *paths: str, commands: Dict[str, str] | None = None, **meta: Any) -> PackInfo:
    """Return a pack with these paths; `name` "" is for the sources."""
    facts = {"kind": "wheel", "name": name, "project": name} if name else {"kind": "sources"}
    groups = {"console_scripts": commands} if commands else {}
    files = tuple((path, 0, 0) for path in paths)
    return PackInfo({**facts, "pth": [], "entry_points": groups, **meta}, "", 0, 0, 0, files, ())


def test_file_in_the_place_of_an_environments_file_is_named() -> None:
    wheel = info(
        "w",
        "data/record",
        "data/packs",
        "data/bin/python3",
        "scripts/python",
        "data/pyvenv.cfg/x",
        "lib/record",
    )
    own = "is left out: each environment has its own"
    assert hidden([info(""), wheel], True) == [
        f"w: data/record {own} record",
        f"w: data/packs {own} packs",
        f"w: data/bin/python3 {own} bin/python3",
        f"w: scripts/python {own} bin/python",
        f"w: data/pyvenv.cfg/x {own} pyvenv.cfg",
    ]


def test_script_with_the_name_of_a_command_is_named() -> None:
    one, other = info("one", "scripts/tool", "scripts/free"), info(
        "other", commands={"tool": "a:b"}
    )
    assert hidden([info(""), one, other], False) == [
        "one: scripts/tool is left out: other has a command of that name"
    ]


def test_file_below_another_wheels_file_is_named_if_wheels_are_merged() -> None:
    packs = [info("", "lib/a.py"), info("one", "lib/docs"), info("other", "lib/docs/x")]
    line = "other: lib/docs/x is left out: in one, site-packages/docs is a file"
    assert hidden(packs, True) == [line]
    # If wheels aren't merged, the two have separate directories.
    assert hidden(packs, False) == []
    assert relations(packs)[2]["clashes"] == ["one"]


def test_wheels_without_clashes_give_no_line() -> None:
    packs = [
        info("", "lib/app.py", "lib/shared/a.py"),
        info("one", "lib/one/__init__.py", "lib/shared/b.py", "data/share/x", "data64/x.so"),
        info("other", "lib/other.py", "lib/tests/__init__.py", "scripts/x", "data/bin/y"),
        info("third", "lib/tests/__init__.py", pth=["third.pth", "third.start"]),
    ]
    assert hidden(packs, True) == []
    assert relations(packs) == [{}] * 4


def test_names_with_different_files_clash() -> None:
    packs = [
        info("", "lib/a.py"),
        info("one", "lib/a/__init__.py", "lib/n/b.py"),
        info("other", "lib/n/b.so", "lib/c.py"),
        info("third", "lib/c.py"),
    ]
    assert relations(packs) == [
        {"clashes": ["one"], "shares": ["one"]},
        {"clashes": ["other"], "shares": ["other"]},
        {"clashes": ["one"], "shares": ["one", "third"]},
        {"shares": ["other"]},
    ]


def test_versions_of_one_project_never_meet() -> None:
    packs = [
        info(""),
        info("a-1", "lib/a.py", project="a"),
        info("a-2", "lib/a/__init__.py", project="a"),
    ]
    assert relations(packs) == [{}] * 3
