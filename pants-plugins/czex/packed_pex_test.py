from __future__ import annotations

from pants.engine.fs import DigestEntries, FileContent, FileEntry, SymlinkEntry
from pants.engine.internals.native_engine import FileDigest

from czex.packed_pex import take_apart

FINGERPRINT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def file(path: str, size_bytes: int = 1, is_executable: bool = False) -> FileEntry:
    return FileEntry(path, FileDigest(FINGERPRINT, size_bytes), is_executable)


ENTRIES = DigestEntries(
    [
        file("app.pex/.bootstrap", 1000),
        file("app.pex/.deps/b-1-py3-none-any.whl", 20),
        file("app.pex/.deps/a-1-py3-none-any.whl", 30),
        file("app.pex/PEX-INFO", 400),
        file("app.pex/__main__.py", 500, is_executable=True),
        file("app.pex/__pex__/__init__.py"),
        SymlinkEntry("app.pex/pex", "__main__.py"),
        file("app.pex/greeter/shout.sh", 6, is_executable=True),
        file("app.pex/greeter/__main__.py", 7),
    ]
)


def test_a_wheel_stands_at_its_own_name_in_whatever_app() -> None:
    assert [wheel.path for wheel in take_apart(ENTRIES, "app.pex").wheels] == [
        "a-1-py3-none-any.whl",
        "b-1-py3-none-any.whl",
    ]


def test_sources_are_what_pex_did_not_bring() -> None:
    sources = take_apart(ENTRIES, "app.pex").sources
    assert [(entry.path, getattr(entry, "is_executable", False)) for entry in sources] == [
        ("sources/PEX-INFO", False),
        ("sources/greeter/shout.sh", True),
        ("sources/greeter/__main__.py", False),
    ]


def test_the_sources_do_not_change_with_the_entry_point() -> None:
    info = take_apart(ENTRIES, "app.pex").sources[0]
    assert info == FileContent("sources/PEX-INFO", b"{}")


def test_the_skeleton_is_what_the_assembly_reads() -> None:
    skeleton = take_apart(ENTRIES, "app.pex").skeleton
    assert [entry.path for entry in skeleton] == ["pex/PEX-INFO", "pex/__main__.py"]


def test_the_size_of_the_pex_is_that_of_all_its_files() -> None:
    assert take_apart(ENTRIES, "app.pex").size_bytes == 1000 + 20 + 30 + 400 + 500 + 1 + 6 + 7
