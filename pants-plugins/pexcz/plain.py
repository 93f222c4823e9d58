"""Parse the plain forms of versions, specifiers, requirements and wheel file names, which nearly all wheels have.

For these forms, the functions return the same as `packaging` (a test compares them). For all others they return None, and the
caller asks `packaging`. Its import takes longer than packing a small wheel.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any, Dict, List, Sequence

_NUMBERS = r"\d{1,9}(?:\.\d{1,9})*"
_VERSION = re.compile(_NUMBERS, re.ASCII)
_SPECIFIER = re.compile(
    rf"(?:(?:<=|>=|<|>|==|!=)\s*{_NUMBERS}|(?:==|!=)\s*{_NUMBERS}\.\*|~=\s*{_NUMBERS}\.\d{{1,9}})",
    re.ASCII,
)
_REQUIREMENT = re.compile(
    r"\s*(?P<name>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)\s*"
    r"(?:(?P<specifiers>[<>=!~][^;()@]*)|\((?P<in_brackets>[<>=!~][^;()@]*)\)\s*)?(?:;(?P<marker>.*))?",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_COMPARISON = re.compile(
    r"\s*(?P<variable>implementation_name|os_name|platform_machine|platform_python_implementation|platform_system"
    r"|python_full_version|python_version|sys_platform|extra)"
    r"\s*(?P<operator><=|>=|==|!=|<|>)\s*(?P<quote>[\"'])(?P<value>[A-Za-z0-9._-]+)(?P=quote)\s*",
    re.ASCII,
)
_AND = re.compile(r"(?<=[\"'\s])and(?=\s)")
_CANONICAL = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SEPARATORS = re.compile(r"[-_.]+")
_WHEEL = re.compile(
    rf"(?:[a-z0-9.]|_(?!_))+-{_NUMBERS}(?:-\d+)?-(?P<tags>[a-z0-9_.]+-[a-z0-9_.]+-[a-z0-9_.]+)\.whl",
    re.ASCII | re.IGNORECASE,
)


def canonical_name(name: str) -> str:
    """Return the name of a project, or of an extra, as PEP 503 compares it."""
    return _SEPARATORS.sub("-", name).lower()


def specifiers(text: str) -> List[List[str]] | None:
    """Return a specifier set as sorted `[operator, version]` pairs."""
    pairs = []
    for part in filter(None, map(str.strip, text.split(","))):
        if not _SPECIFIER.fullmatch(part):
            return None
        operator = part[: 2 if part[1] == "=" else 1]
        pairs.append([operator, part[len(operator) :].strip()])
    # `packaging` drops a specifier that equals another, as >=3.0 equals >=3.
    operators = [operator for operator, _ in pairs]
    return sorted(pairs) if len(set(operators)) == len(operators) else None


def requirement(text: str) -> Dict[str, Any] | None:
    """Return the data of a requirement, as `requirements.requirement_data` does."""
    match = _REQUIREMENT.fullmatch(text)
    if not match:
        return None
    pairs = specifiers(match["specifiers"] or match["in_brackets"] or "")
    if pairs is None:
        return None
    marker: List[Any] | None = None
    marker_text = ""
    if match["marker"] is not None:
        terms: List[Any] = []
        for part in _AND.split(match["marker"]):
            one = _COMPARISON.fullmatch(part)
            if not one or one["variable"] == "extra" and not _CANONICAL.fullmatch(one["value"]):
                return None
            terms.append([one["operator"], {"var": one["variable"]}, one["value"]])
        marker = terms[0] if len(terms) == 1 else ["and", *terms]
        marker_text = "; " + " and ".join(
            f'{variable["var"]} {operator} "{value}"' for operator, variable, value in terms
        )
    return {
        "text": match["name"] + ",".join(sorted(map("".join, pairs))) + marker_text,
        "project": canonical_name(match["name"]),
        "extras": [],
        "specifiers": pairs,
        "marker": marker,
    }


def tags(file_name: str) -> List[str] | None:
    """Return the tags in the name of a wheel file, sorted."""
    match = _WHEEL.fullmatch(file_name)
    if not match:
        return None
    parts = [part.split(".") for part in match["tags"].lower().split("-")]
    return sorted({"-".join(tag) for tag in product(*parts)}) if all(map(all, parts)) else None


def satisfies(version: str, pairs: Sequence[Sequence[str]]) -> bool | None:
    """Return whether a version satisfies all specifiers."""
    if not _VERSION.fullmatch(version) or not all(
        _SPECIFIER.fullmatch("".join(pair)) for pair in pairs
    ):
        return None
    return all(_satisfies(_numbers(version), *pair) for pair in pairs)


def _numbers(version: str) -> List[int]:
    return [int(number) for number in version.split(".")]


def _satisfies(version: List[int], operator: str, text: str) -> bool:
    if text.endswith(".*"):
        return _begins(version, _numbers(text[:-2])) == (operator == "==")
    other = _numbers(text)
    if operator == "~=" and not _begins(version, other[:-1]):
        return False
    size = max(len(version), len(other))
    one, two = (numbers + [0] * (size - len(numbers)) for numbers in (version, other))
    return {
        "==": one == two,
        "!=": one != two,
        "<=": one <= two,
        ">=": one >= two,
        "~=": one >= two,
        "<": one < two,
        ">": one > two,
    }[operator]


def _begins(version: List[int], prefix: List[int]) -> bool:
    return (version + [0] * len(prefix))[: len(prefix)] == prefix
