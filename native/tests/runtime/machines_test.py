"""The executables for other machines install the same files, under qemu and Wine where these are installed."""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from support.installs import DAMAGED, FILES, MIB, contents, empty_app, leftovers
from support.packs import SITE_PACKAGES, App, outward, pack, record
from support.runtime import HOST, Runtime, executable_of
from testing.missing import missing

FOREIGN = {
    "linux-aarch64": ["qemu-aarch64-static"],
    "linux-armv7": ["qemu-arm-static"],
    "linux-ppc64le": ["qemu-ppc64le-static"],
    "linux-s390x": ["qemu-s390x-static"],
    "linux-riscv64": ["qemu-riscv64-static"],
    "windows-x86_64": ["wine"],
}


@pytest.fixture
def app(tmp_path):
    return empty_app(tmp_path)


@pytest.fixture(scope="session")
def wine_prefix(tmp_path_factory):
    return tmp_path_factory.mktemp("wine")


@pytest.fixture(params=sorted(FOREIGN))
def foreign(request, tmp_path_factory, wine_prefix):
    starter = FOREIGN[request.param]
    if request.param == HOST:
        pytest.skip("that is this machine")
    if not shutil.which(starter[0]):
        missing(starter[0])
    executable = executable_of(request.param, tmp_path_factory)
    if starter != ["wine"]:
        return Runtime(executable, starter)
    foreign = Runtime(executable, starter, {"WINEPREFIX": str(wine_prefix), "WINEDEBUG": "-all"})
    foreign.run()  # The first start prepares the prefix, and prints messages.
    return foreign


def test_another_platform_installs_the_same_files(foreign, app):
    generator = random.Random(5)
    files = dict(FILES)
    files.update({f"lib/many/{n}.py": generator.randbytes(2000) for n in range(200)})
    files["lib/many/big.bin"] = generator.randbytes(17 * MIB)
    files["lib/many/x.so"] = outward("lib/many/x.so")
    place = app.add(pack(files).encoded(), gap=b"#!/bin/sh\n")
    app.add(pack({"lib/ns/a.py": b"a"}).encoded())
    app.add(pack({"lib/ns/b.py": b"b", "lib/many/c.py": b"c"}).encoded(), kind="sources")
    app.extra = record("file", "644", "pyvenv.cfg", "home = x\n")
    plan = foreign_plan(foreign, app)
    result = foreign.run("install", plan)
    assert (result.returncode, result.stderr) == (0, b"")
    assert leftovers(app) == []
    expected = {path: getattr(content, "content", content) for path, content in files.items()}
    assert contents(place) == expected
    venv = contents(app.venv_path)
    assert venv[SITE_PACKAGES + "/ns/a.py"] == b"a" and venv[SITE_PACKAGES + "/many/c.py"] == b"c"
    assert venv[SITE_PACKAGES + "/many/big.bin"] == files["lib/many/big.bin"]
    assert venv["bin/cowsay"] == b"#!/venv/bin/python\nimport cowsay\n"
    assert venv["pyvenv.cfg"] == b"home = x\n"
    assert foreign.run("install", plan).returncode == 0


def test_another_platform_refuses_a_broken_pack_and_cleans_up(foreign, app):
    data = bytearray(pack(FILES).encoded())
    data[-3] ^= 1
    app.add(bytes(data))
    result = foreign.run("install", foreign_plan(foreign, app))
    assert result.returncode == DAMAGED and b"checksum" in result.stderr
    assert leftovers(app) == [] and os.listdir(os.path.join(app.store, "wheels")) == []


def test_another_platform_removes_leftovers_of_a_dead_process(foreign, app):
    place = app.add(pack(FILES).encoded())
    stale = Path(place + ".tmp", "lib", "deep")
    stale.mkdir(parents=True)
    (stale / "file").write_bytes(b"x")
    result = foreign.run("install", foreign_plan(foreign, app))
    assert (result.returncode, result.stderr) == (0, b"")
    assert "lib/deep/file" not in contents(place) and leftovers(app) == []


def test_concurrent_installs_on_another_platform_succeed(foreign, app):
    app.add(pack({f"lib/p/{n}.py": b"%d" % n for n in range(200)}).encoded())
    plan = foreign_plan(foreign, app)
    processes = [foreign.start("install", plan) for _ in range(6)]
    for process in processes:
        _, message = process.communicate(timeout=120)
        assert (process.returncode, message) == (0, b"")
    assert len(contents(app.venv_path)) == 200 and leftovers(app) == []


def foreign_plan(foreign: Runtime, app: App) -> str:
    translated = replace(app, store=foreign.path(app.store), archive=foreign.path(app.archive))
    path = app.archive + ".plan"
    Path(path).write_bytes(translated.plan())
    return foreign.path(path)
