"""Resolve the requirements of a PEX to its wheels, for the manifest. PEX-INFO may exclude and override requirements.

The boot decides all that depends on the interpreter: tags, `Requires-Python`, markers, and which of several overrides
applies.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Tuple

from pexcz import plain
from pexcz.pexfile import PEX_INFO
from pexcz.plain import canonical_name
from pexcz.requirements import parse_requirement, read_requirement, requirement_data

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

Json = Dict[str, Any]
Metas = Sequence[Dict[str, Any]]

# `name=requirement`: another project replaces `name`.
_OTHER_PROJECT = re.compile(
    r"^\s*(?P<project>[A-Za-z0-9][A-Za-z0-9._-]*)\s*=\s*(?P<other>[A-Za-z0-9].*)$"
)


class Dependencies:
    """The requirements of a PEX and its wheels.

    :param info: PEX-INFO.
    :param metas: The meta sections of the packs, in their order.
    """

    def __init__(self, info: Dict[str, Any], metas: Metas) -> None:
        self._info = info
        self._packs: Dict[str, List[Tuple[int, str]]] = defaultdict(list)
        for index, meta in enumerate(metas):
            if meta["kind"] == "wheel":
                self._packs[meta["project"]].append((index, meta["version"]))
        self._excluded = [parse_requirement(text, PEX_INFO) for text in info.get("excluded") or ()]
        self._overrides: Dict[str, List[Json]] = defaultdict(list)
        for text in info.get("overridden") or ():
            project, override = _override(text)
            self._overrides[project].append(self._record(requirement_data(override)))

    def orders(self) -> Dict[int, int]:
        """Return index of a pack → its rank among the packs of its project. Rank 0 is the preferred version."""
        orders = {}
        for packs in self._packs.values():
            # Of two builds of one version, the last one is preferred.
            newest_first = packs
            if len(packs) > 1:
                newest_first = sorted(packs, key=lambda pack: (_sortable(pack[1]), pack[0]))[::-1]
            orders.update({index: order for order, (index, _) in enumerate(newest_first)})
        return orders

    def roots(self) -> List[Json]:
        """Return the requirements of the app itself."""
        roots = map(read_requirement, self._info.get("requirements") or ())
        return [record for record in map(self._record, roots) if "excluded" not in record]

    def of_wheel(self, requires: Sequence[Json]) -> List[Json]:
        """Return the requirements of a wheel, each with its overrides. The override that applies replaces it."""
        records = []
        for data in requires:
            record = self._record(data)
            overrides = self._overrides.get(data["project"])
            if overrides:
                records.append({**record, "overrides": overrides})
            elif "excluded" not in record:
                records.append(record)
        return records

    def _record(self, data: Json) -> Json:
        """Return a requirement with the indexes of the packs that satisfy it."""
        record = {key: data[key] for key in ("extras", "marker", "project", "text")}
        record["packs"] = [
            index
            for index, version in self._packs.get(data["project"], ())
            if _satisfies(version, data["specifiers"])
        ]
        if self._is_excluded(data):
            record["excluded"] = True
        return record

    def _is_excluded(self, data: Json) -> bool:
        if not self._excluded:
            return False
        from pexcz.specifiers import includes

        specifiers = _specifier_set(data["specifiers"])
        return any(
            canonical_name(excluded.name) == data["project"]
            and includes(excluded.specifier, specifiers)
            for excluded in self._excluded
        )


def _override(text: str) -> Tuple[str, Requirement]:
    """Return the project of an entry in `overridden`, and the requirement that replaces it."""
    match = _OTHER_PROJECT.match(text)
    requirement = parse_requirement(match.group("other") if match else text, PEX_INFO)
    return canonical_name(match.group("project") if match else requirement.name), requirement


def _specifier_set(specifiers: List[List[str]]) -> SpecifierSet:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(",".join(map("".join, specifiers)))


def _satisfies(version: str, specifiers: List[List[str]]) -> bool:
    """Return whether a wheel's version satisfies specifiers, even if it is a prerelease."""
    if not specifiers:
        return True
    if len(specifiers) == 1 and specifiers[0][0] == "===":
        return version == specifiers[0][1]
    found = plain.satisfies(version, specifiers)
    if found is None:
        return _specifier_set(specifiers).contains(_sortable(version), prereleases=True)
    return found


def _sortable(version: str) -> Version:
    """Parse a version. A version that PEP 440 doesn't allow sorts before all others."""
    from packaging.version import Version

    try:
        return Version(version)
    except ValueError:
        # Also raised for numbers that are too long for Python.
        return Version("0.dev0")
