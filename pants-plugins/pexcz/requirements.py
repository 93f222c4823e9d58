"""Convert requirements, markers and constraints to data, so that the boot needs no parser for them.

A marker becomes a nested list: `["and", …]`, `["or", …]`, or `[op, left, right]` where an operand is
`{"var": name}` or a string (PEP 508). A specifier set becomes a list of `[operator, version]` pairs
(PEP 440).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Dict, List

from pexcz import plain
from pexcz.errors import PexczError
from pexcz.plain import canonical_name

if TYPE_CHECKING:
    from packaging.markers import Marker
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

Json = Any

# The form that installers accepted before PEP 508: a name, optional extras, and specifiers that PEP 440 may not allow.
_OLD_REQUIREMENT = re.compile(
    r"^\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\s*(?P<extras>\[[^\]]*\]))?"
    r"\s*(?:\(?(?P<specifiers>[<>=!~][^;@()]*)(?:\)\s*)?)?(?P<marker>;.*)?$"
)
# Python refuses to parse numbers of some thousand digits.
_HUGE_NUMBER = re.compile(r"[0-9]{1000}")
_HUGE = "a number in it has a thousand digits"


def parse_requirement(text: str, source: str) -> Requirement:
    """Parse a PEP 508 requirement; `source` names its origin, for the error."""
    try:
        return _parsed(text)
    except ValueError as e:
        raise PexczError(f"can't parse the requirement {text!r} of {source}: {e}") from e


def read_requirement(text: str) -> Dict[str, Json]:
    """Return the data of a requirement, which may be in an older form than PEP 508's.

    Leave out specifiers that PEP 440 doesn't allow: the version in the PEX was chosen by them. A text that is not a
    requirement becomes one that nothing satisfies. An app then fails only if it needs it, with a message.
    """
    return plain.requirement(text) or packaged_requirement(text)


def packaged_requirement(text: str) -> Dict[str, Json]:
    """Return the same as `read_requirement`, by `packaging`."""
    try:
        return requirement_data(_parsed(text))
    except ValueError:
        pass
    match = _OLD_REQUIREMENT.match(text)
    if match:
        specifiers = ",".join(filter(_is_specifier, (match.group("specifiers") or "").split(",")))
        parts = (match.group("name"), match.group("extras"), specifiers, match.group("marker"))
        try:
            return {
                **requirement_data(_parsed("".join(part or "" for part in parts))),
                "text": text,
            }
        except ValueError:
            pass
    return {
        "extras": [],
        "marker": None,
        "project": "",
        "specifiers": [],
        "text": f"{text!r}, which is not a requirement by PEP 508",
    }


def _parsed(text: str) -> Requirement:
    """Parse a PEP 508 requirement. Raise ValueError, also where `packaging` raises other errors."""
    from packaging.requirements import InvalidRequirement, Requirement

    if _HUGE_NUMBER.search(text):
        raise InvalidRequirement(_HUGE)
    try:
        return Requirement(text)
    except InvalidRequirement:
        raise
    except (RecursionError, SyntaxError, ValueError) as e:
        # Too many parentheses, or a string that Python can't parse: an unknown escape sequence, or a NUL.
        raise InvalidRequirement(f"can't parse its marker: {e}") from e


def _is_specifier(text: str) -> bool:
    from packaging.specifiers import Specifier

    try:
        Specifier(text)
    except ValueError:
        return False
    return True


def requirement_data(requirement: Requirement) -> Dict[str, Json]:
    """Return the parts of a requirement that the boot needs."""
    return {
        "text": str(requirement),
        "project": canonical_name(requirement.name),
        "extras": sorted(canonical_name(extra) for extra in requirement.extras),
        "specifiers": specifier_data(requirement.specifier),
        "marker": marker_data(requirement.marker),
    }


def parse_specifiers(text: str) -> SpecifierSet:
    """Parse a PEP 440 specifier set. Raise ValueError, also where some versions of `packaging` fail only later."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if _HUGE_NUMBER.search(text):
        raise InvalidSpecifier(_HUGE)
    return SpecifierSet(text)


def read_specifiers(text: str) -> List[List[str]]:
    """Return the data of a specifier set. Raise ValueError for one that PEP 440 doesn't allow."""
    pairs = plain.specifiers(text)
    return specifier_data(parse_specifiers(text)) if pairs is None else pairs


def specifier_data(specifiers: SpecifierSet) -> List[List[str]]:
    """Return a specifier set as sorted `[operator, version]` pairs."""
    return sorted([specifier.operator, specifier.version] for specifier in specifiers)


def marker_data(marker: Marker | None) -> Json:
    """Return a marker as nested lists, or None for no marker."""
    # `packaging` has no public API to walk a marker. This attribute has had the same form since 2016.
    return None if marker is None else plain.any_of(marker._markers, _term)


def _term(item: Any) -> Json:
    left, operator, right = item
    operands = [_operand(left), _operand(right)]
    if {"var": "extra"} in operands:
        # Names of extras are normalised like names of projects (PEP 685).
        operands = [
            canonical_name(operand) if isinstance(operand, str) else operand for operand in operands
        ]
    return [operator.value, *operands]


def _operand(operand: Any) -> Json:
    if type(operand).__name__ == "Variable":
        return {"var": operand.value}
    return operand.value


def constraint_data(text: str) -> Dict[str, Json]:
    """Return the data of an interpreter constraint, such as `CPython>=3.9,<3.13`, `==3.11.*` or `PyPy`.

    See the Pex docs on `--interpreter-constraint`.
    """
    name_end = next((i for i, c in enumerate(text) if not (c.isalnum() or c in "+_-.")), len(text))
    name = text[:name_end].strip()
    specifiers = text[name_end:].strip()
    free_threaded = None
    if specifiers.startswith("["):
        flags, _, specifiers = specifiers[1:].partition("]")
        free_threaded = {"free-threaded": True, "gil": False}.get(flags.strip())
    elif name.endswith(("+t", "-t")):
        name, free_threaded = name[:-2], name[-2] == "+"
    try:
        pairs = read_specifiers(specifiers)
    except ValueError as e:
        raise PexczError(f"can't parse the interpreter constraint {text!r}: {e}") from e
    return {
        "text": text,
        "implementation": name or None,
        "free_threaded": free_threaded,
        "specifiers": pairs,
    }


def allows_minor(constraint: Dict[str, Json], implementation: str, version: str) -> bool:
    """Return whether a constraint allows any interpreter of a version, such as "3.11"."""
    from packaging.specifiers import SpecifierSet

    from pexcz.specifiers import is_possible

    specifiers = SpecifierSet(",".join(map("".join, constraint["specifiers"])))
    is_of_it = constraint["implementation"] in (None, implementation)
    return is_of_it and is_possible(specifiers & SpecifierSet(f"=={version}.*"))
