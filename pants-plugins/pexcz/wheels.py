"""Read the wheels of a PEX, for their packs.

A PEX contains a wheel as a wheel file (`deps_are_wheel_files`), or installed into a directory of its own, Pex's "installed
wheel chroot". The top of a chroot is site-packages. All other files are in a stash, which `.layout.json` names. Both forms
become the schemes of a pack (docs/format.md).
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any, Dict, List, NamedTuple, Set, Tuple

from pexcz import paths, plain
from pexcz.errors import BadArchiveError
from pexcz.pack import EXECUTABLE, RECORD, SHEBANG, Entry, read_by_site
from pexcz.plain import canonical_name
from pexcz.requirements import read_requirement, read_specifiers
from pexcz.trees import Tree

LAYOUT = ".layout.json"
SHEBANG_PLACEHOLDER = b"#!python"
# The shebang of a Python script, with any path. Pex and installers replace it by the environment's interpreter, without options.
_PYTHON_SHEBANG = re.compile(
    rb"#!(?:.*\W)?(?:pythonw?|pypy)(?:\d+(?:\.\d+)*)?(?:\.exe)?(?:\s+\S.*)?\s*$", re.IGNORECASE
)
_LINE_END = re.compile("\r\n|\r|\n")
# The name of a header and its colon (RFC 5322).
_HEADER = re.compile(r"([!-9;-~]*):[ \t]*")
# A compressed set (PEP 425) of a few tags. Its length is limited: thousands of each kind would be billions of tags.
_TAG = re.compile(r"(?=.{,255}$)[^-]+-[^-]+-[^-]+")
_PROJECT = re.compile(r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?", re.ASCII | re.IGNORECASE)
ENTRY_POINT = re.compile(r"[\w.]+(:[\w.]+)?$")


class Wheel(NamedTuple):
    """A wheel's meta section and the entries of its pack."""

    meta: Dict[str, Any]
    entries: Tuple[Entry, ...]


def read_wheel(tree: Tree, file_name: str) -> Wheel:
    """Read the wheel `file_name`, a wheel file or an installed chroot.

    Raise BadArchiveError if it has no metadata.
    """
    if LAYOUT in tree:
        schemes = _chroot_schemes(tree, file_name)
    else:
        schemes = _wheel_file_schemes(tree, file_name)
    schemes = {_with_lib64_apart(target): source for target, source in schemes.items()}
    entry_points = _entry_points(tree, schemes, file_name)
    generated = {name for group in entry_points.values() for name in group}
    sources = {
        target: source
        for target, source in schemes.items()
        if not (target.startswith("scripts/") and target.split("/", 1)[1] in generated)
    }
    entries = [_entry(tree, source, target) for target, source in sources.items()]
    record = dist_info_file(schemes, file_name, "RECORD")
    if record:
        entries = _with_record(tree, record, entries, sources, generated)
    targets = [entry.path for entry in entries]
    meta = {
        "kind": "wheel",
        "name": file_name,
        "entry_points": entry_points,
        "pth": read_by_site(targets),
        "python_scripts": sorted(
            entry.path.split("/", 1)[1] for entry in entries if entry.flags & SHEBANG
        ),
        "scripts": sorted(t.split("/", 1)[1] for t in targets if t.startswith("scripts/")),
        **_metadata(tree, schemes, file_name),
    }
    return Wheel(meta, tuple(entries))


def _entry(tree: Tree, source: str, target: str) -> Entry:
    file = tree.files[source]
    if not target.startswith("scripts/"):
        flags = EXECUTABLE if file.executable else 0
        return Entry(target, file.size, flags, lambda: tree.chunks(source))
    if next(iter(tree.chunks(source)), b"").startswith(b"#!"):
        first_line, line_end, rest = tree.read(source).partition(b"\n")
        if _PYTHON_SHEBANG.match(first_line):
            content = SHEBANG_PLACEHOLDER + b"\n" + rest
            return Entry(target, len(content), EXECUTABLE | SHEBANG, lambda: iter([content]))
    return Entry(target, file.size, EXECUTABLE, lambda: tree.chunks(source))


def _with_lib64_apart(target: str) -> str:
    """Move data below `lib64` to a scheme of its own: in most environments `lib64` is a link to `lib`."""
    prefix = "data/lib64/"
    return "data64/" + target[len(prefix) :] if target.startswith(prefix) else target


def _with_record(
    tree: Tree,
    record: str,
    entries: List[Entry],
    sources: Dict[str, str],
    generated: Set[str],
) -> List[Entry]:
    """Return the entries with a RECORD that names the files of the pack, and the scripts that the boot makes.

    The RECORD names files outside of `lib` by their scheme, as `/data/share/x`. A RECORD that is right already is kept.

    :param record: The path of the RECORD in the tree.
    :param sources: Path in the pack → path in the tree.
    """
    text = tree.read(record).decode("utf-8", "surrogateescape")
    try:
        rows = [row for row in csv.reader(io.StringIO(text)) if row]
    except csv.Error:
        rows = []
    known = {row[0]: row[1:3] for row in rows if len(row) == 3}
    wanted = {}
    for entry in entries:
        scheme, _, path = entry.path.partition("/")
        # A script has no hash yet: it will contain the interpreter's path.
        facts = ["", ""] if entry.flags & SHEBANG else known.get(sources[entry.path], ["", ""])
        wanted[path if scheme == "lib" else f"/{entry.path}"] = facts
    wanted.update({f"/scripts/{name}": ["", ""] for name in generated if "/" not in name})
    if sorted(wanted) == sorted(row[0] for row in rows):
        return entries
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerows([path, *facts] for path, facts in sorted(wanted.items()))
    content = output.getvalue().encode("utf-8", "surrogateescape")
    flags = RECORD if any(path.startswith("/") for path in wanted) else 0
    return [
        (
            Entry(entry.path, len(content), flags, lambda: iter([content]))
            if sources[entry.path] == record
            else entry
        )
        for entry in entries
    ]


def _chroot_schemes(tree: Tree, file_name: str) -> Dict[str, str]:
    """Return path in the pack → path in the chroot."""
    layout = _layout(tree, file_name)
    stash = layout["stash_dir"].strip("/") + "/"
    # Versions of Pex that write `sys_path_entries` have a directory for the data scheme in the stash.
    data_is_apart = "sys_path_entries" in layout
    schemes = {}
    for path in tree.files:
        top = path.split("/", 1)[0]
        if path == LAYOUT or top.endswith(".pex-info"):
            continue
        if not path.startswith(stash):
            schemes["lib/" + path] = path
            continue
        rest = path[len(stash) :]
        head, _, tail = rest.partition("/")
        if head in ("bin", "Scripts") and tail:
            schemes["scripts/" + tail] = path
        elif head in ("purelib", "platlib") and tail:
            schemes["lib/" + tail] = path
        elif head == "include" and rest.startswith("include/site/") and rest.count("/") >= 4:
            schemes["headers/" + rest.split("/", 4)[4]] = path
        elif head == "data" and data_is_apart and tail:
            schemes["data/" + tail] = path
        else:
            schemes["data/" + rest] = path
    return schemes


def _layout(tree: Tree, file_name: str) -> Dict[str, Any]:
    try:
        layout = json.loads(tree.read(LAYOUT).decode("utf-8"))
        if not isinstance(layout, dict) or not isinstance(layout.get("stash_dir"), str):
            raise ValueError("it names no stash_dir")
    except (ValueError, RecursionError) as e:
        raise BadArchiveError(
            f"can't read {file_name} in {tree.name}: its {LAYOUT} is damaged: {e}"
        ) from e
    return layout


def _wheel_file_schemes(tree: Tree, file_name: str) -> Dict[str, str]:
    """Return path in the pack → path in the wheel file (PEP 427)."""
    schemes = {}
    for path in tree.files:
        head, _, rest = path.partition("/")
        if not head.endswith(".data") or not rest:
            schemes["lib/" + path] = path
            continue
        scheme, _, tail = rest.partition("/")
        if scheme in ("purelib", "platlib"):
            schemes["lib/" + tail] = path
        elif scheme in ("scripts", "headers", "data") and tail:
            schemes[f"{scheme}/{tail}"] = path
        else:
            raise BadArchiveError(
                f"can't read {file_name} in {tree.name}: the installation scheme of {path} is unknown"
            )
    return schemes


def dist_info_file(schemes: Dict[str, str], file_name: str, wanted: str) -> str | None:
    """Return the path of the wheel's `*.dist-info/<wanted>`. A wheel may contain the dist-info of others, deeper."""
    found = [
        source
        for target, source in schemes.items()
        if target.startswith("lib/")
        and target.count("/") == 2
        and target.split("/")[1].endswith(".dist-info")
        and target.split("/")[2] == wanted
    ]
    if len(found) > 1:
        project = canonical_name(file_name.split("-")[0])
        found = [
            source
            for source in found
            if canonical_name(source.split("/")[-2].split("-")[0]) == project
        ]
    return found[0] if found else None


def _headers(tree: Tree, source: str) -> Dict[str, List[str]]:
    """Return the values of each header, by its name in small letters. `email` would take longer than packing a small wheel."""
    found: Dict[str, List[str]] = {}
    values: List[str] = []
    for line in _LINE_END.split(tree.read(source).decode("utf-8", "replace")):
        header = _HEADER.match(line)
        if header:
            values = found.setdefault(header[1].lower(), [])
            values.append(line[header.end() :])
        elif line[:1] in (" ", "\t") and values:
            values[-1] += f"\n{line}"
        else:
            break
    return found


def _metadata(tree: Tree, schemes: Dict[str, str], file_name: str) -> Dict[str, Any]:
    metadata_path = dist_info_file(schemes, file_name, "METADATA")
    wheel_path = dist_info_file(schemes, file_name, "WHEEL")
    if metadata_path is None or wheel_path is None:
        raise BadArchiveError(
            f"can't read {file_name} in {tree.name} as a wheel: it has no *.dist-info/METADATA and WHEEL"
        )
    metadata = _headers(tree, metadata_path)
    name, version = (metadata.get(key, [""])[0].strip() for key in ("name", "version"))
    if not _PROJECT.fullmatch(name):
        raise BadArchiveError(
            f"can't read {file_name} in {tree.name} as a wheel: its METADATA has no valid name: {name!r}"
        )
    return {
        "project": canonical_name(name),
        # The directory for its headers, if it has any.
        "headers": name if any(t.startswith("headers/") for t in schemes) else "",
        "version": version,
        "tags": _tags(file_name, _headers(tree, wheel_path)),
        "requires_python": _requires_python(metadata.get("requires-python", [None])[0]),
        "requires": [read_requirement(text) for text in metadata.get("requires-dist", ())],
    }


def _requires_python(text: str | None) -> List[List[str]] | None:
    """Return `Requires-Python` as data, or None if it is absent or PEP 440 doesn't allow it."""
    try:
        return None if text is None else read_specifiers(text)
    except ValueError:
        return None


def _tags(file_name: str, wheel: Dict[str, List[str]]) -> List[str]:
    """Return the wheel's tags: from its file name, as installers do, or else from its WHEEL."""
    found = plain.tags(file_name)
    if found:
        return found
    from packaging.tags import parse_tag
    from packaging.utils import parse_wheel_filename

    try:
        tags = parse_wheel_filename(file_name)[3]
    except ValueError:
        values = map(str.strip, wheel.get("tag", ()))
        tags = frozenset(
            tag for value in values if _TAG.fullmatch(value) for tag in parse_tag(value)
        )
    return sorted(str(tag) for tag in tags)


def _entry_points(tree: Tree, schemes: Dict[str, str], file_name: str) -> Dict[str, Dict[str, str]]:
    """Return the console and GUI scripts of entry_points.txt: name → `module:function` or `module`.

    Read it line by line, as Pex does. Ignore lines that aren't entry points.
    """
    source = dist_info_file(schemes, file_name, "entry_points.txt")
    if source is None:
        return {}
    groups: Dict[str, Dict[str, str]] = {}
    group = ""
    for line in tree.read(source).decode("utf-8", "replace").splitlines():
        line = line.strip()
        name, equals, value = line.partition("=")
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif equals and not line.startswith("#") and group in ("console_scripts", "gui_scripts"):
            name, target = name.strip(), "".join(value.split("[")[0].split())
            if ENTRY_POINT.match(target) and paths.is_allowed(f"scripts/{name}"):
                groups.setdefault(group, {})[name] = target
    return {name: dict(sorted(group.items())) for name, group in sorted(groups.items())}
