"""An install makes the files of each pack, once, on all processors.

All tests of the runtime start the real executable, from `support.runtime`, and compare it with docs/runtime.md. Packs and
plans come from `support.packs`, which shares no code with the product.
"""

from __future__ import annotations

import os
import random
import stat
import struct
import sys
from pathlib import Path

import pytest

from support import packs
from support.installs import (
    FILES,
    MIB,
    assert_installs,
    contents,
    tree,
    write_plan,
)
from support.packs import SITE_PACKAGES, Entry, pack
from support.runtime import BOTH_RUNTIMES, Runtime

pytestmark = BOTH_RUNTIMES


def test_a_pack_unpacks_to_its_files(runtime, app):
    files = {
        "lib/a.py": b"a",
        "lib/b/c.bin": bytes(range(256)) * 1000,
        "lib/b/empty": b"",
        "lib/d/": b"",
        "lib/ü/ñ.txt": b"x",
    }
    place = app.add(pack(files).encoded(), gap=b"a prefix of any length")
    assert_installs(runtime, app)
    expected = {path: content for path, content in files.items() if not path.endswith("/")}
    assert contents(place) == expected
    assert os.listdir(os.path.join(place, "lib", "d")) == []


def test_a_pack_may_be_empty(runtime, app):
    place = app.add(pack({}).encoded())
    app.add(pack({"lib/empty.py": b""}).encoded())
    assert_installs(runtime, app)
    assert tree(place) == {}
    assert tree(app.venv_path) != {}


def test_a_file_is_ordinary_or_executable(runtime, app):
    place = app.add(
        pack(
            {
                "lib/a": b"a",
                "lib/e": Entry("lib/e", b"e", packs.EXECUTABLE),
                "lib/z": Entry("lib/z", b"", 1),
            }
        ).encoded()
    )
    assert_installs(runtime, app)
    modes = {
        name: stat.S_IMODE(os.stat(os.path.join(place, "lib", name)).st_mode) for name in "aez"
    }
    assert modes == {"a": 0o644, "e": 0o755, "z": 0o755}


def test_the_umask_applies(runtime, app):
    place = app.add(pack({"lib/a": b"a"}).encoded())
    plan = write_plan(app)
    old = os.umask(0o077)
    try:
        assert runtime.run("install", plan).returncode == 0
    finally:
        os.umask(old)
    assert stat.S_IMODE(os.stat(place).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(os.path.join(place, "lib", "a")).st_mode) == 0o600


def test_large_files_over_many_frames_unpack_in_parallel(runtime, app):
    generator = random.Random(1)
    files = {f"lib/{n:03}.py": generator.randbytes(generator.randrange(30_000)) for n in range(300)}
    files["lib/100.bin"] = generator.randbytes(21 * MIB + 7)
    files["lib/200.so"] = bytes(9 * MIB)
    place = app.add(pack(files).encoded())
    other = app.add(pack({"lib/x.bin": generator.randbytes(5 * MIB)}).encoded())
    assert_installs(runtime, app)
    assert contents(place) == files
    assert os.path.getsize(os.path.join(other, "lib", "x.bin")) == 5 * MIB


def test_frames_of_any_size_unpack(runtime, app):
    generator = random.Random(2)
    files = {f"lib/{n}": generator.randbytes(n * 7) for n in range(60)}
    for frame_bytes in (1, 13, 100):
        place = app.add(pack(files, frame_bytes=frame_bytes).encoded())
        files["lib/z"] = b"another pack"
    assert_installs(runtime, app)
    del files["lib/z"]
    assert {k: v for k, v in contents(place).items() if k != "lib/z"} == files


def test_an_installed_pack_is_not_unpacked_again(runtime, app):
    place = app.add(pack(FILES).encoded())
    assert_installs(runtime, app)
    before = os.stat(place).st_mtime_ns, os.stat(place).st_ino
    app.venv = "venvs/app/another"
    assert_installs(runtime, app)
    assert (os.stat(place).st_mtime_ns, os.stat(place).st_ino) == before
    assert contents(app.venv_path)["share/man/cow.1"] == b".TH"


def test_only_the_outline_of_an_installed_pack_is_read(runtime, app):
    data = pack(FILES).encoded()
    app.add(data)
    assert_installs(runtime, app)
    outline_bytes = struct.unpack_from("<I", data, 16)[0]
    read_bytes = packs.HEADER.size + outline_bytes
    with open(app.archive, "r+b") as archive:
        archive.seek(read_bytes)
        archive.write(bytes(len(data) - read_bytes))
    first = tree(app.venv_path)
    app.venv = "venvs/app/another"
    assert_installs(runtime, app)
    assert tree(app.venv_path) == first


def test_a_new_pack_is_merged_with_an_installed_one(runtime, app):
    app.add(pack({"lib/google/cloud/one.py": b"1", "lib/google/auth.py": b"a"}).encoded())
    assert_installs(runtime, app)
    app.add(pack({"lib/google/cloud/two.py": b"2"}).encoded())
    app.venv = "venvs/app/another"
    assert_installs(runtime, app)
    site_packages = os.path.join(app.venv_path, SITE_PACKAGES)
    assert tree(site_packages).keys() == {
        "google",
        "google/auth.py",
        "google/cloud",
        "google/cloud/one.py",
        "google/cloud/two.py",
    }


def test_many_packs_are_installed_in_batches(runtime, app):
    for number in range(150):
        app.add(pack({f"lib/p{number}/__init__.py": b"%d" % number}).encoded())
    assert_installs(runtime, app)
    assert len(os.listdir(os.path.join(app.venv_path, SITE_PACKAGES))) == 150


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space with ulimit")
def test_memory_is_bounded_by_the_threads_and_not_by_the_packs(runtime, app):
    noise = random.Random(6).randbytes(8 * MIB)
    for number in range(4 * 64):
        app.add(
            pack({f"lib/{number}": noise if number % 64 == 0 else b""}).encoded(),
            name=f"{number:040}",
        )
    limit = 16 * MIB * (len(os.sched_getaffinity(0)) + 1)
    limited = Runtime(
        Path(runtime.command[-1]), ["sh", "-c", f'ulimit -v {limit // 1024}; exec "$@"', "sh"]
    )
    assert_installs(limited, app)


def test_sources_have_their_own_directory(runtime, app):
    place = app.add(pack({"lib/app.py": b"app"}).encoded(), kind="sources")
    assert_installs(runtime, app)
    assert place.endswith(os.path.join("sources", app.packs[0][1])) and os.path.isfile(
        os.path.join(place, "lib/app.py")
    )
