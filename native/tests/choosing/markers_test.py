"""The boot has the same tags and marker variables as Pex's runtime, and evaluates markers in the same way."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any, Callable

import pytest
from packaging.markers import Marker

from support.pex_boot import IMPORT_BOOT, ask
from support.runtime import NATIVE
from testing.pythons import Python, on_every_python

sys.path.insert(0, str(NATIVE.parent / "pants-plugins"))

from pexcz.requirements import marker_data

VALUES = {
    "python_version": ("2.7", "3", "3.8", "3.10", "3.*", "3.11.*", "2.7, 3.6", "3.11.0rc1"),
    "python_full_version": ("3.9", "3.11.7", "3.13.*", "3.11.7.dev0"),
    "implementation_version": ("3.9", "7.3", "0"),
    "platform_release": ("5", "4.4.0", "6.1-generic", "abc"),
    "platform_version": ("1", "#1 SMP"),
    "os_name": ("posix", "1"),
    "sys_platform": ("linux", "linux2", "win32"),
    "platform_machine": ("x86_64", "i386"),
    "platform_system": ("Linux", "Windows"),
    "platform_python_implementation": ("CPython", "PyPy"),
    "implementation_name": ("cpython", "pypy"),
    "extra": ("", "x", "1.0", "Some_Extra", "some.EXTRA"),
}
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "~=", "in", "not in")
MARKERS = [
    *(
        f'{name} {operator} "{value}"'
        for name, values in VALUES.items()
        for value in values
        for operator in OPERATORS
    ),
    *(
        f'"{value}" {operator} {name}'
        for name, values in VALUES.items()
        for value in values
        for operator in ("==", "<=", ">", "in", "not in")
    ),
    'python_implementation == "CPython"',
    'os.name == "posix" and sys.platform == "linux"',
    'platform.machine == "x86_64" or platform.version == "1"',
    'platform.python_implementation != "PyPy"',
    '(python_version >= "3.6" or os_name == "nt") and sys_platform != "win32"',
]
# The program asks both in one process.
CODE = (
    IMPORT_BOOT
    + """\
from boot import markers, tags
from pex import targets
from pex.dist_metadata import Requirement

target = targets.current()
variables = dict(markers.environment(), extra=EXTRA)
markers_by_pex = []
markers_by_boot = []
for text, data in json.load(sys.stdin):
    markers_by_boot.append(markers.holds(data, variables))
    try:
        markers_by_pex.append(target.requirement_applies(Requirement.parse("a ; " + text), [EXTRA]))
    except Exception:
        markers_by_pex.append(None)

supported = [str(tag) for tag in target.supported_tags]
ranker = tags.Ranker()
ranks = [ranker.rank([tag]) for tag in supported]
answers = {
    "markers": [markers_by_pex, markers_by_boot],
    "without rank": [tag for tag, rank in zip(supported, ranks) if rank is None],
    "misplaced": [tag for tag, a, b in zip(supported, ranks, ranks[1:]) if a and b and a >= b],
    "variables": [target.marker_environment.as_dict(), markers.environment()],
}
json.dump(answers, sys.stdout)
"""
).replace("EXTRA", repr("some-extra"))


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Python], Any]:
    scratch = tmp_path_factory.mktemp("pex")
    question = [(marker, marker_data(Marker(marker))) for marker in MARKERS]
    return lru_cache(None)(lambda python: ask(python, CODE, question, scratch))


@on_every_python()
def test_markers_have_the_same_value_as_in_the_pex(answers: Any, python: Python) -> None:
    for marker, expected, seen in zip(MARKERS, *answers(python)["markers"]):
        if has_old_packaging(python) and (is_odd(marker) or expected is None):
            continue
        # A comparison of incomparable values is an error in the PEX, and false in the CZEX.
        assert seen == bool(expected), marker


def has_old_packaging(python: Python) -> bool:
    """Return whether Pex's `packaging` for this Python orders strings, and accepts invalid versions."""
    return () < python.minor < (3, 8)


def is_odd(marker: str) -> bool:
    if marker.startswith('"') or any(odd in marker for odd in ("*", ",", "~", "extra")):
        return True
    compares_versions = marker.startswith(("python_version", "python_full_version"))
    return not compares_versions and any(odd in marker for odd in ("<", ">", '"1'))


@on_every_python()
def test_tags_and_marker_variables_are_the_same_as_in_the_pex(answers: Any, python: Python) -> None:
    found = answers(python)
    assert (found["without rank"], found["misplaced"]) == ([], [])
    expected, seen = found["variables"]
    assert seen == expected
