from __future__ import annotations

import dataclasses
import json

import pytest
from pants.backend.python.target_types import EntryPoint
from pants.backend.python.util_rules.pex_from_targets import PexFromTargetsRequest
from pants.engine.addresses import Address
from pants.engine.fs import DigestEntries, FileContent, FileEntry, SymlinkEntry
from pants.engine.internals.native_engine import FileDigest

from czex.packed_pex import in_parts, info_of_whole, take_apart, with_wheel_files

FINGERPRINT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def file(path: str, size_bytes: int = 1, is_executable: bool = False) -> FileEntry:
    return FileEntry(path, FileDigest(FINGERPRINT, size_bytes), is_executable)


WHEELS = DigestEntries(
    [
        file("app.pex.wheels/.bootstrap", 1000),
        file("app.pex.wheels/.deps/b-1-py3-none-any.whl", 20),
        file("app.pex.wheels/.deps/a-1-py3-none-any.whl", 30),
        file("app.pex.wheels/PEX-INFO", 400),
        file("app.pex.wheels/__main__.py", 500, is_executable=True),
        file("app.pex.wheels/__pex__/__init__.py"),
        SymlinkEntry("app.pex.wheels/pex", "__main__.py"),
    ]
)
CODE = DigestEntries(
    [
        file("app.pex.sources/.bootstrap", 1000),
        file("app.pex.sources/PEX-INFO", 300),
        file("app.pex.sources/__main__.py", 501, is_executable=True),
        file("app.pex.sources/greeter/shout.sh", 6, is_executable=True),
        file("app.pex.sources/greeter/__main__.py", 7),
    ]
)
WHOLE = PexFromTargetsRequest(
    [Address("app")],
    output_filename="app/app.pex",
    internal_only=False,
    main=EntryPoint("main"),
    additional_args=("--venv", "prepend"),
)
PEXES = [("app.pex.wheels", WHEELS), ("app.pex.sources", CODE)]


def test_wheel_has_the_same_path_in_every_app() -> None:
    assert [wheel.path for wheel in take_apart(PEXES, b"").wheels] == [
        "a-1-py3-none-any.whl",
        "b-1-py3-none-any.whl",
    ]


def test_sources_are_the_files_that_are_not_pexs() -> None:
    sources = take_apart(PEXES, b"").sources
    assert [(entry.path, getattr(entry, "is_executable", False)) for entry in sources] == [
        ("sources/PEX-INFO", False),
        ("sources/greeter/shout.sh", True),
        ("sources/greeter/__main__.py", False),
    ]


def test_entry_point_does_not_change_the_sources() -> None:
    info = take_apart(PEXES, b"whole").sources[0]
    assert info == FileContent("sources/PEX-INFO", b"{}")


def test_skeleton_has_the_files_that_the_assembly_reads() -> None:
    info, *code = take_apart(PEXES, b"whole").skeleton
    assert info == FileContent("pex/PEX-INFO", b"whole")
    assert [
        (file.path, file.file_digest.serialized_bytes_length)
        for file in code
        if isinstance(file, FileEntry)
    ] == [("pex/__main__.py", 500), ("pex/__pex__/__init__.py", 1)]


def test_size_of_the_pex_is_the_sum_of_its_files() -> None:
    assert take_apart(PEXES, b"").size_bytes == 1000 + 20 + 30 + 400 + 500 + 1 + 6 + 7


def test_file_beside_the_pex_is_ignored() -> None:
    beside = DigestEntries(
        [*WHEELS, file("app.pex.whe"), file("pip.log"), file("x/app.pex.wheels/a")]
    )
    pexes = [("app.pex.wheels", beside), PEXES[1]]
    assert take_apart(pexes, b"") == take_apart(PEXES, b"")


def test_pex_info_has_hashes_of_both_parts() -> None:
    wheels = b'{"pex_hash": "1", "code_hash": "2", "distributions": {"a.whl": "3"}}'
    one, other = (
        info_of_whole([wheels, b'{"code_hash": "%d"}' % number], WHOLE) for number in (4, 5)
    )
    assert json.loads(one)["code_hash"] == "4"
    assert json.loads(one)["distributions"] == {"a.whl": "3"}
    assert json.loads(one)["pex_hash"] != json.loads(other)["pex_hash"]


def test_wheels_and_sources_are_built_separately() -> None:
    wheels, sources = in_parts(WHOLE)
    assert (wheels.include_source_files, wheels.include_requirements) == (False, True)
    assert (sources.include_source_files, sources.include_requirements) == (True, False)
    assert (wheels.additional_args, sources.additional_args) == (("--venv", "prepend"), ())


@pytest.mark.parametrize(
    "arguments",
    [
        ("--validate-entry-point",),
        ("--validate-entry",),
        ("--compile",),
        ("--sources-directory=more",),
        ("-D", "more"),
        ("-Dmore",),
        ("-M", "module"),
    ],
)
def test_argument_that_needs_wheels_and_sources_gives_one_pex(arguments: tuple[str, ...]) -> None:
    (whole,) = in_parts(dataclasses.replace(WHOLE, additional_args=arguments))
    assert (whole.include_source_files, whole.include_requirements) == (True, True)


def test_wheels_stay_files_if_pex_can_keep_them() -> None:
    option = "--no-pre-install-wheels"
    wheels, sources = in_parts(with_wheel_files(WHOLE, "v2.60.0"))
    assert wheels.additional_args == (option, "--venv", "prepend")
    assert wheels.additional_lockfile_args == (option,)
    assert (sources.additional_args, sources.additional_lockfile_args) == ((), ())
    for unable in ("v2.1.137", "v2.3.0", "v2.59.5"):
        assert with_wheel_files(WHOLE, unable) == WHOLE
    for argument in ("--compile", "--validate-entry-point"):
        installed = dataclasses.replace(WHOLE, additional_args=(argument,))
        assert with_wheel_files(installed, "v2.105.2") == installed


@pytest.mark.parametrize("arguments, expected", [((), False), (("--no-pre-install-wheels",), True)])
def test_deps_are_wheel_files_is_the_same_as_in_the_pex_binary(
    arguments: tuple[str, ...], expected: bool
) -> None:
    whole = dataclasses.replace(WHOLE, additional_args=arguments)
    built = b'{"pex_hash": "1", "deps_are_wheel_files": true}'
    assert json.loads(info_of_whole([built], whole))["deps_are_wheel_files"] is expected
    older = info_of_whole([b'{"pex_hash": "1"}'], whole)
    assert json.loads(older) == {"pex_hash": "1"}
