"""A malicious PEX becomes a CZEX or is refused in one line. Only the CZEX is written."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

import pytest

from pexcz import pack, packwriter
from pexcz.cli import main
from pexcz.trees import ZipTree
from testing.strangers import DATA, DIST_INFO, METADATA, WHEEL, Stranger, native_directory

DEEP = "[" * 5000 + "]" * 5000


def metadata(text: str) -> Dict[str, str]:
    return {METADATA: f"Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n{text}\n"}


def surroundings(root: Path) -> Dict[str, Any]:
    """Return path → content of all files below a directory, except for CZEX files."""
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
        if path.suffix != ".czex"
    }


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return native_directory(tmp_path_factory.mktemp("native"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory deep below others, with its own temporary files, so that all writes can be seen."""
    place = tmp_path / "a" / "b" / "c"
    (tmp_path / "tmp").mkdir()
    place.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    monkeypatch.chdir(place)
    return place


def inject(native: Path, pex: Path) -> int:
    argv = ["inject", str(pex), "-o", "out.czex", "--native", str(native)]
    return main([*argv, "--platform", "linux-x86_64"])


REFUSED: Dict[str, Tuple[Stranger, str]] = {
    "info that is too deep to read": (Stranger('{"x": ' + DEEP + "}"), "PEX-INFO is not JSON"),
    "info that some Pythons can't read": (
        Stranger('{"x": ' + DEEP[4800:-4800] + "}"),
        "PEX-INFO is nested deeper than 100 levels",
    ),
    "info that is no text": (Stranger(b'{"x": "\xff"}'), "PEX-INFO is not JSON: 'utf-8'"),
    "half a character": (Stranger('{"pex_root": "\\ud800"}'), "PEX-INFO is not JSON: 'utf-8'"),
    "a NUL": (Stranger({"pex_root": "a\0b"}), "PEX-INFO has a NUL in 'a\\x00b'"),
    "a number for a path": (Stranger({"pex_root": 5}), "'pex_root' in its PEX-INFO is malformed"),
    "a table of tables": (
        Stranger({"inject_env": {"A": {}}}),
        "'inject_env' in its PEX-INFO is malformed",
    ),
    "a list of numbers": (
        Stranger({"inject_args": [1]}),
        "'inject_args' in its PEX-INFO is malformed",
    ),
    "a wheel with a terminal's commands in its name": (
        Stranger({"distributions": {"\x1b[2Jx\n": ""}}),
        "names the wheel \\x1b[2Jx\\n, which is not in it",
    ),
    "an exclusion nested deeply": (
        Stranger({"excluded": ["foo; " + "(" * 3000]}),
        "can't parse the requirement",
    ),
    "an exclusion of several lines": (
        Stranger({"excluded": ["foo\nbar"]}),
        "can't parse the requirement",
    ),
    "an override with a number that Python doesn't read": (
        Stranger({"overridden": ["foo>=" + "9" * 5000]}),
        "can't parse the requirement",
    ),
    "a constraint with a number that Python doesn't read": (
        Stranger({"interpreter_constraints": [">=" + "9" * 5000]}),
        "can't parse the interpreter constraint",
    ),
    "metadata without a name": (
        Stranger(wheel={METADATA: "Version: 1\n"}),
        f"can't read {WHEEL} in ",
    ),
    "metadata of NULs only": (
        Stranger(wheel={METADATA: b"\0" * 100}),
        f"can't read {WHEEL} in ",
    ),
    "a project whose name is a path": (
        Stranger(wheel={METADATA: "Name: ../../x\nVersion: 1\n", DATA + "headers/x.h": ""}),
        f"can't read {WHEEL} in ",
    ),
    "a layout nested deeply": (Stranger(wheel={".layout.json": DEEP}), ".layout.json is damaged"),
    "a file in the place of a scheme": (
        Stranger(wheel={DATA + "purelib": ""}),
        f"the installation scheme of {DATA}purelib is unknown|can't unpack 'lib/'",
    ),
    "a file that a scheme makes a directory": (
        Stranger(wheel={DATA + "purelib/foo.py/x": ""}),
        "it is both a file and a directory",
    ),
    "a path that is too deep only where it is unpacked": (
        Stranger(wheel={"d/" * 127 + "x": ""}),
        "it has more than 128 components|is nested too deeply",
    ),
    "a path of the app that is too deep only where it is unpacked": (
        Stranger(files={"d/" * 127 + "x": ""}),
        "it has more than 128 components|is nested too deeply",
    ),
}


@pytest.mark.parametrize("layout", ["zipapp", "packed", "loose"])
@pytest.mark.parametrize("case", REFUSED)
def test_malicious_pex_is_refused_in_one_line(
    native: Path, place: Path, capsys: pytest.CaptureFixture[str], case: str, layout: str
) -> None:
    stranger, message = REFUSED[case]
    stranger.write(place / "evil.pex", layout)
    before = surroundings(place.parents[2])
    assert inject(native, place / "evil.pex") == 1
    error = capsys.readouterr().err
    assert error.startswith("pexcz: ") and error.count("\n") == 1
    assert any(part in error for part in message.split("|"))
    assert surroundings(place.parents[2]) == before
    assert [path.name for path in place.iterdir()] == ["evil.pex"]


TAKEN: Dict[str, Stranger] = {
    "names that differ by case": Stranger(
        files={"App.py": "1", "lib/a": "", "Lib/a": ""}, wheel={"Foo.py": ""}
    ),
    "NaN and Infinity": Stranger(
        '{"distributions": {"' + WHEEL + '": ""}, "max_install_jobs": NaN, "x": -Infinity}'
    ),
    "hashes that are paths": Stranger({"code_hash": "../../x", "pex_hash": "/etc/passwd"}),
    "malformed requirements": Stranger(
        {"requirements": ["(" * 3000, "foo; " + "(" * 1500, "foo>=" + "9" * 5000, "foo\nbar"]}
    ),
    "malformed requirements of a wheel": Stranger(
        wheel=metadata("Requires-Dist: foo; " + "(" * 1500 + "\nRequires-Python: >=" + "9" * 5000)
    ),
    "a RECORD with paths outside": Stranger(wheel={DIST_INFO + "RECORD": b"../../x,,\n\xff"}),
    "a WHEEL of binary data": Stranger(wheel={DIST_INFO + "WHEEL": b"\0\xff"}),
    "a stash outside": Stranger(wheel={".layout.json": '{"stash_dir": "../.."}'}),
    "scripts whose names are paths": Stranger(
        wheel={
            DIST_INFO
            + "entry_points.txt": "[console_scripts]\n../../bin/sh = a:b\n/bin/sh = a:b\n.. = a:b\n"
            "= a:b\na\\b = a:b\na\0b = a:b\nx = ../../x\n" + "x" * 256 + " = a:b\nfoo = foo:main\n"
        }
    ),
}


@pytest.mark.parametrize("layout", ["zipapp", "packed", "loose"])
@pytest.mark.parametrize("case", TAKEN)
def test_accepted_pex_writes_only_its_output(
    native: Path, place: Path, case: str, layout: str
) -> None:
    TAKEN[case].write(place / "evil.pex", layout)
    before = surroundings(place.parents[2])
    assert inject(native, place / "evil.pex") == 0
    assert surroundings(place.parents[2]) == before
    with zipfile.ZipFile(place / "out.czex") as archive:
        _, wheel = json.loads(archive.read(".czex/manifest.json"))["packs"]
    scripts = wheel["entry_points"].get("console_scripts", {})
    assert scripts in ({}, {"foo": "foo:main"})
    paths = list(packed(place / "out.czex"))
    assert ("lib/App.py" in paths) == ("case" in case)
    assert len(paths) == len(set(paths)) and not any(".." in path for path in paths)


def packed(czex: Path) -> Iterator[str]:
    tree = ZipTree(czex, "")
    for name in tree.files:
        if name.endswith(".pack"):
            content = tree.read(name)
            found = pack.parse_pack(io.BytesIO(content), len(content), name, "", 0)
            yield from (path for path, _, _ in found.files)


def test_wheel_with_too_many_files_is_refused(
    native: Path, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packwriter, "SECTION_RAW_MAX", 200)
    Stranger(wheel={f"foo/{number}.py": "" for number in range(20)}).write(
        place / "evil.pex", "zipapp"
    )
    assert inject(native, place / "evil.pex") == 1
    assert (
        f"can't pack {WHEEL}: it has 23 files, more than a pack can hold" in capsys.readouterr().err
    )
    assert [path.name for path in place.iterdir()] == ["evil.pex"]


def test_zip_bomb_does_not_fill_the_memory(native: Path, place: Path) -> None:
    import resource

    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("zeros", "w", force_zip64=True) as stream:
            for _ in range(400):
                stream.write(bytes(1 << 20))
    with zipfile.ZipFile(bomb, "a") as archive:
        archive.writestr("PEX-INFO", "{}")
    (place / "evil.pex").write_bytes(bomb.getvalue())
    pid = os.fork()
    if pid == 0:
        resource.setrlimit(resource.RLIMIT_AS, (700 << 20, 700 << 20))
        os._exit(inject(native, place / "evil.pex"))
    assert os.waitpid(pid, 0)[1] == 0
    assert (place / "out.czex").stat().st_size < 1 << 20
