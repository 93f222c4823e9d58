"""Parse the plain forms of versions, specifiers, requirements and wheel file names, which nearly all wheels have.

For these forms, the functions return the same as `packaging` (a test compares them). For all others they return None, and the
caller asks `packaging`. Its import takes longer than packing a small wheel.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any, Callable, Dict, List, Sequence, Tuple

_NUMBERS = r"\d{1,9}(?:\.\d{1,9})*"
# A release, or a post-release in one of its two forms.
_RELEASE = rf"{_NUMBERS}(?:(?:\.post|-)\d{{1,9}})?"
_VERSION = re.compile(_RELEASE, re.ASCII)
_POST = re.compile(r"\.post|-")
_SPECIFIER = re.compile(
    rf"(?:(?:<=|>=|<|>|==|!=)\s*{_RELEASE}|(?:==|!=)\s*{_NUMBERS}\.\*|~=\s*{_NUMBERS}\.\d{{1,9}})",
    re.ASCII,
)
_NAME = r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?"
_REQUIREMENT = re.compile(
    rf"\s*(?P<name>{_NAME})\s*(?:\[\s*(?P<extras>{_NAME}(?:\s*,\s*{_NAME})*)\s*\]\s*)?"
    r"(?:(?P<specifiers>[<>=!~][^;()@]*)|\((?P<in_brackets>[<>=!~][^;()@]*)\)\s*)?(?:;(?P<marker>.*))?",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_MARKER_TOKEN = re.compile(
    r"\s*(?:(?P<sign>[()]|\b(?:and|or)\b)|(?P<variable>implementation_name|os_name|platform_machine|platform_python_implementation|platform_system"
    r"|python_full_version|python_version|sys_platform|extra)"
    r"\s*(?P<operator><=|>=|==|!=|<|>)\s*(?P<quote>[\"'])(?P<value>[A-Za-z0-9._-]+)(?P=quote))\s*",
    re.ASCII,
)
_MARKER_DEPTH_MAX = 20
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
    text, marker = match["name"], None
    extras = (match["extras"] or "").replace(",", " ").split()
    if extras:
        text += f"[{','.join(sorted(set(extras)))}]"
    text += ",".join(sorted(map("".join, pairs)))
    if match["marker"] is not None:
        items = _marker_items(match["marker"])
        if items is None:
            return None
        marker = any_of(items, list)
        text += f"; {_marker_text(items)}"
    return {
        "text": text,
        "project": canonical_name(match["name"]),
        "extras": sorted(set(map(canonical_name, extras))),
        "specifiers": pairs,
        "marker": marker,
    }


def _marker_items(text: str) -> List[Any] | None:
    """Return a marker as `packaging` parses it: comparisons and lists, with "and" or "or" between them.

    A list is a marker in brackets. A comparison is a tuple of its operator, its variable and its value.
    """
    items: List[Any] = []
    outer: List[List[Any]] = []
    ends, position = False, 0
    while position < len(text):
        token = _MARKER_TOKEN.match(text, position)
        if not token:
            return None
        position, sign = token.end(), token["sign"]
        if sign == "(" and not ends and len(outer) < _MARKER_DEPTH_MAX:
            outer.append(items)
            items = []
        elif sign == ")" and ends and outer:
            outer[-1].append(items)
            items = outer.pop()
        elif sign in ("and", "or") and ends:
            items.append(sign)
            ends = False
        elif not sign and not ends:
            if token["variable"] == "extra" and not _CANONICAL.fullmatch(token["value"]):
                return None
            items.append((token["operator"], {"var": token["variable"]}, token["value"]))
            ends = True
        else:
            return None
    return items if ends and not outer else None


def any_of(items: Sequence[Any], comparison: Callable[[Any], List[Any]]) -> List[Any]:
    """Return a parsed marker as nested lists.

    :param comparison: Converts a comparison.
    """
    alternatives: List[List[Any]] = [[]]
    for item in items:
        if item == "or":
            alternatives.append([])
        elif item != "and":
            is_group = isinstance(item, list)
            alternatives[-1].append(any_of(item, comparison) if is_group else comparison(item))
    conjunctions = [terms[0] if len(terms) == 1 else ["and", *terms] for terms in alternatives]
    return conjunctions[0] if len(conjunctions) == 1 else ["or", *conjunctions]


def _marker_text(item: Any, is_inner: bool = False) -> str:
    """Return the text of a marker or of a part of it. Brackets that contain one item are left out."""
    if isinstance(item, str):
        return item
    if isinstance(item, tuple):
        operator, variable, value = item
        return f'{variable["var"]} {operator} "{value}"'
    if len(item) == 1:
        return _marker_text(item[0])
    text = " ".join(_marker_text(one, is_inner=True) for one in item)
    return f"({text})" if is_inner else text


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
    return all(_satisfies(_parsed(version), *pair) for pair in pairs)


def _parsed(version: str) -> Tuple[List[int], int]:
    """Return the numbers of a version, and the number of a post-release or -1."""
    numbers, *post = _POST.split(version)
    return [int(number) for number in numbers.split(".")], int(post[0]) if post else -1


def _satisfies(version: Tuple[List[int], int], operator: str, text: str) -> bool:
    numbers, post = version
    if text.endswith(".*"):
        return _begins(numbers, _parsed(text[:-2])[0]) == (operator == "==")
    others, other_post = _parsed(text)
    if operator == "~=" and not _begins(numbers, others[:-1]):
        return False
    size = max(len(numbers), len(others))
    one, two = (part + [0] * (size - len(part)) for part in (numbers, others))
    if operator == ">" and other_post < 0:
        # A post-release of a version is not greater than it (PEP 440).
        post = -1
    return {
        "==": (one, post) == (two, other_post),
        "!=": (one, post) != (two, other_post),
        "<=": (one, post) <= (two, other_post),
        ">=": (one, post) >= (two, other_post),
        "~=": (one, post) >= (two, other_post),
        "<": (one, post) < (two, other_post),
        ">": (one, post) > (two, other_post),
    }[operator]


def _begins(version: List[int], prefix: List[int]) -> bool:
    return (version + [0] * len(prefix))[: len(prefix)] == prefix
