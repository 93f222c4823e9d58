from __future__ import annotations

import re

import pytest

import pexcz
from docs.generate.notes import CHANGELOG, HEADING, notes

TEXT = """\
# Changelog

## [Unreleased]

## [1.1.0] - 2030-02-28

### Added

- A thing.

## [1.0.0]

- No date.
"""


def test_the_notes_of_a_version_are_its_section() -> None:
    assert notes(TEXT, "1.1.0") == "### Added\n\n- A thing.\n"


@pytest.mark.parametrize(
    "version, reason",
    [("Unreleased", "is empty"), ("1.0.0", "has no date"), ("2.0.0", "there is no section")],
)
def test_a_version_without_notes_is_refused(version: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        notes(TEXT, version)


def test_the_changelog_has_semantic_versions_the_newest_first() -> None:
    versions = [found["version"] for found in HEADING.finditer(CHANGELOG.read_text())]
    assert versions[0] == "Unreleased" or versions[0] == pexcz.__version__
    numbers = [tuple(map(int, version.split("."))) for version in versions[1:]]
    assert numbers == sorted(numbers, reverse=True)
    assert re.fullmatch(r"\d+\.\d+\.\d+", pexcz.__version__)
