"""All forms of a wheel in a PEX give the same schemes."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Dict

import pytest

from pexcz.errors import BadArchiveError
from pexcz.pack import EXECUTABLE, SHEBANG
from pexcz.trees import ZipTree
from pexcz.wheels import Wheel, read_wheel

NAME = "Foo.Bar-1.0-py2.py3-none-any.whl"
METADATA = """\
Metadata-Version: 2.1
Name: Foo.Bar
Version: 1.0
Requires-Python: >=2.7,!=3.0.*
Requires-Dist: tomli>=1; python_version < "3.11" and extra == "toml"
Requires-Dist: six

The description.
"""
INFO = {
    "Foo.Bar-1.0.dist-info/METADATA": METADATA,
    "Foo.Bar-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "Foo.Bar-1.0.dist-info/entry_points.txt": (
        "[console_scripts]\nfoo = foo.main : main [extra]\n[gui_scripts]\nFoo=foo:gui\n[other]\na=b\n"
    ),
}


def read(files: Dict[str, str], name: str = NAME) -> Wheel:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return read_wheel(ZipTree(stream, "test.pex"), name)


def paths(wheel: Wheel) -> Dict[str, int]:
    return {entry.path: entry.flags for entry in wheel.entries if "dist-info" not in entry.path}


def test_the_metadata_of_a_wheel_is_in_its_meta_section() -> None:
    for_site = {"foo.pth": "", "foo.start": "", ".bar.start": "", "sitecustomize.py": ""}
    meta = read({**INFO, "foo.py": "", "foo/x.start": "", **for_site}).meta
    assert meta == {
        "entry_points": {
            "console_scripts": {"foo": "foo.main:main"},
            "gui_scripts": {"Foo": "foo:gui"},
        },
        "headers": "",
        "kind": "wheel",
        "name": NAME,
        "project": "foo-bar",
        "pth": ["foo.pth", "foo.start", "sitecustomize.py"],
        "python_scripts": [],
        "requires": [
            {
                "extras": [],
                "marker": [
                    "and",
                    ["<", {"var": "python_version"}, "3.11"],
                    ["==", {"var": "extra"}, "toml"],
                ],
                "project": "tomli",
                "specifiers": [[">=", "1"]],
                "text": 'tomli>=1; python_version < "3.11" and extra == "toml"',
            },
            {"extras": [], "marker": None, "project": "six", "specifiers": [], "text": "six"},
        ],
        "requires_python": [["!=", "3.0.*"], [">=", "2.7"]],
        "scripts": [],
        "tags": ["py2-none-any", "py3-none-any"],
        "version": "1.0",
    }


def test_a_wheel_file_and_chroots_of_all_ages_give_the_same_schemes() -> None:
    wheel_file = {
        "foo.py": "",
        "Foo.Bar-1.0.data/purelib/pure.py": "",
        "Foo.Bar-1.0.data/scripts/tool": "#!python\n",
        "Foo.Bar-1.0.data/scripts/native": "\x7fELF",
        "Foo.Bar-1.0.data/headers/foo.h": "",
        "Foo.Bar-1.0.data/data/share/foo": "",
    }
    old_chroot = {
        ".layout.json": json.dumps({"stash_dir": ".prefix", "record_relpath": "RECORD"}),
        "foo.py": "",
        "pure.py": "",
        ".prefix/bin/tool": "#!python\n",
        ".prefix/bin/native": "\x7fELF",
        ".prefix/bin/foo": "#!python\n# Made from the entry point.\n",
        ".prefix/include/site/python3.11/Foo.Bar/foo.h": "",
        ".prefix/share/foo": "",
    }
    new_chroot = {
        **old_chroot,
        ".layout.json": json.dumps({"stash_dir": ".prefix", "sys_path_entries": ["."]}),
        ".prefix/data/share/foo": "",
        "Foo.Bar-1.0.pex-info/original-whl-info.json": "{}",
    }
    del new_chroot[".prefix/share/foo"]
    expected = {
        "data/share/foo": 0,
        "headers/foo.h": 0,
        "lib/foo.py": 0,
        "lib/pure.py": 0,
        "scripts/native": EXECUTABLE,
        "scripts/tool": EXECUTABLE | SHEBANG,
    }
    for files in (wheel_file, old_chroot, new_chroot):
        wheel = read({**INFO, **files})
        assert paths(wheel) == expected
        assert wheel.meta["scripts"] == ["native", "tool"]
        assert wheel.meta["python_scripts"] == ["tool"]
        assert wheel.meta["headers"] == "Foo.Bar"


@pytest.mark.parametrize(
    "first_line, is_python",
    [
        ("#!python", True),
        ("#!pythonw", True),
        ("#!python -E", True),
        ("#!/usr/bin/env python3", True),
        ("#!/usr/bin/env -S python3.11 -u", True),
        ("#! /opt/python 3/bin/pypy3", True),
        ("#!C:\\Python39\\python.exe", True),
        ("#!python\r", True),
        ("#!/bin/sh", False),
        ("#!/usr/bin/ipython", False),
        ("#!/usr/bin/pythonish", False),
        ("# python", False),
        ("", False),
    ],
)
def test_a_script_for_python_gets_the_placeholder(first_line: str, is_python: bool) -> None:
    content = first_line + "\nprint(1)\n"
    wheel = read({**INFO, "Foo.Bar-1.0.data/scripts/tool": content})
    [entry] = [entry for entry in wheel.entries if entry.path == "scripts/tool"]
    assert entry.flags == (EXECUTABLE | SHEBANG if is_python else EXECUTABLE)
    packed = b"".join(entry.chunks()).decode()
    assert packed == ("#!python\nprint(1)\n" if is_python else content)
    assert entry.size == len(packed)


def test_entry_points_are_read_as_pex_reads_them() -> None:
    text = (
        "\ufeff\nno = group\n[console_scripts]\n  a.b-c = x.y : z.w [extra, more]\n# no = comment:x\n"
        "module=mod\nnothing\nempty =\nodd = not an entry point!\n[other]\nc = d\n[gui_scripts]\n"
    )
    meta = read({**INFO, "Foo.Bar-1.0.dist-info/entry_points.txt": text}).meta
    assert meta["entry_points"] == {"console_scripts": {"a.b-c": "x.y:z.w", "module": "mod"}}


def test_dist_info_of_a_vendored_project_is_ignored() -> None:
    vendored = {"vendored-9.dist-info/METADATA": "Name: vendored\nVersion: 9\n"}
    assert read({**vendored, **INFO}).meta["project"] == "foo-bar"


def test_a_directory_without_metadata_is_no_wheel() -> None:
    with pytest.raises(BadArchiveError, match="Foo.* in test.pex.* as a wheel"):
        read({"foo.py": ""})


def test_a_damaged_layout_is_refused() -> None:
    for layout in ("", "[]", "{}", '{"stash_dir": 1}'):
        with pytest.raises(BadArchiveError, match=".layout.json is damaged"):
            read({**INFO, ".layout.json": layout})


def test_a_scheme_that_wheels_do_not_have_is_refused() -> None:
    with pytest.raises(BadArchiveError, match="installation scheme"):
        read({**INFO, "Foo.Bar-1.0.data/elsewhere/x": ""})


def test_malformed_requires_python_is_ignored() -> None:
    info = dict(INFO)
    info["Foo.Bar-1.0.dist-info/METADATA"] = METADATA.replace(">=2.7,!=3.0.*", ">=3.6.*")
    assert read(info).meta["requires_python"] is None


def test_a_wheel_without_a_projects_name_is_refused() -> None:
    path = "Foo.Bar-1.0.dist-info/METADATA"
    for name in ("", "../../x", "a b"):
        with pytest.raises(BadArchiveError, match="its METADATA has no valid name"):
            read({**INFO, path: METADATA.replace("Foo.Bar", name)})


def test_malformed_tag_is_ignored() -> None:
    numbers = ".".join(map(str, range(1000)))
    tags = f"Tag: py3-none\nTag: {numbers}-{numbers}-{numbers}\nTag: py2.py3-none-any\n"
    meta = read({**INFO, "Foo.Bar-1.0.dist-info/WHEEL": tags}, "foo.whl").meta
    assert meta["tags"] == ["py2-none-any", "py3-none-any"]


def test_entry_point_whose_name_is_a_path_is_ignored() -> None:
    lines = "[console_scripts]\n=a:b\n..=a:b\na\\b=a:b\n" + "x" * 256 + "=a:b\ngood=a:b\n"
    meta = read({**INFO, "Foo.Bar-1.0.dist-info/entry_points.txt": lines}).meta
    assert meta["entry_points"] == {"console_scripts": {"good": "a:b"}}


def test_malformed_layout_is_refused() -> None:
    for text in ("[" * 100_000, "[]", "{}", "{"):
        with pytest.raises(BadArchiveError, match="its .layout.json is damaged"):
            read({**INFO, ".layout.json": text})
