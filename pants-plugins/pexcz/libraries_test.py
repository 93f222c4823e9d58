"""Native libraries that look for others outside of their wheel are found, for all platforms."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Iterator

import pytest

from pexcz import pack
from pexcz.libraries import Libraries
from pexcz.packwriter import write_pack

ELF, MACH_O = b"\x7fELF\2\1\1\0", b"\xcf\xfa\xed\xfe\x0c\0\0\1"
LIBRARY = "lib/a/sub/x.so"
OTHERS = ["lib/a/__init__.py", "lib/a/libs/deep/y.so.1", "lib/a.libs/z.so", "data/share/a"]


def chunked(content: bytes, size: int) -> Iterator[bytes]:
    return iter([content[start : start + size] for start in range(0, len(content), size)])


def outward(content: bytes, size: int = 1 << 20, path: str = LIBRARY) -> bool:
    libraries = Libraries()
    assert b"".join(libraries.watch(path, chunked(content, size))) == content
    return libraries.outward([*OTHERS, path]) == {path}


@pytest.mark.parametrize(
    "searched, expected",
    [
        ("$ORIGIN", False),
        ("$ORIGIN/", False),
        ("$ORIGIN/../libs/deep", False),
        ("${ORIGIN}/../../a.libs", False),
        ("/usr/lib:$ORIGIN/../libs:$ORIGIN", False),
        ("$ORIGIN/../..", True),
        ("$ORIGIN/../../..", True),
        ("$ORIGIN/../../../data/share", False),
        ("$ORIGIN/../../../../../lib", True),
        ("$ORIGIN/../../b.libs", True),
        ("${ORIGIN}/../../nvidia/cublas/lib", True),
        ("$ORIGIN/../libs:$ORIGIN/../../b/lib", True),
        ("/opt/b/lib", False),
        ("ORIGIN/../../b", False),
    ],
)
@pytest.mark.parametrize("size", [1 << 20, 4096, 7])
def test_elf_library_that_looks_outside_is_found_by_its_runpath(
    searched: str, expected: bool, size: int
) -> None:
    content = ELF + b"\0libc.so.6\0" * 900 + searched.encode() + b"\0main\0"
    assert outward(content, size) == expected


@pytest.mark.parametrize(
    "searched, expected",
    [
        ("@loader_path", False),
        ("@loader_path/../../a.libs/z.so", False),
        ("@loader_path/../../b.libs/z.so", True),
        ("@loader_path/../libs", False),
        ("@loader_path/../../b/lib", True),
        ("@rpath/libz.dylib", False),
        ("$ORIGIN/../../b", False),
    ],
)
def test_mach_o_library_that_looks_outside_is_found_by_its_load_commands(
    searched: str, expected: bool
) -> None:
    content = MACH_O + b"\0" * 99 + searched.encode() + b"\0\0\0"
    assert outward(content, 64, "lib/a/sub/x.dylib") == expected


def test_other_files_are_not_scanned_for_libraries() -> None:
    assert not outward(ELF + b"$ORIGIN/../../b\0", path="lib/a/sub/x.txt")


def test_pack_flags_libraries_that_look_outside(tmp_path: Path) -> None:
    stream = io.BytesIO()
    files = {"lib/a/x.so": ELF + b"$ORIGIN/../b\0", "lib/a/y.so": ELF + b"$ORIGIN\0"}
    entries = [
        pack.Entry(path, len(content), pack.EXECUTABLE, lambda content=content: iter([content]))  # type: ignore[misc]
        for path, content in files.items()
    ]
    write_pack(stream, {"kind": "wheel"}, entries, 3, 1)
    path = tmp_path / "a.pack"
    path.write_bytes(stream.getvalue())
    flags = {name: flags for name, _, flags in pack.read_pack_info(path).files}
    assert flags == {
        "lib/a/x.so": pack.EXECUTABLE | pack.OUTWARD,
        "lib/a/y.so": pack.EXECUTABLE,
    }
