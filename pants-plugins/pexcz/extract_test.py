"""`pexcz extract` writes the content of the PEX, and pip installs it."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, Dict, Tuple

import pytest

from pexcz import czexfile, extract
from pexcz.cli import main
from pexcz.errors import BadArchiveError
from testing.strangers import DATA, DIST_INFO, METADATA, WHEEL, Stranger, native_directory

FILES = {
    METADATA: "Metadata-Version: 2.1\nName: foo\nVersion: 1.0\nRequires-Python: >=3.6\n",
    DIST_INFO + "entry_points.txt": "[console_scripts]\nfoo = foo:main\n",
    DIST_INFO + "RECORD": "foo.py,sha256=wrong,1\n",
    "foo.py": "def main():\n    print('foo')\n",
    "foo/\N{SNOWMAN}, odd.txt": "odd",
    DATA + "scripts/tool": "#!python -O\nimport foo; foo.main()\n",
    DATA + "scripts/shell": "#!/bin/sh\necho shell\n",
    DATA + "data/share/foo.txt": "data",
    DATA + "data/lib64/foo.txt": "more data",
    DATA + "headers/foo.h": "int foo;",
    DATA + "purelib/odd.data/scripts/x": "no script",
}
SOURCES = {
    "app.py": "import foo\ndef main():\n    foo.main()\n    return 7\n",
    "package/data.txt": "text",
}
INFO = {
    "entry_point": "app:main",
    "interpreter_constraints": ["CPython>=3.7,<4"],
    "requirements": ["foo>=1; python_version > '3'"],
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "native").mkdir()
    native_directory(tmp_path / "native")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def inject(place: Path, stranger: Stranger, layout: str = "zipapp") -> str:
    pex = place / "an-app.pex"
    stranger.write(pex, "zipapp")
    argv = ["inject", str(pex), "--native", str(place / "native"), "--layout", layout]
    assert main([*argv, "--platform", "linux-x86_64"]) == 0
    return str(place / "an-app.czex")


def content(wheel: Path) -> Dict[str, Tuple[bytes, bool]]:
    """Return name → content, and whether the file is executable."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            entry.filename: (archive.read(entry), bool(entry.external_attr >> 16 & 0o111))
            for entry in archive.infolist()
        }


def assert_record_is_right(files: Dict[str, Tuple[bytes, bool]], record: str) -> None:
    expected = [[record, "", ""]]
    for name, (text, _) in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode().rstrip("=")
        if name != record:
            expected.append([name, f"sha256={digest}", str(len(text))])
    rows = list(csv.reader(files[record][0].decode().splitlines()))
    assert sorted(rows) == sorted(expected)


@pytest.mark.parametrize("layout", ["zipapp", "packed"])
def test_wheel_has_the_same_content_as_in_the_pex(place: Path, layout: str) -> None:
    czex = inject(place, Stranger(INFO, SOURCES, FILES), layout)
    assert main(["extract", czex, "out"]) == 0
    seen = content(Path("out", WHEEL))
    assert_record_is_right(seen, DIST_INFO + "RECORD")
    expected = {**Stranger(wheel=FILES).wheel}
    expected[DATA + "scripts/tool"] = "#!python\nimport foo; foo.main()\n"
    del seen[DIST_INFO + "RECORD"], expected[DIST_INFO + "RECORD"]
    assert {name: text for name, (text, _) in seen.items()} == {
        name: text.encode() for name, text in expected.items()
    }
    executables = {name for name, (_, executable) in seen.items() if executable}
    assert executables == {DATA + "scripts/tool", DATA + "scripts/shell"}


def test_sources_are_a_wheel_with_the_requirements(place: Path) -> None:
    czex = inject(place, Stranger(INFO, SOURCES, FILES))
    assert main(["extract", czex, "out"]) == 0
    (wheel,) = Path("out").glob("an_app_sources-0.0.0+*-py2.py3-none-any.whl")
    files = content(wheel)
    dist_info = "-".join(wheel.name.split("-")[:2]) + ".dist-info"
    assert_record_is_right(files, f"{dist_info}/RECORD")
    assert {name for name in files if not name.startswith(dist_info)} == set(SOURCES)
    lines = files[f"{dist_info}/METADATA"][0].decode().splitlines()
    assert "Requires-Python: <4,>=3.7" in lines
    assert 'Requires-Dist: foo>=1; python_version > "3"' in lines


def test_same_czex_gives_the_same_files(place: Path) -> None:
    czex = inject(place, Stranger(INFO, SOURCES, FILES))
    for directory in ("one", "two"):
        assert main(["extract", czex, directory]) == 0
    one, two = (
        {path.name: path.read_bytes() for path in Path(directory).iterdir()}
        for directory in ("one", "two")
    )
    assert one == two and len(one) == 2


@pytest.mark.parametrize("entry_point", ["app:main", "app"])
def test_pip_installs_all_wheels_and_the_app_works(place: Path, entry_point: str) -> None:
    main_too = SOURCES["app.py"] + "if __name__ == '__main__':\n    raise SystemExit(main())\n"
    stranger = Stranger(
        {**INFO, "entry_point": entry_point}, {**SOURCES, "app.py": main_too}, FILES
    )
    assert main(["extract", inject(place, stranger), "out"]) == 0
    environment = {"PATH": os.environ["PATH"], "HOME": str(place), "PIP_CONFIG_FILE": os.devnull}

    def run(*argv: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(argv, env=environment, capture_output=True, text=True)

    assert run(sys.executable, "-m", "venv", "venv").returncode == 0
    (sources,) = Path("out").glob("*_sources-*.whl")
    install = ["venv/bin/python", "-m", "pip", "install", "--no-index", "--find-links", "out"]
    process = run(*install, str(sources))
    assert process.returncode == 0, process.stderr
    process = run("venv/bin/an_app")
    assert (process.stdout, process.stderr, process.returncode) == ("foo\n", "", 7)
    assert run("venv/bin/tool").stdout == run("venv/bin/foo").stdout == "foo\n"
    assert run("venv/bin/shell").stdout == "shell\n"
    assert Path("venv/share/foo.txt").read_text() == "data"
    assert run("venv/bin/python", "-m", "pip", "check").returncode == 0


def test_command_of_the_app_does_not_replace_a_wheels_command(place: Path) -> None:
    files = {**FILES, DIST_INFO + "entry_points.txt": "[console_scripts]\nan_app = foo:main\n"}
    assert main(["extract", inject(place, Stranger(INFO, SOURCES, files)), "out"]) == 0
    (wheel,) = Path("out").glob("*_sources-*.whl")
    (points,) = [text for name, (text, _) in content(wheel).items() if "entry_points" in name]
    assert points == b"[console_scripts]\nan_app-app = app:main\n"


def assert_refused(
    place: Path, czex: str, message: str, capsys: pytest.CaptureFixture[str], out: str = "out"
) -> None:
    before = {path: path.is_file() and path.read_bytes() for path in place.rglob("*")}
    capsys.readouterr()
    assert main(["extract", czex, out]) == 1
    error = capsys.readouterr().err
    assert error.startswith("pexcz: ") and error.count("\n") == 1 and message in error
    assert {path: path.is_file() and path.read_bytes() for path in place.rglob("*")} == before


@pytest.mark.parametrize("name", ["C:foo-1.0-py3-none-any.whl", "..\\foo.whl", "foo", "\x1b.whl"])
def test_wheel_name_that_is_a_path_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    info = {**INFO, "distributions": {name: ""}}
    pex = place / "an-app.pex"
    pex.mkdir()
    Stranger(info, SOURCES, FILES).write(pex, "packed")
    (pex / ".deps" / WHEEL).rename(pex / ".deps" / name)
    argv = ["inject", str(pex), "--native", str(place / "native"), "-o", "bad.czex"]
    if main([*argv, "--platform", "linux-x86_64"]) == 0:
        assert_refused(place, "bad.czex", "is not a file name of a wheel", capsys)
    else:
        assert not Path("bad.czex").exists()


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """pexcz itself doesn't make such a pack: it moves `data/lib64/x` to `data64/x`."""
    with pytest.raises(BadArchiveError, match="it has two files x"):
        extract._write(tmp_path / WHEEL, "foo-1.0.dist-info", [("x", b"", False)] * 2)


@pytest.mark.parametrize(
    "entry_point", ["app:main\nx = y:z", "app; import os", '"', "../app", "app:main extra"]
)
def test_malformed_entry_point_gets_no_command(place: Path, entry_point: str) -> None:
    czex = inject(place, Stranger({**INFO, "entry_point": entry_point}, SOURCES, FILES))
    assert main(["extract", czex, "out"]) == 0
    (wheel,) = Path("out").glob("*_sources-*.whl")
    names = "".join(content(wheel))
    assert "entry_points.txt" not in names and "scripts" not in names


def test_damaged_czex_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    czex = Path(inject(place, Stranger(INFO, SOURCES, FILES)))
    whole = bytearray(czex.read_bytes())
    for position in range(3000, len(whole), len(whole) // 50):
        whole[position] ^= 1
        czex.write_bytes(whole)
        whole[position] ^= 1
        assert_refused(place, str(czex), str(czex), capsys)


def test_directory_with_files_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    czex = inject(place, Stranger(INFO, SOURCES, FILES))
    Path("out").mkdir()
    Path("out/mine").write_text("mine")
    assert_refused(place, czex, "is a directory with other files", capsys)
    Path("link").symlink_to(place)
    assert_refused(place, czex, "it is not a directory", capsys, out="link")


def test_malformed_manifest_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    czex = inject(place, Stranger(INFO, SOURCES, FILES))
    read = czexfile.read_czex
    changes: Tuple[Dict[str, Any], ...] = (
        {"packs": []},
        {"requirements": None},
        {"requirements": [{"text": 1}]},
        {"interpreter_constraints": [{"text": "x"}]},
    )
    monkeypatch.setattr(extract, "check", lambda czex: None)
    for change in changes:

        def changed(path: Path, change: Dict[str, Any] = change) -> czexfile.Czex:
            found = read(path)
            found.manifest.update(change)
            return found

        monkeypatch.setattr(czexfile, "read_czex", changed)
        assert_refused(place, czex, "a field of its manifest is malformed", capsys)
