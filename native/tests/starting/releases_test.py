"""What older releases have made is read, and the packs of it start. `releases/` has a CZEX and a cache of each, as small as may be.

The CZEX has no boot and no runtime: a file brings its own, whatever the release. The cache has no interpreter.
"""

from __future__ import annotations

import json
import os
import re
import tarfile
import zipfile
from pathlib import Path
from typing import Any, Dict

import pytest

from pexcz.assemble import FORMAT
from pexcz.pack import VERSION
from support.cache import cache
from support.pexcz import pexcz_command, pexcz_path
from support.runtime import HOST
from support.workshop import Workshop
from testing.machine import Machine, Outcome
from testing.pythons import PYTHON

RELEASES = sorted(path for path in Path(__file__).with_name("releases").iterdir())

pytestmark = pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)


def pexcz(machine: Machine, *arguments: object) -> Outcome:
    return machine.with_(PYTHONPATH=pexcz_path(), COLUMNS="200").run(*pexcz_command(*arguments))


def manifest_of(czex: Path) -> Dict[str, Any]:
    with zipfile.ZipFile(czex) as archive:
        found: Dict[str, Any] = json.loads(archive.read(".czex/manifest.json"))
    return found


@pytest.fixture
def with_cache(machine: Machine, release: Path) -> Machine:
    machine.cache.mkdir(parents=True)
    with tarfile.open(release / "cache.tar.gz") as archive:
        archive.extractall(machine.cache)
    return machine


def test_tool_reads_a_czex_of_an_older_release(
    machine: Machine, release: Path, tmp_path: Path
) -> None:
    czex = release / "herd.czex"
    for command in (["inspect"], ["inspect", "--json"], ["verify"]):
        outcome = pexcz(machine, *command, czex)
        assert (outcome.stderr, outcome.code) == ("", 0)
    outcome = pexcz(machine, "extract", czex, tmp_path / "out")
    assert (outcome.stderr, outcome.code) == ("", 0)
    with zipfile.ZipFile(tmp_path / "out" / "cow-1.0-py2.py3-none-any.whl") as wheel:
        assert b"'moo'" in wheel.read("cow/say.py")
    assert len(list((tmp_path / "out").glob("herd_sources-*.whl"))) == 1


@pytest.mark.parametrize("layout", ["zipapp", "packed"])
def test_packs_of_an_older_release_are_assembled_and_start(
    workshop: Workshop, machine: Machine, release: Path, tmp_path: Path, layout: str
) -> None:
    czex, packs = release / "herd.czex", []
    content = czex.read_bytes()
    records = manifest_of(czex)["packs"]
    records += [bytecode for record in records for bytecode in record["bytecode"].values()]
    for record in records:
        packs.append(tmp_path / f"{len(packs)}.pack")
        packs[-1].write_bytes(content[record["offset"] : record["offset"] + record["size"]])
    assert len(packs) == 4
    (tmp_path / "pex").mkdir()
    with zipfile.ZipFile(czex) as archive:
        (tmp_path / "pex" / "PEX-INFO").write_bytes(archive.read("PEX-INFO"))
    runtime = workshop.native / "runtime" / HOST / "pexcz"
    app = tmp_path / "app.czex"
    options = ["--pex", tmp_path / "pex", "--boot", workshop.native / "boot", "--layout", layout]
    options += ["--runtime", f"{HOST}={runtime}", "--output", app]
    outcome = pexcz(machine, "assemble", *packs, *options)
    assert (outcome.stderr, outcome.code) == ("", 0)
    for _ in range(2):
        outcome = machine.run(PYTHON.path(), app, "x")
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 7)


def test_tool_lists_a_cache_of_an_older_release(with_cache: Machine, release: Path) -> None:
    facts = json.loads(cache(with_cache, "info", "--json").stdout)
    (environment,) = facts["environments"]
    assert environment["app"] == "/srv/herd.czex"
    assert len(environment["packs"]) == len(facts["packs"]) == 2
    assert facts["left_behind"] == {}
    root = ("--root", with_cache.cache)
    outcome = pexcz(with_cache, "verify", "--installed", *root, "--json", release / "herd.czex")
    assert json.loads(outcome.stdout)["damages"] == []


def test_cache_of_an_older_release_can_be_cleared(with_cache: Machine, release: Path) -> None:
    for path in with_cache.cache.rglob("*"):
        os.utime(path, (0, 0), follow_symlinks=False)
    assert cache(with_cache, "clear").stderr == ""
    assert [path for path in with_cache.cache.rglob("*") if not path.is_dir()] == []


def test_app_starts_in_a_cache_of_an_older_release(
    cow: Path, with_cache: Machine, release: Path
) -> None:
    before = {path: path.lstat().st_mtime_ns for path in with_cache.cache.rglob("*/*/*")}
    for _ in range(2):
        assert with_cache.run(PYTHON.path(), cow, "x").stdout == "moo x\n"
    after = {path: path.lstat().st_mtime_ns for path in before if path.exists()}
    assert after == before


def test_unknown_format_is_refused_in_one_line(
    machine: Machine, release: Path, tmp_path: Path
) -> None:
    czex = release / "herd.czex"
    with zipfile.ZipFile(czex) as archive:
        archive.extractall(tmp_path / "app")
    file = tmp_path / "app" / ".czex" / "manifest.json"
    file.write_text(json.dumps({**manifest_of(czex), "format": FORMAT + 1}))
    record = manifest_of(czex)["packs"][0]
    pack = bytearray(czex.read_bytes()[record["offset"] : record["offset"] + record["size"]])
    pack[8] = VERSION + 1
    (tmp_path / "new.pack").write_bytes(pack)
    compile_it = ["--python", PYTHON.path(), "--output", tmp_path / "x", tmp_path / "new.pack"]
    for command in (["inspect", tmp_path / "app"], ["compile", *compile_it]):
        outcome = pexcz(machine, *command)
        assert outcome.code == 1 and outcome.stderr.count("\n") == 1
        assert re.search(r"(format|version) ?(is)? \d+, but this pexcz reads \d+", outcome.stderr)
