"""Requirements, markers and constraints become data."""

from __future__ import annotations

import pytest

from pexcz.errors import PexczError
from pexcz.requirements import (
    constraint_data,
    marker_data,
    parse_requirement,
    read_requirement,
    requirement_data,
)


def marker(text: str) -> object:
    return marker_data(parse_requirement(f"x; {text}", "test").marker)


def test_and_binds_closer_than_or() -> None:
    a, b, c = (["==", {"var": "os_name"}, name] for name in "abc")
    assert marker('os_name == "a" or os_name == "b" and os_name == "c"') == ["or", a, ["and", b, c]]
    assert marker('(os_name == "a" or os_name == "b") and os_name == "c"') == [
        "and",
        ["or", a, b],
        c,
    ]


def test_a_marker_keeps_its_operators_and_sides() -> None:
    assert marker('"win" in sys_platform') == ["in", "win", {"var": "sys_platform"}]
    assert marker('"win" not in sys_platform') == ["not in", "win", {"var": "sys_platform"}]
    assert marker('python_version ~= "3.8"') == ["~=", {"var": "python_version"}, "3.8"]


def test_names_and_extras_are_normalised() -> None:
    data = requirement_data(parse_requirement("Foo_Bar[Some.Extra,b]>=1,<2", "test"))
    assert data["project"] == "foo-bar"
    assert data["extras"] == ["b", "some-extra"]
    assert data["specifiers"] == [["<", "2"], [">=", "1"]]


def test_names_of_extras_are_normalised_in_markers() -> None:
    extra = {"var": "extra"}
    assert marker('extra == "Some_Extra"') == ["==", extra, "some-extra"]
    assert marker('"A.B" == extra') == ["==", "a-b", extra]


@pytest.mark.parametrize(
    "text, project, specifiers",
    [
        ("pytz (>dev)", "pytz", []),
        ("Foo>=1.0.*,<2", "foo", [["<", "2"]]),
        ("foo[Bar] (>=1)", "foo", [[">=", "1"]]),
        ("foo===1.0-old", "foo", [["===", "1.0-old"]]),
    ],
)
def test_specifiers_that_pep_440_does_not_allow_are_removed(
    text: str, project: str, specifiers: list[list[str]]
) -> None:
    data = read_requirement(text + "; python_version >= '2.7'")
    assert (data["project"], data["specifiers"]) == (project, specifiers)
    assert data["marker"] == [">=", {"var": "python_version"}, "2.7"]
    assert data["extras"] == (["bar"] if "[" in text else [])


@pytest.mark.parametrize("text", ["", "not one", "foo (1.0)", "foo; python_version ~ 3", "-e ."])
def test_text_that_is_no_requirement_is_never_satisfied(text: str) -> None:
    data = read_requirement(text)
    assert (data["project"], data["marker"]) == ("", None)
    assert data["text"].startswith(repr(text))


def test_malformed_requirement_is_an_error_that_names_its_source() -> None:
    with pytest.raises(PexczError, match="can't parse the requirement 'foo bar' of a.whl"):
        parse_requirement("foo bar", "a.whl")


@pytest.mark.parametrize(
    "text, implementation, free_threaded, specifiers",
    [
        ("CPython>=3.9,<3.13", "CPython", None, [["<", "3.13"], [">=", "3.9"]]),
        ("==3.11.*", None, None, [["==", "3.11.*"]]),
        ("PyPy", "PyPy", None, []),
        ("CPython+t==3.13.*", "CPython", True, [["==", "3.13.*"]]),
        ("CPython-t==3.13.*", "CPython", False, [["==", "3.13.*"]]),
        ("CPython[free-threaded]>=3.13", "CPython", True, [[">=", "3.13"]]),
        ("CPython[gil]>=3.13", "CPython", False, [[">=", "3.13"]]),
    ],
)
def test_interpreter_constraint_is_parsed(
    text: str, implementation: str, free_threaded: bool, specifiers: list[list[str]]
) -> None:
    assert constraint_data(text) == {
        "text": text,
        "implementation": implementation,
        "free_threaded": free_threaded,
        "specifiers": specifiers,
    }


def test_malformed_constraint_is_an_error() -> None:
    with pytest.raises(PexczError, match="can't parse the interpreter constraint 'CPython>>3'"):
        constraint_data("CPython>>3")


@pytest.mark.parametrize(
    "text",
    [
        "x; os_name == '\\x'",
        "x; os_name == 'a\0b'",
        "x; " + "(" * 5000 + "os_name == 'a'" + ")" * 5000,
        "x>" + "9" * 5000,
    ],
)
def test_requirement_that_packaging_cannot_parse_is_refused(text: str) -> None:
    with pytest.raises(PexczError, match="can't parse the requirement "):
        parse_requirement(text, "PEX-INFO")
    assert read_requirement(text)["project"] == ""


def test_long_requirement_is_parsed_fast() -> None:
    assert read_requirement("x" + " " * 50_000 + "=" + " " * 50_000 + "(")["project"] == ""


def test_constraint_with_a_huge_number_is_refused() -> None:
    with pytest.raises(PexczError, match="can't parse the interpreter constraint "):
        constraint_data("CPython>" + "9" * 5000)
