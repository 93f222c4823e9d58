"""A file that is not a PEX, or can't become a CZEX, is refused with a reason."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any, Dict

import pytest
import zstandard

from pexcz.errors import BadArchiveError, NotAPexError, PexczError
from pexcz.header import Beginning
from pexcz.pexfile import Pex, read_pex
from pexcz.trees import ZIP_ZSTANDARD


def write(path: Path, info: Any, files: Dict[str, str] | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        if info is not None:
            archive.writestr("PEX-INFO", info if isinstance(info, str) else json.dumps(info))
        for name, content in (files or {}).items():
            archive.writestr(name, content)
    return path


def read(tmp_path: Path, info: Any, files: Dict[str, str] | None = None) -> Pex:
    return read_pex(write(tmp_path / "app.pex", info, files))


def test_pex_info_without_fields_is_valid(tmp_path: Path) -> None:
    pex = read(tmp_path, {}, {"app/main": "x", "__main__.py": "y", ".bootstrap/x": "z"})
    assert [entry.path for entry in pex.source_entries()] == ["lib/app/main"]
    assert (pex.wheel_names, pex.beginning, pex.preamble) == ([], Beginning(), b"")


def test_an_app_may_have_a_file_or_a_package_called_pex(tmp_path: Path) -> None:
    pex = read(tmp_path, {}, {"pex": "of the app"})
    assert [entry.path for entry in pex.source_entries()] == ["lib/pex"]
    pex = read(tmp_path, {}, {"pex/__init__.py": "", "a.b.py": "", "__pycache__/a.pyc": ""})
    assert pex.sources_meta() == {"kind": "sources", "names": ["a", "pex"], "pth": []}


def add_by_zstd(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(name, zstandard.compress(content), zipfile.ZIP_STORED)
    info = archive.getinfo(name)
    info.compress_type, info.file_size = ZIP_ZSTANDARD, len(content)
    info.CRC = zlib.crc32(content)


def test_the_native_runtime_of_a_pex_is_left_out(tmp_path: Path) -> None:
    """`pex --rc` compresses the app and its wheels by zstd, and puts its own runtime below `__pex__`."""
    name = "a-1-py3-none-any.whl"
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        add_by_zstd(archive, "a.py", b"A = 1\n")
        add_by_zstd(archive, "a-1.dist-info/METADATA", b"Name: a\nVersion: 1\n")
        add_by_zstd(archive, "a-1.dist-info/WHEEL", b"Wheel-Version: 1.0\nTag: py3-none-any\n")
        add_by_zstd(archive, "a-1.dist-info/RECORD", b"a.py,,\n")
    path = tmp_path / "app.pex"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        add_by_zstd(archive, "app/main.py", b"import a\n")
        archive.writestr(f".deps/{name}", wheel.getvalue(), zipfile.ZIP_STORED)
        for directory in ("", ".scripts/", ".scripts/venv-activation/", ".clibs/", ".proxies/"):
            archive.writestr("__pex__/" + directory, "")
        for file in (
            ".scripts/PEX_EXTRA_SYS_PATH.start",
            ".scripts/venv-activation/activate",
            ".proxies/python-proxy-x86_64-linux-gnu",
        ):
            add_by_zstd(archive, "__pex__/" + file, b"its runtime")
        archive.writestr("__pex__/.clibs/x86_64-linux-gnu.libpexrc.so", b"\x7fELF")
        info = {"deps_are_wheel_files": True, "distributions": {name: "0"}}
        archive.writestr("PEX-INFO", json.dumps(info))
        for file in ("__pex__/__init__.py", "__main__.py"):
            archive.writestr(file, "its boot")
    path.write_bytes(b"#!/usr/bin/env python3.9\n" + path.read_bytes())
    pex = read_pex(path)
    contents = {entry.path: b"".join(entry.chunks()) for entry in pex.source_entries()}
    assert contents == {"lib/app/main.py": b"import a\n"}
    (read,) = pex.wheels()
    assert {entry.path: b"".join(entry.chunks()) for entry in read.entries}[
        "lib/a.py"
    ] == b"A = 1\n"


def test_pex_in_a_directory_is_not_a_source(tmp_path: Path) -> None:
    (tmp_path / "PEX-INFO").write_text("{}")
    (tmp_path / "pex").write_text("what is beside __main__.py")
    assert read_pex(tmp_path).source_entries() == []


def test_the_shebang_is_the_first_line(tmp_path: Path) -> None:
    path = write(tmp_path / "app.pex", {})
    path.write_bytes(b"#!/usr/bin/env python3.9\n" + path.read_bytes())
    assert read_pex(path).beginning.shebang == "/usr/bin/env python3.9"


@pytest.mark.parametrize(
    "info, message",
    [
        (None, "has no PEX-INFO"),
        ("{", "is not JSON"),
        ("[]", "is not an object"),
        ({"requirements": "cowsay"}, "'requirements' in its PEX-INFO is malformed"),
        ({"distributions": [1]}, "'distributions' in its PEX-INFO is malformed"),
        ({"pex_paths": "other.pex"}, "'pex_paths' in its PEX-INFO is malformed"),
        ({"pex_root": 1}, "'pex_root' in its PEX-INFO is malformed"),
        ({"inject_env": {"A": 1}}, "'inject_env' in its PEX-INFO is malformed"),
        ({"pex_root": "\ud800"}, "surrogates not allowed"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_malformed_pex_is_refused(tmp_path: Path, info: Any, message: str) -> None:
    with pytest.raises(NotAPexError, match=message):
        read(tmp_path, info)


def test_missing_wheel_is_an_error(tmp_path: Path) -> None:
    pex = read(tmp_path, {"distributions": {"a-1-py3-none-any.whl": "0"}})
    with pytest.raises(BadArchiveError, match="incomplete.*a-1-py3-none-any.whl"):
        list(pex.wheels())


def test_path_in_the_place_of_a_wheels_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArchiveError, match="names a wheel '../x.whl'"):
        read(tmp_path, {"distributions": {"../x.whl": "0"}})


def test_a_czex_is_not_injected_again(tmp_path: Path) -> None:
    with pytest.raises(NotAPexError, match="it is a CZEX already"):
        read(tmp_path, {}, {".czex/manifest.json": "{}"})


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pex"
    for content in (b"", b"hello", b"#!/bin/sh\necho hi\n"):
        path.write_bytes(content)
        with pytest.raises(PexczError, match="x.pex( as a PEX)?: it is not a"):
            read_pex(path)


def test_missing_pex_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotAPexError, match="can't read .*nowhere.pex: No such file"):
        read_pex(tmp_path / "nowhere.pex")


BOOT = "import os\nboot()\n"
SH = "#!/bin/sh\n'''': pshprs\nset -eu\nexit 1\n'''\n"


@pytest.mark.parametrize(
    "main, hook, preamble",
    [
        ("#!/usr/bin/python3\n\n" + BOOT, BOOT, ""),
        ("#!/usr/bin/python3\nsetup()\n\n" + BOOT, BOOT, "#!/usr/bin/python3\nsetup()\n\n"),
        (SH + "\n" + BOOT, BOOT, ""),
        (SH + "setup()\n" + BOOT, BOOT, "#!/bin/sh\nsetup()\n"),
        ("#!/usr/bin/python3\nsetup()\n\n" + BOOT, "import os\nanother()\n", ""),
        ("#!/usr/bin/python3\nsetup()\n", "", ""),
        ("", "", ""),
    ],
)
def test_preamble_is_the_text_before_pexs_own_code(
    main: str, hook: str, preamble: str, tmp_path: Path
) -> None:
    directory = tmp_path / "app"
    (directory / "__pex__").mkdir(parents=True)
    (directory / "PEX-INFO").write_text("{}")
    (directory / "__main__.py").write_text(main)
    (directory / "__pex__" / "__init__.py").write_text(hook)
    assert read_pex(directory).preamble == preamble.encode()
