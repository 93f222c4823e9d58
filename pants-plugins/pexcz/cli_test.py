"""The commands work with real PEXes of all layouts. Errors are one line.

The PEXes come from the Pex that is installed beside these tests. The runtimes here are files without code.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from rich.filesize import decimal

from pexcz import directorywriter, packplaces
from pexcz.cli import main
from testing.strangers import native_directory


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return native_directory(tmp_path_factory.mktemp("native"))


@pytest.fixture(scope="module")
def pexes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build one app in every layout."""
    root = tmp_path_factory.mktemp("pexes")
    (root / "sources" / "empty").mkdir(parents=True)
    (root / "sources" / "app.py").write_text("print('hi')\n")
    (root / "sources" / "run.sh").write_text("#!/bin/sh\n")
    (root / "sources" / "run.sh").chmod(0o755)
    for layout in ("zipapp", "packed", "loose"):
        command = [sys.executable, "-m", "pex", "-D", str(root / "sources"), "-m", "app"]
        command += ["--layout", layout, "-o", str(root / layout)]
        path = os.pathsep.join(entry for entry in sys.path if entry)
        environment = {**os.environ, "PEX_ROOT": str(root / "root"), "PYTHONPATH": path}
        subprocess.run(command, check=True, env=environment)
    return root


def inject(native: Path, pex: Path, output: Path, *options: str) -> bytes:
    assert main(["inject", str(pex), "-o", str(output), "--native", str(native), *options]) == 0
    return output.read_bytes()


def manifest(czex: Path) -> dict[str, object]:
    with zipfile.ZipFile(czex) as archive:
        assert archive.testzip() is None
        return json.loads(archive.read(".czex/manifest.json"))


def packs_of(czex: Path) -> List[Dict[str, Any]]:
    packs = manifest(czex)["packs"]
    assert isinstance(packs, list)
    return packs


def test_every_layout_gives_the_same_packs(native: Path, pexes: Path, tmp_path: Path) -> None:
    packs = []
    for layout in ("zipapp", "packed", "loose"):
        output = tmp_path / f"{layout}.czex"
        inject(native, pexes / layout, output)
        packs.append([record["sha256"] for record in packs_of(output)])
        assert os.access(output, os.X_OK)
    assert packs[0] == packs[1] == packs[2]


def test_the_same_pex_gives_the_same_bytes(native: Path, pexes: Path, tmp_path: Path) -> None:
    first = inject(native, pexes / "zipapp", tmp_path / "first.czex")
    os.environ["TZ"] = "Asia/Tokyo"
    old = os.umask(0o077)
    try:
        assert inject(native, pexes / "zipapp", tmp_path / "second.czex") == first
    finally:
        os.umask(old)
        del os.environ["TZ"]


def test_the_steps_of_a_build_give_what_inject_gives(
    native: Path, pexes: Path, tmp_path: Path
) -> None:
    whole = inject(native, pexes / "zipapp", tmp_path / "whole.czex", "--platform", "linux-x86_64")
    pack, output = tmp_path / "sources.pack", tmp_path / "steps.czex"
    assert main(["pack-sources", str(pexes / "zipapp"), "--output", str(pack)]) == 0
    command = [
        "assemble",
        str(pack),
        "--pex",
        str(pexes / "zipapp"),
        "--boot",
        str(native / "boot"),
    ]
    command += ["--runtime", f"linux-x86_64={native}/runtime/linux-x86_64/pexcz"]
    assert main([*command, "--output", str(output)]) == 0
    assert output.read_bytes() == whole


def test_pure_python_pex_gets_all_platforms_by_default(
    native: Path, pexes: Path, tmp_path: Path
) -> None:
    inject(native, pexes / "zipapp", tmp_path / "all.czex")
    assert len(manifest(tmp_path / "all.czex")["runtimes"]) == 10  # type: ignore[arg-type]
    inject(native, pexes / "zipapp", tmp_path / "one.czex", "--platform", "macos-arm64")
    assert list(manifest(tmp_path / "one.czex")["runtimes"]) == ["macos-arm64"]  # type: ignore[call-overload]


def test_czex_without_sh_header_begins_with_the_pexs_shebang(
    native: Path, pexes: Path, tmp_path: Path
) -> None:
    content = inject(native, pexes / "zipapp", tmp_path / "plain.czex", "--no-sh-boot")
    assert content.split(b"\n")[0] == (pexes / "zipapp").read_bytes().split(b"\n")[0]


def tree(directory: Path) -> Dict[str, Tuple[int, bytes]]:
    """Return path → mode and content of all files below a directory."""
    return {
        path.relative_to(directory).as_posix(): (path.stat().st_mode & 0o777, path.read_bytes())
        for path in directory.rglob("*")
        if path.is_file()
    }


def inject_packed(native: Path, pex: Path, output: Path, *options: str) -> Dict[str, Any]:
    argv = ["inject", str(pex), "-o", str(output), "--native", str(native), "--layout", "packed"]
    assert main([*argv, *options]) == 0
    return tree(output)


def test_a_directory_has_the_same_packs_as_files(native: Path, pexes: Path, tmp_path: Path) -> None:
    inject(native, pexes / "zipapp", tmp_path / "file.czex", "--platform", "linux-x86_64")
    files = inject_packed(
        native, pexes / "zipapp", tmp_path / "app.czex", "--platform", "linux-x86_64"
    )
    with zipfile.ZipFile(tmp_path / "file.czex") as archive:
        for name in archive.namelist():
            if name.endswith(".pack") or name in ("PEX-INFO", "__pex__/__init__.py"):
                assert files[name] == (0o644, archive.read(name))
    own = json.loads(files[".czex/manifest.json"][1])
    assert [pack.pop("offset") for pack in own["packs"]] == [0]
    whole: Any = manifest(tmp_path / "file.czex")
    del whole["packs"][0]["offset"]
    assert own == whole
    assert {name for name, (mode, _) in files.items() if mode == 0o755} == {"__main__.py", "pex"}
    # All other files are named by their content.
    kinds = [name.rpartition(".")[0] for name in files]
    assert kinds.count(".czex/start") == kinds.count(".czex/boot") == 1
    assert kinds.count(".czex/runtime/linux-x86_64/pexcz") == 1


def test_the_same_pex_gives_the_same_directory(native: Path, pexes: Path, tmp_path: Path) -> None:
    first = inject_packed(native, pexes / "zipapp", tmp_path / "first.czex")
    old = os.umask(0o077)
    try:
        assert inject_packed(native, pexes / "packed", tmp_path / "second.czex") == first
    finally:
        os.umask(old)
    assert (tmp_path / "second.czex").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "second.czex" / ".czex").stat().st_mode & 0o777 == 0o755


def test_new_version_of_a_directory_changes_few_files(
    native: Path, pexes: Path, tmp_path: Path
) -> None:
    """Files that are named by their content are added and removed, but never changed. A start finds the files of one version."""
    one = inject_packed(
        native, pexes / "zipapp", tmp_path / "app.czex", "--platform", "linux-x86_64"
    )
    two = inject_packed(native, pexes / "zipapp", tmp_path / "app.czex")
    changed = {name for name in one.keys() & two.keys() if one[name] != two[name]}
    assert changed == {".czex/manifest.json", ".czex/seal", "__main__.py", "pex"}
    # The boot has a module for Windows only beside a runtime for Windows.
    assert {name.split(".")[1] for name in one.keys() - two.keys()} == {"czex/boot", "czex/start"}
    plain = inject_packed(native, pexes / "zipapp", tmp_path / "app.czex", "--no-sh-boot")
    assert {name.split(".")[1] for name in plain.keys() - two.keys()} == {"czex/start"}
    assert plain["pex"] == plain["__main__.py"]


def test_without_packs_only_the_packs_are_missing(
    native: Path, pexes: Path, tmp_path: Path
) -> None:
    runtime = f"linux-x86_64={native}/runtime/linux-x86_64/pexcz"
    whole = inject_packed(
        native, pexes / "zipapp", tmp_path / "whole", "--platform", "linux-x86_64"
    )
    pack, output = tmp_path / "sources.pack", tmp_path / "steps.czex"
    assert main(["pack-sources", str(pexes / "zipapp"), "--output", str(pack)]) == 0
    command = ["assemble", str(pack), "--pex", str(pexes / "zipapp")]
    command += ["--boot", str(native / "boot"), "--runtime", runtime, "--layout", "packed"]
    assert main([*command, "--without-packs", "--output", str(output)]) == 0
    assert tree(output) == {name: f for name, f in whole.items() if not name.endswith(".pack")}


def test_directory_that_is_not_a_czex_is_not_replaced(
    native: Path, pexes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert "pex" in inject_packed(native, pexes / "zipapp", tmp_path / "empty")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to("empty")
    before = tree(tmp_path)
    argv = ["inject", str(pexes / "zipapp"), "--native", str(native), "--layout", "packed", "-o"]
    for name, message in (
        ("mine", "is a directory with other files"),
        ("mine/..", "is a directory with other files"),
        ("/", "is a directory with other files"),
        ("/proc/nope/app.czex", "can't write /proc/nope/app.czex: "),
        ("file", "is not a directory"),
        ("link", "is not a directory"),
    ):
        assert main([*argv, str(tmp_path / name)]) == 1
        assert message in capsys.readouterr().err
    assert tree(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "link", "mine"]


def test_an_error_leaves_the_old_directory(
    native: Path, pexes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = inject_packed(native, pexes / "zipapp", tmp_path / "app.czex")
    monkeypatch.setattr(directorywriter.DirectoryWriter, "add_pack", no_space)
    argv = ["inject", str(pexes / "zipapp"), "--native", str(native), "--layout", "packed", "-o"]
    assert main([*argv, str(tmp_path / "app.czex")]) == 1
    assert tree(tmp_path / "app.czex") == before
    assert [path.name for path in tmp_path.iterdir()] == ["app.czex"]


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_inspect_reads_a_directory_and_names_a_truncated_pack(
    native: Path, pexes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    czex = tmp_path / "app.czex"
    files = inject_packed(native, pexes / "zipapp", czex)
    assert main(["inspect", "--json", str(czex)]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(files[".czex/manifest.json"][1])
    assert main(["inspect", str(czex)]) == 0
    assert "directory" in capsys.readouterr().out
    (pack,) = czex.glob(".czex/packs/*")
    pack.write_bytes(pack.read_bytes()[:-1])
    assert main(["inspect", str(czex)]) == 1
    assert f"{czex} is incomplete: .czex/packs/{pack.name} has" in capsys.readouterr().err
    assert main(["inject", str(czex), "-o", str(tmp_path / "x"), "--native", str(native)]) == 1
    assert "is a CZEX already" in capsys.readouterr().err


def test_inspect_shows_the_contents_of_a_czex(
    native: Path, pexes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    czex = tmp_path / "app.czex"
    inject(native, pexes / "zipapp", czex)
    assert main(["inspect", str(czex)]) == 0
    shown = capsys.readouterr().out
    for word in ("entry point", "app", "sources", "linux-s390x", "(any)"):
        assert word in shown
    assert main(["inspect", "--json", str(czex)]) == 0
    assert json.loads(capsys.readouterr().out) == manifest(czex)


def test_inspect_shows_bytecode_and_sums(
    native: Path,
    pexes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    czex, tag = tmp_path / "app.czex", sys.implementation.cache_tag
    inject(native, pexes / "zipapp", czex, "--precompile", sys.executable)
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["inspect", str(czex)]) == 0
    lines = [" ".join(line.split()).strip("│ ") for line in capsys.readouterr().out.splitlines()]
    (sources,) = packs_of(czex)
    compiled = sources["bytecode"][tag]
    rows = (
        ("the sources", [sources], f" │ {sources['fingerprint']}"),
        (f"the sources, bytecode for {tag}", [compiled], f" │ {compiled['fingerprint']}"),
        ("wheels and sources", [sources], ""),
        (f"bytecode for {tag}", [compiled], ""),
        ("all", [sources, compiled], ""),
    )
    for name, packs, rest in rows:
        files, raw, size = (
            sum(pack[key] for pack in packs) for key in ("files", "content_size", "size")
        )
        assert f"{name} │ {files} │ {decimal(raw)} │ {decimal(size)}{rest}" in lines


def test_root_works_with_cache_and_verify_only(
    pexes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as error:
        main(["--root", str(tmp_path), "inject", str(pexes / "zipapp")])
    assert error.value.code == 2
    assert "--root works with cache and verify only" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        {"packs": None},
        {"packs": [{"kind": "sources"}]},
        {"fingerprint": "../x"},
        {"interpreter_constraints": ["x"]},
        {"runtimes": {"linux-x86_64": None}},
        {"x": "\ud800"},
        {"format": []},
    ],
)
def test_malformed_manifest_is_refused(
    native: Path,
    pexes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Dict[str, Any],
) -> None:
    czex = tmp_path / "app.czex"
    inject_packed(native, pexes / "zipapp", czex)
    file = czex / ".czex" / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    for command in ("inspect", "verify"):
        assert main([command, str(czex)]) == 1
        error = capsys.readouterr().err
        assert error.startswith("pexcz: ") and str(czex) in error


@pytest.mark.parametrize(
    "options, message",
    [
        (["inject", "PEX", "-o", "PEX"], "is the PEX itself"),
        (["inject", "PEX", "-o", "."], "is a directory"),
        (["inject", "PEX", "-o", "/proc/nope/app.czex"], "can't write /proc/nope/app.czex: "),
        (
            ["inject", "PEX", "-o", "OUT", "--platform", "beos-x86"],
            "unknown platform 'beos-x86'",
        ),
        (["inject", "/etc/passwd", "-o", "OUT"], "can't read /etc/passwd as a PEX: "),
        (["inspect", "PEX"], " as a CZEX: it has no .czex/manifest.json"),
        (["inspect", "/etc/passwd"], "can't read /etc/passwd: it is not a whole zip file"),
        (["inspect", "/nowhere"], "can't read /nowhere: it does not exist"),
        (["inspect", "."], " as a CZEX: it has no .czex/manifest.json"),
    ],
)
def test_error_is_one_line_and_leaves_nothing(
    native: Path,
    pexes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: List[str],
    message: str,
) -> None:
    places = {"PEX": str(pexes / "zipapp"), "OUT": str(tmp_path / "out.czex"), ".": str(tmp_path)}
    before = (pexes / "zipapp").read_bytes()
    argv = [places.get(option, option) for option in options]
    assert main([*argv, *(["--native", str(native)] if options[0] == "inject" else [])]) == 1
    error = capsys.readouterr().err
    assert error.startswith("pexcz: ") and error.count("\n") == 1
    assert message in error
    assert (pexes / "zipapp").read_bytes() == before
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_pex_or_czex_leaves_nothing_behind(
    native: Path, pexes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inject(native, pexes / "zipapp", tmp_path / "whole.czex")
    for source, command in ((pexes / "zipapp", "inject"), (tmp_path / "whole.czex", "inspect")):
        content = source.read_bytes()
        cut = tmp_path / "cut"
        for length in range(0, len(content), len(content) // 10 + 1):
            cut.write_bytes(content[:length])
            argv = [command, str(cut)]
            if command == "inject":
                argv += ["-o", str(tmp_path / "out.czex"), "--native", str(native)]
            assert main(argv) == 1
            assert capsys.readouterr().err.startswith("pexcz: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut", "whole.czex"]


def test_packs_too_large_for_a_zip_file_are_before_it(
    native: Path, pexes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = tmp_path / "small.czex", tmp_path / "large.czex"
    inject(native, pexes / "zipapp", small)
    monkeypatch.setattr(packplaces, "PACKS_IN_ZIP_BYTES_MAX", 0)
    content = inject(native, pexes / "zipapp", large)
    assert inject(native, pexes / "zipapp", tmp_path / "again.czex") == content
    with zipfile.ZipFile(large) as archive:
        assert not any(name.startswith(".czex/packs/") for name in archive.namelist())
        first_entry = min(info.header_offset for info in archive.infolist())
    (record,) = packs_of(large)
    start, end = record["offset"], record["offset"] + record["size"]
    assert end == first_entry
    assert hashlib.sha256(content[start:end]).hexdigest() == record["sha256"]
    (in_zip,) = packs_of(small)
    assert {**in_zip, "offset": start} == record
    assert main(["inspect", str(large)]) == 0
