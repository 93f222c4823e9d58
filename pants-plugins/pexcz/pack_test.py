"""Packs have the format of docs/format.md, for any number of threads."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest

from pexcz import pack, packwriter
from pexcz.errors import BadArchiveError, BadPackError
from pexcz.libraries import Libraries
from pexcz.mentions import Mentions
from pexcz.pack import (
    DIRECTORY,
    EXECUTABLE,
    FRAME_RAW_MAX,
    OUTWARD,
    SHEBANG,
    Entry,
    PackInfo,
)
from pexcz.packwriter import finished_packs, write_pack


def entry(path: str, content: bytes, flags: int = 0) -> Entry:
    return Entry(path, len(content), flags, lambda: iter([content] if content else []))


def packed(*entries: Entry, level: int = 3, threads: int = 2) -> bytes:
    stream = io.BytesIO()
    write_pack(stream, {"kind": "sources", "pth": []}, entries, level, threads)
    return stream.getvalue()


def parsed(content: bytes) -> PackInfo:
    return pack.parse_pack(io.BytesIO(content), len(content), "x.pack", "0" * 64, 0)


SMALL = (entry("lib/b.py", b"b\n"), entry("lib/a.py", b"a\n", EXECUTABLE))


def test_pack_info_has_the_files_and_the_meta_section() -> None:
    info = parsed(packed(*SMALL))
    assert info.meta == {"kind": "sources", "pth": []}
    assert info.files == (("lib/a.py", 2, EXECUTABLE), ("lib/b.py", 2, 0))
    assert info.content_size == 4


def test_pack_info_of_a_writer_is_that_of_its_file(tmp_path: Path) -> None:
    outward = entry("lib/c.so", b"\x7fELF$ORIGIN/../d.libs")
    large = entry("lib/d", bytes(FRAME_RAW_MAX + 1))
    contents = [({"kind": "sources", "names": ["a"], "pth": []}, [*SMALL, outward, large])]
    (pack_of_all,) = finished_packs(contents, 3, 2)
    info = pack_of_all.write_file(tmp_path / "x.pack", 3)
    assert info == pack.read_pack_info(tmp_path / "x.pack")


def test_entries_are_sorted_by_component() -> None:
    info = parsed(packed(entry("lib/a.b", b""), entry("lib/a/b", b""), entry("lib/a-b", b"")))
    assert [path for path, _, _ in info.files] == ["lib/a/b", "lib/a-b", "lib/a.b"]


def test_the_order_of_the_input_does_not_matter() -> None:
    assert packed(*SMALL) == packed(*reversed(SMALL))


def test_the_number_of_threads_does_not_matter() -> None:
    content = random.Random(1).randbytes(FRAME_RAW_MAX * 2 + 5)
    entries = [entry("lib/large", content), *SMALL]
    assert packed(*entries, level=1, threads=1) == packed(*entries, level=1, threads=4)


def test_large_file_spans_frames_and_small_files_share_one() -> None:
    content = bytes(FRAME_RAW_MAX * 2 + 5)
    frames = list(
        packwriter._frames(
            [entry("lib/a", b"a"), entry("lib/b", b"b"), entry("lib/c", content)],
            Libraries(),
            Mentions(None),
        )
    )
    assert [len(frame) for frame in frames] == [2, FRAME_RAW_MAX, FRAME_RAW_MAX, 5]


def test_empty_pack_is_valid() -> None:
    assert parsed(packed()).files == ()


def test_an_empty_directory_is_kept() -> None:
    assert parsed(packed(entry("lib/empty", b"", DIRECTORY))).files == (
        ("lib/empty", 0, DIRECTORY),
    )


def test_outline_ends_at_directories_that_can_be_linked() -> None:
    names = (
        *("lib/a/b/c.py", "lib/a/d.py", "lib/e.py", "lib/f/g.so", "lib/f/h/i.py", "lib/f/j.py"),
        *("lib/k", "scripts/l", "data/share/m/n"),
    )
    flags = {"lib/f/g.so": OUTWARD, "lib/k": DIRECTORY, "scripts/l": SHEBANG}
    files = [(name, 0, flags.get(name, 0)) for name in names]
    assert pack.outline_of(files) == [
        ("lib/a", 0, DIRECTORY),
        ("lib/e.py", 0, 0),
        ("lib/f/g.so", 0, OUTWARD),
        ("lib/f/h", 0, DIRECTORY),
        ("lib/f/j.py", 0, 0),
        ("lib/k", 0, DIRECTORY),
        ("scripts/l", 0, SHEBANG),
        ("data/share", 0, DIRECTORY),
    ]


def test_any_changed_byte_of_the_header_and_sections_is_noticed() -> None:
    content = packed(*SMALL)
    whole = parsed(content)
    header_bytes = len(content) - 20
    for position in range(header_bytes):
        damaged = bytearray(content)
        damaged[position] ^= 0x40
        try:
            assert parsed(bytes(damaged)) != whole
        except BadPackError:
            pass


def test_truncated_pack_is_refused() -> None:
    content = packed(*SMALL)
    for length in range(len(content)):
        with pytest.raises(BadPackError):
            parsed(content[:length])


def test_a_file_that_is_also_a_directory_is_refused() -> None:
    for path in ("lib/a/b", "lib/a"):
        with pytest.raises(
            BadArchiveError, match="can't pack lib/a of .*: it is both a file and a directory"
        ):
            packed(entry("lib/a", b""), entry("lib/a.b", b""), entry(path, b""))


def test_damaged_frame_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "x.pack"
    path.write_bytes(packed(*SMALL))
    info = pack.read_pack_info(path)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(BadPackError, match="x.pack is damaged"):
        list(pack.contents(path, info))
