"""Find packs that can't share one directory on `sys.path`: they have different files for the same module.

In one directory, Python prefers a package to a module of its name, and an extension module to a source. In two directories,
the first one counts. Two packs can't share a directory either if a path is a file in one and a directory in the other.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Sequence, Set, Tuple

from pexcz.pack import MODULE_SUFFIXES, PackInfo, directories

LIBRARY = "lib/"


def relations(contents: Sequence[PackInfo]) -> List[Dict[str, Any]]:
    """Return, for each pack of sources or a wheel, the fields `clashes` and `shares` of its record in the manifest.

    Both name wheels that have a module of the same name as this pack. For `clashes`, their files differ; for `shares`, they
    may be the same. Most apps have neither field.
    """
    clashes: List[Set[str]] = [set() for _ in contents]
    shares: List[Set[str]] = [set() for _ in contents]
    for owners in _owners(contents).values():
        for one, files in owners.items():
            for other, other_files in owners.items():
                if one == other or not _may_meet(contents[one], contents[other]):
                    continue
                shares[one].add(contents[other].meta["name"])
                if files != other_files:
                    clashes[one].add(contents[other].meta["name"])
    customizes = any(
        not name.endswith((".pth", ".start")) for info in contents[1:] for name in info.meta["pth"]
    )
    if not any(clashes) and not customizes:
        return [{} for _ in contents]
    return [
        {
            key: sorted(names)
            for key, names in (("clashes", clashes[index]), ("shares", shares[index]))
            if names
        }
        for index in range(len(contents))
    ]


def _may_meet(one: PackInfo, other: PackInfo) -> bool:
    """Return whether an app may have both packs, and `other` is a wheel. An app has one version of a project."""
    if other.meta["kind"] != "wheel":
        return False
    return bool(one.meta["kind"] != "wheel" or one.meta["project"] != other.meta["project"])


def _owners(contents: Sequence[PackInfo]) -> Dict[str, Dict[int, Set[str]]]:
    """Return path of a module without its suffix → index of each pack that has it → its files.

    The keys include paths that are a file in one pack and a directory in another.
    """
    tops: Dict[str, Set[int]] = {}
    for index, info in enumerate(contents):
        for path, _, _ in info.files:
            if path.startswith(LIBRARY):
                tops.setdefault(_top(path), set()).add(index)
    found: Dict[str, Dict[int, Set[str]]] = {}
    kinds: Dict[str, Dict[int, Set[str]]] = {}
    for index, info in enumerate(contents):
        for path, _, _ in info.files:
            # Only names at the top that two packs have need a closer look.
            if path.startswith(LIBRARY) and len(tops[_top(path)]) > 1:
                for name, file in _module(path[len(LIBRARY) :]):
                    found.setdefault(name, {}).setdefault(index, set()).add(file)
                kinds.setdefault(path, {}).setdefault(index, set()).add("file")
                for parent in directories(path):
                    kinds.setdefault(parent, {}).setdefault(index, set()).add("directory")
    found = {name: owners for name, owners in found.items() if len(owners) > 1}
    for path, owners in kinds.items():
        if ["file"] in map(sorted, owners.values()) and ["directory"] in map(
            sorted, owners.values()
        ):
            found[path] = owners
    return found


def _top(path: str) -> str:
    return path.split("/", 2)[1].split(".", 1)[0]


def _module(path: str) -> Iterator[Tuple[str, str]]:
    """Yield the name and the file of the module, if the path is a module. The file of a package is its directory."""
    directory, _, file = path.rpartition("/")
    stem = file.split(".", 1)[0]
    if not file.endswith(MODULE_SUFFIXES) or not all(
        part.isidentifier() for part in [*directory.split("/"), stem] if part
    ):
        return
    if stem != "__init__":
        yield f"{directory}/{stem}" if directory else stem, file
    elif directory:
        yield directory, directory.rpartition("/")[2] + "/"
