"""Compare specifier sets (PEP 440): does one of them include all versions of the other?

Pex's `excluded` compares requirements in this way: `foo<2` excludes `foo==1.5`, but not `foo`.
"""

from __future__ import annotations

from typing import List, Tuple

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

# A place between versions: below all (-1), above all (1), or just before (0) or just after (1) a version.
Place = Tuple[int, Version, int]
# The versions between two places.
Interval = Tuple[Place, Place]

_ANY = Version("0")
_ALL: Interval = ((-1, _ANY, 0), (1, _ANY, 0))


def includes(outer: SpecifierSet, inner: SpecifierSet) -> bool:
    """Return whether `inner` allows any version, and `outer` allows all versions that `inner` allows."""
    texts = [_arbitrary_equality(specifiers) for specifiers in (outer, inner)]
    if texts != [None, None]:
        return texts[0] == texts[1]
    wide, narrow = _intervals(outer), _intervals(inner)
    return bool(narrow) and all(
        any(start <= first and last <= end for start, end in wide) for first, last in narrow
    )


def is_possible(specifiers: SpecifierSet) -> bool:
    """Return whether any version satisfies all specifiers."""
    return _arbitrary_equality(specifiers) is not None or bool(_intervals(specifiers))


def _arbitrary_equality(specifiers: SpecifierSet) -> str | None:
    return next((s.version for s in specifiers if s.operator == "==="), None)


def _intervals(specifiers: SpecifierSet) -> List[Interval]:
    intervals = [_ALL]
    for specifier in specifiers:
        allowed = _allowed(specifier)
        overlaps = [
            (max(start, first), min(end, last))
            for start, end in intervals
            for first, last in allowed
        ]
        intervals = [(start, end) for start, end in overlaps if start < end]
    return intervals


def _allowed(specifier: Specifier) -> List[Interval]:
    lowest, highest = _ALL
    operator = specifier.operator
    is_prefix = specifier.version.endswith(".*")
    version = Version(specifier.version[:-2] if is_prefix else specifier.version)
    before, after = (0, version, 0), (0, version, 1)
    if operator == "~=":
        return [(before, (0, _next(version, -2), 0))]
    if is_prefix:
        after = (0, _next(version, -1), 0)
    if operator == "!=":
        return [(lowest, before), (after, highest)]
    return {
        "==": [(before, after)],
        "<": [(lowest, before)],
        "<=": [(lowest, after)],
        ">": [(after, highest)],
        ">=": [(before, highest)],
    }[operator]


def _next(version: Version, index: int) -> Version:
    """Increase the number at `index`, and leave out the numbers after it: 1.4.2 with the index -2 becomes 1.5."""
    numbers = list(version.release[:index]) + [version.release[index] + 1]
    return Version(f"{version.epoch}!" + ".".join(map(str, numbers)))
