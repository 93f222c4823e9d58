from __future__ import annotations

import json

import pytest
from pants.backend.python.subsystems.setup import PythonSetup
from pants.testutil.option_util import create_subsystem

from czex.bytecode import only_version, version_of_platforms

SETUP = create_subsystem(
    PythonSetup,
    interpreter_versions_universe=["2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12"],
)


@pytest.mark.parametrize(
    "constraints, expected",
    [
        (["CPython==3.11.*"], ("3.11",)),
        (["CPython==3.11.4"], ("3.11",)),
        (["CPython>=3.11,<3.12"], ("3.11",)),
        (["CPython==3.11.1", "CPython==3.11.2"], ("3.11",)),
        (["CPython>=3.11"], ()),
        (["CPython==3.9.*", "CPython==3.11.*"], ()),
        (["PyPy==3.9.*"], ()),
        (["CPython==3.9.*", "PyPy==3.9.*"], ()),
        (["CPython==3.6.*"], ()),
        (["CPython==2.7.*"], ()),
        ([], ()),
    ],
)
def test_only_version_is_the_single_version_that_constraints_allow(
    constraints: list[str], expected: tuple[str, ...]
) -> None:
    assert only_version(constraints, SETUP) == expected


def complete(version: str, implementation: str = "CPython") -> bytes:
    markers = {"python_version": version, "platform_python_implementation": implementation}
    return json.dumps({"marker_environment": markers, "compatible_tags": []}).encode()


@pytest.mark.parametrize(
    "platforms, files, expected",
    [
        ([], [complete("3.11")], ("3.11",)),
        ([], [complete("3.11"), complete("3.11")], ("3.11",)),
        ([], [complete("3.11"), complete("3.12")], ()),
        ([], [complete("3.11", "PyPy")], ()),
        ([], [complete("3.6")], ()),
        ([], [b"{}"], ()),
        (["linux-x86_64-cp-311-cp311", "macosx-11.0-arm64-cp-3.11.2-cp311"], [], ("3.11",)),
        (["linux-x86_64-cp-39-cp39"], [], ("3.9",)),
        (["linux-x86_64-cp-39-cp39"], [complete("3.11")], ()),
        (["linux-x86_64-pp-39-pypy39_pp73"], [], ()),
        (["current", "linux-x86_64-cp-39-cp39"], [], ()),
    ],
)
def test_version_of_platforms_is_the_single_version_that_all_have(
    platforms: list[str], files: list[bytes], expected: tuple[str, ...]
) -> None:
    assert version_of_platforms(platforms, files) == expected
