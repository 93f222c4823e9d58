"""Damaged archives, and archives whose paths lead outside, are refused."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
import zstandard

from pexcz.errors import BadArchiveError
from pexcz.trees import (
    COPY_CHUNK_BYTES,
    ZIP_ZSTANDARD,
    DirectoryTree,
    ZipTree,
    nested_zip,
    subtrees,
)

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, ZIP_ZSTANDARD)


def zipped(*names: str, content: bytes = b"x", method: int = zipfile.ZIP_STORED) -> io.BytesIO:
    if method == ZIP_ZSTANDARD:
        return zipped_by_zstd(*names, packed=zstandard.compress(content), content=content)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name in names:
            archive.writestr(name, b"" if name.endswith("/") else content)
    return stream


def zipped_by_zstd(*names: str, packed: bytes, content: bytes) -> io.BytesIO:
    """Make a zip file whose entries contain `packed` as the compressed form of `content`."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, packed)
            info = archive.getinfo(name)
            info.compress_type, info.file_size = ZIP_ZSTANDARD, len(content)
            info.CRC = zlib.crc32(content)
    return stream


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "/etc/evil", "a/./b", "a\\b", "a//b", "x" * 256, "a/" * 3000 + "b"],
)
def test_path_that_leads_outside_is_refused(name: str) -> None:
    with pytest.raises(BadArchiveError, match="can't unpack "):
        ZipTree(zipped(name), "x.zip")


def test_name_with_a_nul_is_refused() -> None:
    content = zipped("axb").getvalue().replace(b"axb", b"a\0b")
    with pytest.raises(BadArchiveError, match="can't unpack .*: it contains a backslash or a NUL"):
        ZipTree(io.BytesIO(content), "x.zip")


def test_names_that_differ_by_case_are_two_files() -> None:
    assert list(ZipTree(zipped("a", "A", "b/c", "B/c"), "x.zip").files) == ["a", "A", "b/c", "B/c"]


@pytest.mark.parametrize("method", METHODS)
def test_entries_that_share_their_content_are_refused(method: int) -> None:
    """Otherwise, a few kilobytes could be unpacked to terabytes."""
    content = bytearray(zipped("a", "b", content=b"content" * 99, method=method).getvalue())
    second = content.rindex(b"PK\1\2")
    for place in (0, 1, 29):
        struct.pack_into("<I", content, second + 42, place)
        with pytest.raises(
            BadArchiveError, match="can't unpack . from x.zip: it overlaps another entry"
        ):
            ZipTree(io.BytesIO(bytes(content)), "x.zip")


# The offsets of numbers of four bytes and of two, in an entry of the directory and at the end of the file.
NUMBERS = {
    b"PK\1\2": {8: "<H", 10: "<H", 20: "<I", 24: "<I", 28: "<H", 30: "<H", 32: "<H", 42: "<I"},
    b"PK\5\6": {8: "<H", 10: "<H", 12: "<I", 16: "<I", 20: "<H"},
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("signature", NUMBERS)
def test_wrong_number_in_a_zip_file_is_noticed_or_harmless(
    signature: bytes, method: int, tmp_path: Path
) -> None:
    names = ("a", "b")
    whole = zipped(*names, content=b"content" * 9, method=method).getvalue()
    path = tmp_path / "x.zip"
    for offset, form in NUMBERS[signature].items():
        bits = 8 * struct.calcsize(form)
        for number in (0, 1, 46, 1 << (bits - 1), (1 << bits) - 2, (1 << bits) - 1):
            content = bytearray(whole)
            struct.pack_into(form, content, content.index(signature) + offset, number)
            path.write_bytes(content)
            try:
                tree = ZipTree(path, "x.zip")
                assert {tree.read(name) for name in tree.files} <= {b"content" * 9}
            except BadArchiveError as error:
                assert "x.zip" in str(error)


@pytest.mark.parametrize("field", range(3))
@pytest.mark.parametrize("number", [0, 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_wrong_number_of_zip64_is_noticed(field: int, number: int, tmp_path: Path) -> None:
    """The numbers are size, stored size and offset, in the extra field of a directory's entry."""
    content = bytearray(zipped("a", content=b"content" * 9).getvalue())
    entry, end = content.index(b"PK\1\2"), content.index(b"PK\5\6")
    (size,) = struct.unpack_from("<I", content, entry + 24)
    numbers = [size, size, 0]
    numbers[field] = number
    extra = struct.pack("<HH3Q", 1, 24, *numbers)
    for at in (20, 24, 42):
        struct.pack_into("<I", content, entry + at, 0xFFFFFFFF)
    struct.pack_into("<H", content, entry + 30, len(extra))
    (length,) = struct.unpack_from("<I", content, end + 12)
    struct.pack_into("<I", content, end + 12, length + len(extra))
    content[end:end] = extra
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    if (field, number) == (2, 0):
        assert ZipTree(path, "x.zip").read("a") == b"content" * 9
        return
    with pytest.raises(BadArchiveError, match="x.zip"):
        ZipTree(path, "x.zip").read("a")


def streamed(content: bytes) -> bytes:
    """Compress as a program that doesn't know the size beforehand."""
    compressor = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return compressor.compress(content) + compressor.flush()


@pytest.mark.parametrize("content", [b"", b"content" * 9, os.urandom(5 << 19)])
def test_an_entry_compressed_by_zstd_is_read(content: bytes) -> None:
    half = len(content) // 2
    skipped = struct.pack("<II", 0x184D2A50, 3) + b"abc"
    for packed in (
        zstandard.compress(content),
        streamed(content),
        zstandard.compress(content[:half]) + skipped + streamed(content[half:]),
    ):
        tree = ZipTree(zipped_by_zstd("a", packed=packed, content=content), "x.zip")
        assert tree.read("a") == content


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"not zstd",
        zstandard.compress(b"conten"),
        zstandard.compress(b"content and more"),
        zstandard.compress(b"CONTENT"),
        zstandard.compress(b"content")[:-1],
        zstandard.compress(b"content") + b"garbage",
        zstandard.compress(b"content") + zstandard.compress(bytes(1 << 30)),
    ],
)
def test_wrong_size_or_checksum_of_a_zstd_entry_is_noticed(packed: bytes) -> None:
    tree = ZipTree(zipped_by_zstd("a", packed=packed, content=b"content"), "x.zip")
    with pytest.raises(BadArchiveError, match="^x.zip is damaged: .*a"):
        tree.read("a")


def test_zstd_frame_that_needs_too_much_memory_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=30, write_content_size=False)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = compressor.compress(b"content") + compressor.flush()
    tree = ZipTree(zipped_by_zstd("a", packed=packed, content=b"content"), "x.zip")
    with pytest.raises(BadArchiveError, match="x.zip is damaged: can't read a: .* memory"):
        tree.read("a")


def test_an_encrypted_entry_compressed_by_zstd_is_refused() -> None:
    content = bytearray(zipped("a", method=ZIP_ZSTANDARD).getvalue())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(signature) + offset] |= 1
    with pytest.raises(BadArchiveError, match="is encrypted"):
        ZipTree(io.BytesIO(bytes(content)), "x.zip").read("a")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unknown_compression_method_is_refused(method: int) -> None:
    with pytest.raises(BadArchiveError, match=f"it is compressed by method {method}"):
        ZipTree(zipped("a", method=method), "x.zip")


def test_a_symbolic_link_in_a_zip_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(BadArchiveError, match="can't unpack link from .*symbolic link"):
        ZipTree(stream, "x.zip")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name_are_refused_unless_they_are_the_same() -> None:
    stream = zipped("a", "a")
    assert ZipTree(stream, "x.zip").read("a") == b"x"
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("a", b"y")
    with pytest.raises(BadArchiveError, match="can't unpack a from .*two different entries"):
        ZipTree(stream, "x.zip")


def test_a_file_that_is_also_a_directory_is_refused() -> None:
    with pytest.raises(BadArchiveError, match="it is both a file and a directory"):
        ZipTree(zipped("a", "a/b"), "x.zip")


def test_truncated_zip_is_refused() -> None:
    content = zipped("a", "b").getvalue()
    for length in (0, 10, len(content) // 2, len(content) - 1):
        with pytest.raises(BadArchiveError, match="not a whole zip file"):
            ZipTree(io.BytesIO(content[:length]), "x.zip")


@pytest.mark.parametrize("method", METHODS)
def test_a_flipped_bit_in_a_file_is_noticed(method: int) -> None:
    content = bytearray(zipped("a", content=b"content" * 10, method=method).getvalue())
    content[40] ^= 1
    with pytest.raises(BadArchiveError, match="x.zip is damaged: .*a"):
        ZipTree(io.BytesIO(bytes(content)), "x.zip").read("a")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [3, 1000])
def test_wrong_size_of_an_entry_is_noticed(size: int, method: int) -> None:
    content = bytearray(zipped("a", content=b"content", method=method).getvalue())
    directory = content.index(b"PK\1\2")
    struct.pack_into("<I", content, directory + 24, size)
    with pytest.raises(BadArchiveError, match="x.zip is damaged: .*a"):
        ZipTree(io.BytesIO(bytes(content)), "x.zip").read("a")


def test_entry_with_another_name_than_in_the_directory_is_noticed() -> None:
    content = zipped("entry", content=b"content", method=zipfile.ZIP_DEFLATED).getvalue()
    with pytest.raises(BadArchiveError, match="x.zip is damaged: .*entry"):
        ZipTree(io.BytesIO(content.replace(b"entry", b"other", 1)), "x.zip").read("entry")


@pytest.mark.parametrize("size", [0, 9, COPY_CHUNK_BYTES, COPY_CHUNK_BYTES + 1])
def test_deflated_file_after_other_data_is_read(size: int) -> None:
    stream = io.BytesIO(b"a prefix")
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a", "caf\xe9"):
            archive.writestr(name, bytes(size))
    tree = ZipTree(stream, "x.zip")
    assert [tree.read(name) == bytes(size) for name in tree.files] == [True, True]


def test_empty_directories_are_listed() -> None:
    tree = ZipTree(zipped("a/", "a/b", "c/", "d/e/"), "x.zip")
    assert tree.empty_directories == {"c", "d/e"}
    assert list(tree.files) == ["a/b"]


def test_subtrees_have_the_files_of_their_directory() -> None:
    names = ("a/b/c/d", "a/b/e", "a/b/f/g/", "a/h", "a/i/", "a/j/k", "l/m")
    parts = subtrees(ZipTree(zipped(*names), "x.zip"), "a")
    assert sorted(parts) == ["b", "j"]
    assert sorted(parts["b"].files) == ["c/d", "e"]
    assert parts["b"].empty_directories == {"f/g"}
    assert parts["b"].read("c/d") == b"x"
    assert parts["b"].name == "x.zip/a/b"


def test_a_zip_in_a_zip_is_read() -> None:
    inner = zipped("inside").getvalue()
    tree = nested_zip(ZipTree(zipped("inner.zip", content=inner), "outer"), "inner.zip")
    assert tree.name == "outer/inner.zip"
    assert tree.read("inside") == b"x"


def test_dangling_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(BadArchiveError, match="link: it is a symbolic link that leads nowhere"):
        DirectoryTree(tmp_path)


def test_a_name_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"caf\xe9")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system has no such names")
    with pytest.raises(BadArchiveError, match="it is not UTF-8"):
        DirectoryTree(tmp_path)


def test_a_directory_shows_files_behind_links_and_executable_bits(tmp_path: Path) -> None:
    (tmp_path / "tree" / "empty").mkdir(parents=True)
    (tmp_path / "target").write_bytes(b"linked")
    (tmp_path / "tree" / "link").symlink_to(tmp_path / "target")
    (tmp_path / "tree" / "run").write_bytes(b"run")
    (tmp_path / "tree" / "run").chmod(0o755)
    tree = DirectoryTree(tmp_path / "tree")
    assert tree.read("link") == b"linked"
    assert tree.files["run"].executable and not tree.files["link"].executable
    assert tree.empty_directories == {"empty"}


def test_a_directory_that_contains_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    with pytest.raises((BadArchiveError, OSError)):
        DirectoryTree(tmp_path)


def test_a_pipe_in_a_directory_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadArchiveError, match="not a regular file"):
        DirectoryTree(tmp_path)
