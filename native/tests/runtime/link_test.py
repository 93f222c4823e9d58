"""An install makes a venv of links to the files of packs.

All tests of the runtime start the real executable, from `support.runtime`, and compare it with docs/runtime.md. Packs and
plans come from `support.packs`, which shares no code with the product.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from support import packs
from support.installs import (
    CACHE,
    DAMAGED,
    FILES,
    USAGE,
    assert_fails,
    assert_installs,
    contents,
    tree,
)
from support.packs import SITE_PACKAGES, Entry, outward, pack, record
from support.runtime import BOTH_RUNTIMES

pytestmark = BOTH_RUNTIMES


def test_a_directory_of_one_pack_is_one_relative_link(runtime, app):
    place = app.add(pack(FILES).encoded())
    assert_installs(runtime, app)
    site_packages = os.path.join(app.venv_path, SITE_PACKAGES)
    for name in ("cowsay", "cowsay-1.dist-info"):
        assert os.path.islink(os.path.join(site_packages, name))
        assert not os.path.isabs(os.readlink(os.path.join(site_packages, name)))
    assert os.path.realpath(os.path.join(site_packages, "cowsay")) == os.path.realpath(
        os.path.join(place, "lib/cowsay")
    )
    for directory in ("", "lib", "lib/python3.11", SITE_PACKAGES, "bin"):
        assert not os.path.islink(os.path.join(app.venv_path, directory))


def test_the_store_can_be_moved(runtime, app):
    app.add(pack(FILES).encoded())
    assert_installs(runtime, app)
    expected = contents(app.venv_path)
    os.rename(app.store, app.store + " moved")
    app.store += " moved"
    assert contents(app.venv_path) == expected


def test_a_namespace_package_of_two_packs_is_merged(runtime, app):
    app.add(
        pack({"lib/google/cloud/storage/a.py": b"a", "lib/google/cloud/one.py": b"1"}).encoded()
    )
    app.add(
        pack(
            {
                "lib/google/auth/b.py": b"b",
                "lib/google/cloud/two.py": b"2",
                "lib/google/cloud/x/": b"",
            }
        ).encoded()
    )
    assert_installs(runtime, app)
    found = tree(os.path.join(app.venv_path, SITE_PACKAGES))
    assert found["google"] is None and found["google/cloud"] is None
    assert {name for name, what in found.items() if isinstance(what, str)} == {
        "google/auth",
        "google/cloud/storage",
        "google/cloud/one.py",
        "google/cloud/two.py",
        "google/cloud/x",
    }


def test_directories_above_a_library_that_leads_out_are_real(runtime, app):
    files = {
        "lib/torch/lib/libtorch.so.2": outward("lib/torch/lib/libtorch.so.2"),
        "lib/torch/include/a.h": b"h",
        "lib/torch/a.py": b"a",
        "lib/pure/b.py": b"b",
        "lib/numpy/c.so": b"ELF",
    }
    app.add(pack(files).encoded())
    assert_installs(runtime, app)
    found = tree(os.path.join(app.venv_path, SITE_PACKAGES))
    assert {name for name, what in found.items() if what is None} == {"torch", "torch/lib"}
    assert found["torch/lib/libtorch.so.2"].startswith("-> ")
    assert found["torch/include"].startswith("-> ")


def test_bytecode_is_in_the_directory_of_its_pack(runtime, app):
    files = {
        "lib/pure/a.py": b"a",
        "lib/pure/deep/b.py": b"b",
        "lib/mixed/c.py": b"c",
        "lib/mixed/d.so": outward("lib/mixed/d.so"),
        "lib/ns/e.py": b"e",
        "lib/f.py": b"f",
    }
    cached = {
        "lib/__pycache__/f.pyc": b"F",
        "lib/mixed/__pycache__/c.pyc": b"C",
        "lib/ns/__pycache__/e.pyc": b"E",
        "lib/pure/__pycache__/a.pyc": b"A",
        "lib/pure/deep/__pycache__/b.pyc": b"B",
    }
    alone = app.add(pack(files).encoded())
    place = app.add_bytecode(pack(cached).encoded())
    app.add(pack({"lib/ns/g.py": b"g"}).encoded())
    assert_installs(runtime, app)
    expected = {path: getattr(content, "content", content) for path, content in files.items()}
    assert contents(place) == {**expected, **cached}
    assert not os.path.exists(alone)
    found = tree(os.path.join(app.venv_path, SITE_PACKAGES))
    assert {name for name, what in found.items() if what is None} == {"mixed", "ns"}
    links = ("__pycache__", "mixed/__pycache__", "ns/__pycache__", "pure")
    assert all(found[name].startswith("-> ") for name in links)
    venv = contents(app.venv_path)
    assert {path: venv[SITE_PACKAGES + path[3:]] for path in cached} == cached


def test_a_venv_of_copies_has_the_bytecode(runtime, app):
    app.add(pack({"lib/a/b.py": b"b"}).encoded())
    app.add_bytecode(pack({"lib/a/__pycache__/b.pyc": b"B"}).encoded())
    app.copy = 1
    assert_installs(runtime, app)
    assert contents(app.venv_path) == {
        SITE_PACKAGES + "/a/b.py": b"b",
        SITE_PACKAGES + "/a/__pycache__/b.pyc": b"B",
    }


@pytest.mark.parametrize("path, code", [("lib/a.py", DAMAGED), ("lib/a.py/b.pyc", CACHE)])
def test_bytecode_does_not_replace_a_file(runtime, app, path, code):
    app.add(pack({"lib/a.py": b"a"}).encoded())
    app.add_bytecode(pack({path: b"B"}).encoded())
    assert_fails(runtime, app, code, "a.py" if code == CACHE else app.archive)
    assert os.listdir(os.path.join(app.store, "wheels")) == []


def test_the_first_pack_wins(runtime, app):
    app.add(pack({"lib/a.py": b"first", "lib/b": b"a file", "lib/c/x": b"a directory"}).encoded())
    app.add(pack({"lib/a.py": b"second", "lib/b/x": b"a directory", "lib/c": b"a file"}).encoded())
    assert_installs(runtime, app)
    assert contents(app.venv_path) == {
        SITE_PACKAGES + "/a.py": b"first",
        SITE_PACKAGES + "/b": b"a file",
        SITE_PACKAGES + "/c/x": b"a directory",
    }


def test_an_empty_directory_hides_no_file(runtime, app):
    app.add(pack({"lib/a/": b""}).encoded())
    app.add(pack({"lib/a/b.py": b"b"}).encoded())
    assert_installs(runtime, app)
    assert contents(app.venv_path) == {SITE_PACKAGES + "/a/b.py": b"b"}


def test_data_files_are_merged_with_other_schemes(runtime, app):
    app.add(
        pack(
            {
                "data/bin/tool": b"t",
                "data/lib/python3.11/site-packages/x.py": b"x",
                "scripts/run": b"r",
            }
        ).encoded()
    )
    app.add(pack({"lib/y.py": b"y"}).encoded())
    assert_installs(runtime, app)
    assert contents(app.venv_path) == {
        "bin/tool": b"t",
        "bin/run": b"r",
        SITE_PACKAGES + "/x.py": b"x",
        SITE_PACKAGES + "/y.py": b"y",
    }


def test_only_mounted_schemes_are_linked(runtime, app):
    app.mounts = (("lib", "a/b"), ("lib", "c"))
    app.add(pack({"lib/x.py": b"x", "library/y.py": b"y", "data/z": b"z"}).encoded())
    assert_installs(runtime, app)
    assert contents(app.venv_path) == {"a/b/x.py": b"x", "c/x.py": b"x"}


def test_files_and_links_of_the_plan_are_written_and_win_over_packs(runtime, app):
    app.add(
        pack(
            {"lib/a.py": b"pack", "scripts/python": b"pack", "data/pyvenv.cfg/x": b"pack"}
        ).encoded()
    )
    app.extra = (
        record("file", "644", "pyvenv.cfg", b"home = /usr/bin\n\xff\x00")
        + record("file", "755", "bin/app", "#!/bin/sh\n")
        + record("link", "bin/python", "/usr/bin/python3")
        + record("file", "600", SITE_PACKAGES + "/a.py", "plan")
    )
    assert_installs(runtime, app)
    assert tree(app.venv_path) == {
        "pyvenv.cfg": b"home = /usr/bin\n\xff\x00",
        "bin": None,
        "bin/app": b"#!/bin/sh\n",
        "bin/python": "-> /usr/bin/python3",
        "lib": None,
        "lib/python3.11": None,
        SITE_PACKAGES: None,
        SITE_PACKAGES + "/a.py": b"plan",
    }
    modes = [
        stat.S_IMODE(os.stat(os.path.join(app.venv_path, name)).st_mode)
        for name in ("bin/app", SITE_PACKAGES + "/a.py")
    ]
    assert modes == [0o755, 0o600]


@pytest.mark.parametrize(
    "content, expected",
    [
        (b"#!python\nx\n", b"#!/bin/sh\n'''exec' /py\n' '''\nx\n"),
        (b"#!pythonw -E\r\nx\n", b"#!/bin/sh\n'''exec' /py\n' '''\nx\n"),
        (b"#!python", b"#!/bin/sh\n'''exec' /py\n' '''"),
        (b"#!python" + b"x" * 100_000 + b"\ny", b"#!/bin/sh\n'''exec' /py\n' '''\ny"),
        (b"#!python\n" + b"y\n" * 100_000, b"#!/bin/sh\n'''exec' /py\n' '''\n" + b"y\n" * 100_000),
        (b"#!/bin/sh\nx\n", b"#!/bin/sh\nx\n"),
        (b"", b""),
    ],
    ids=[
        "plain",
        "arguments",
        "no line end",
        "long line",
        "long script",
        "not the placeholder",
        "empty",
    ],
)
def test_a_script_gets_the_interpreter_of_the_venv(runtime, app, content, expected):
    app.shebang = "#!/bin/sh\n'''exec' /py\n' '''"
    app.add(
        pack({"scripts/s": Entry("scripts/s", content, packs.EXECUTABLE | packs.SHEBANG)}).encoded()
    )
    assert_installs(runtime, app)
    script = os.path.join(app.venv_path, "bin", "s")
    assert not os.path.islink(script) and Path(script).read_bytes() == expected
    assert os.access(script, os.X_OK)


def test_a_script_in_a_directory_gets_the_interpreter_of_the_venv(runtime, app):
    app.add(
        pack(
            {
                "scripts/d/s": Entry("scripts/d/s", b"#!python\n", packs.SHEBANG),
                "scripts/d/other": b"o",
            }
        ).encoded()
    )
    assert_installs(runtime, app)
    assert tree(os.path.join(app.venv_path, "bin"))["d/s"] == b"#!/venv/bin/python\n"


RECORD = """\
a.py,sha256=x,1
/data/lib/w.so,,
"/data/share/a,b",sha256=y,2
/headers/x.h,,
/scripts/tool,,
/unknown/x,,
"""
REWRITTEN = """\
a.py,sha256=x,1
../../w.so,,
"../../../share/a,b",sha256=y,2
../../../include/site/python3.11/project/x.h,,
../../../bin/tool,,
"""


@pytest.mark.parametrize("copy", [0, 1, 2])
def test_a_record_gets_the_paths_of_the_venv(runtime, app, copy):
    app.copy = copy
    info = "lib/a-1.dist-info/"
    files = {
        info + "METADATA": b"Name: a\n",
        info + "RECORD": Entry(info + "RECORD", RECORD.encode(), packs.RECORD),
        "lib/a/__init__.py": b"",
    }
    place = app.add(pack(files).encoded())
    assert_installs(runtime, app)
    found = tree(os.path.join(app.venv_path, SITE_PACKAGES))
    assert found["a-1.dist-info/RECORD"] == REWRITTEN.encode()
    assert Path(place, info, "RECORD").read_text() == RECORD
    assert str(found["a"]).startswith("-> ") == (copy == 0)


def test_a_large_record_is_written_line_by_line(runtime, app):
    lines = [f"/data/share/{number},sha256=x,{number}\n" for number in range(30_000)]
    content = ("x" * 200_000 + "\n" + "".join(lines)).encode()
    app.add(pack({"lib/RECORD": Entry("lib/RECORD", content, packs.RECORD)}).encoded())
    assert_installs(runtime, app)
    expected = content.replace(b"\n/data/", b"\n../../../")
    assert Path(app.venv_path, SITE_PACKAGES, "RECORD").read_bytes() == expected


def test_a_venv_linked_by_files_has_its_own_directories(runtime, app):
    app.copy = 2
    place = app.add(pack(FILES).encoded())
    assert_installs(runtime, app)
    package = os.path.join(app.venv_path, SITE_PACKAGES, "cowsay")
    assert not os.path.islink(package) and not os.path.islink(os.path.join(package, "data"))
    module = os.path.join(package, "__init__.py")
    assert os.path.islink(module) == (os.name != "nt")
    os.unlink(module)
    Path(module).write_bytes(b"another version")
    assert (
        Path(place, "lib", "cowsay", "__init__.py").read_bytes() == FILES["lib/cowsay/__init__.py"]
    )


def test_a_copied_venv_has_no_links_into_the_store(runtime, app):
    app.copy = 1
    app.add(
        pack(
            {**FILES, "lib/big": bytes(300_000), "lib/x": Entry("lib/x", b"x", packs.EXECUTABLE)}
        ).encoded()
    )
    app.extra = record("link", "bin/python", "/usr/bin/python3")
    assert_installs(runtime, app)
    found = tree(app.venv_path)
    assert {name for name, what in found.items() if isinstance(what, str)} == {"bin/python"}
    assert found[SITE_PACKAGES + "/big"] == bytes(300_000)
    assert os.access(os.path.join(app.venv_path, SITE_PACKAGES, "x"), os.X_OK)


def test_a_copied_venv_may_be_outside_the_store(runtime, app, tmp_path):
    app.add(pack(FILES).encoded())
    assert_installs(runtime, app)
    app.copy, app.elsewhere = 1, str(tmp_path / "not in the store" / "venv")
    os.mkdir(tmp_path / "not in the store")
    before = tree(app.store)
    assert_installs(runtime, app)
    assert contents(app.venv_path) == contents(app.store + "/" + app.venv) != {}
    assert [what for what in tree(app.venv_path).values() if isinstance(what, str)] == []
    assert tree(app.store) == before
    assert os.listdir(tmp_path / "not in the store") == ["venv"]


def test_a_venv_outside_the_store_cannot_link_to_it(runtime, app, tmp_path):
    app.elsewhere = str(tmp_path / "venv")
    assert_fails(runtime, app, USAGE, "copies")


def test_a_venv_outside_the_store_needs_an_existing_parent_directory(runtime, app, tmp_path):
    app.copy, app.elsewhere = 1, str(tmp_path / "missing" / "venv")
    app.add(pack(FILES).encoded())
    assert_fails(runtime, app, CACHE, "can't open", "missing", "choose another directory")
