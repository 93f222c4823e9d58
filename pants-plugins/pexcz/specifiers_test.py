"""A specifier set includes another one if it allows all that the other does."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from pexcz.specifiers import includes


@pytest.mark.parametrize(
    "outer, inner, expected",
    [
        ("", "", True),
        ("", "==1.0", True),
        ("", "!=1", True),
        ("<2", "", False),
        ("<2", "<2", True),
        ("<2", "<=2", False),
        ("<=2", "<2", True),
        ("<2", "==1.5", True),
        ("<2", "~=1.5", True),
        ("<2", "~=1.5.3", True),
        ("<1.6", "~=1.5", False),
        (">=1,<2", "==1.*", True),
        (">1,<2", "==1.*", False),
        ("==1.*", ">=1.2,<1.3", True),
        ("!=1.5", "<1.5", True),
        ("!=1.5", "<=1.5", False),
        ("!=1.5", "!=1.5", True),
        ("!=1.*", ">=2", True),
        ("!=1.*", "==1.9", False),
        ("!=1.*,!=2.*", ">=3", True),
        ("<1!1", "==2024", True),
        ("", ">2,<1", False),
        (">2,<1", "==1", False),
        ("===1.0-x", "===1.0-x", True),
        ("===1.0", "==1.0", False),
        ("", "===1.0", False),
    ],
)
def test_includes_compares_specifier_sets(outer: str, inner: str, expected: bool) -> None:
    assert includes(SpecifierSet(outer), SpecifierSet(inner)) == expected
