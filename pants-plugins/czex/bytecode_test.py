from __future__ import annotations

import json

import pytest
from pants.backend.python.subsystems.setup import PythonSetup
from pants.testutil.option_util import create_subsystem

from czex.bytecode import only_version

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
def test_one_version_is_what_the_constraints_allow_or_none(
    constraints: list[str], expected: tuple[str, ...]
) -> None:
    info = json.dumps({"interpreter_constraints": constraints}).encode()
    assert only_version(info, SETUP) == expected


def test_a_pex_for_given_platforms_has_no_constraints() -> None:
    assert only_version(b"{}", SETUP) == ()
