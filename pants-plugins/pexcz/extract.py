"""Write the wheels and the sources of a CZEX as wheel files that pip installs.

A wheel has the same content as in the PEX, except for a new RECORD and the shebang `#!python` of Python scripts. The app's
sources become another wheel, which has the requirements of the PEX and a command that starts the app.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import zipfile
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Tuple

from pexcz import shape
from pexcz.czexfile import Czex
from pexcz.errors import BadArchiveError, PexczError
from pexcz.output import whole_directory
from pexcz.pack import DIRECTORY, EXECUTABLE, PackInfo, contents
from pexcz.requirements import parse_requirement
from pexcz.verify import check
from pexcz.wheels import ENTRY_POINT, dist_info_file

EPOCH = (1980, 1, 1, 0, 0, 0)
# A file name as in PEP 427. A colon is not allowed: on Windows it would name another drive.
_WHEEL_NAME = re.compile(r"[\w.!+-]+\.whl")
# Files that an installer writes.
_INSTALLERS_OWN = (
    "INSTALLER",
    "RECORD",
    "RECORD.jws",
    "RECORD.p7s",
    "REQUESTED",
    "direct_url.json",
)
# Scheme of a pack → directory in a wheel's `*.data`.
_DATA = {"data": "data", "data64": "data/lib64", "headers": "headers", "scripts": "scripts"}
_WHEEL = "Wheel-Version: 1.0\nGenerator: pexcz\nRoot-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\n"
# The fields that this module reads.
_is_manifest = shape.record(
    interpreter_constraints=shape.list_of(
        shape.record(specifiers=shape.list_of(shape.list_of(shape.text)))
    ),
    packs=shape.list_of(
        shape.record(
            entry_points=shape.optional(shape.dict_of(shape.dict_of(shape.text))),
            scripts=shape.optional(shape.list_of(shape.text)),
        )
    ),
    requirements=shape.list_of(shape.record(text=shape.text)),
)
_MODULE_SCRIPT = """\
#!python
import runpy

if __name__ == "__main__":
    runpy.run_module({module!r}, run_name="__main__", alter_sys=True)
"""
# Name in the wheel, content, and whether the file is executable.
File = Tuple[str, bytes, bool]


def extract(czex: Czex, directory: Path) -> List[str]:
    """Write all wheels of a CZEX into a directory, whole or not at all, and return their names.

    Raise BadArchiveError for a damaged CZEX, and OutputError if the directory has files already.
    """
    check(czex)
    packs = czex.manifest["packs"]
    if not _is_manifest(czex.manifest) or [pack["kind"] for pack in packs[:1]] != ["sources"]:
        raise BadArchiveError(
            f"can't extract {czex.path}: a field of its manifest is malformed; build it again"
        )
    sources, *wheels = packs
    names = []
    with whole_directory(directory, lambda path: False) as target:
        for record in wheels:
            names.append(_checked_name(czex, record.get("name") or ""))
            _write(target / names[-1], *_wheel_files(czex, record))
        names.append(_write_sources(czex, sources, target))
    return sorted(names)


def _checked_name(czex: Czex, name: str) -> str:
    if not _WHEEL_NAME.fullmatch(name):
        raise BadArchiveError(
            f"can't extract {name!r} from {czex.path}: it is not a file name of a wheel; build it again"
        )
    return name


def _wheel_files(czex: Czex, record: Dict[str, Any]) -> Tuple[str, Iterator[File]]:
    """Return the name of a wheel's `*.dist-info`, and the wheel's files."""
    info = czex.pack_info(record)
    metadata = dist_info_file({file: file for file, _, _ in info.files}, record["name"], "METADATA")
    if metadata is None:
        raise BadArchiveError(
            f"can't extract {record['name']} from {czex.path}: it has no METADATA; build it again"
        )
    dist_info = metadata.split("/")[1]
    own = {f"{dist_info}/{name}" for name in _INSTALLERS_OWN}
    files = _files(czex, record, info, dist_info)
    return dist_info, (file for file in files if file[0] not in own)


def _files(czex: Czex, record: Dict[str, Any], info: PackInfo, dist_info: str) -> Iterator[File]:
    """Yield the files of a pack, by their names in a wheel. Skip empty directories, because a wheel can't have them."""
    data = dist_info[: -len(".dist-info")] + ".data"
    path, offset = czex.place(record)
    for (file, content), (_, _, flags) in zip(contents(path, info, offset), info.files):
        scheme, _, name = file.partition("/")
        if flags & DIRECTORY:
            continue
        if scheme in _DATA:
            name = f"{data}/{_DATA[scheme]}/{name}"
        elif name.partition("/")[0].endswith(".data"):
            # An installer would take a directory `*.data` at the top for schemes.
            name = f"{data}/purelib/{name}"
        yield name, content, bool(flags & EXECUTABLE)


def _write(path: Path, dist_info: str, files: Iterable[File]) -> None:
    """Write a wheel file, with its RECORD."""
    rows = {}
    with zipfile.ZipFile(path, "x") as archive:
        for name, content, executable in files:
            if name in rows:
                raise BadArchiveError(
                    f"can't extract {path.name}: it has two files {name}; build it again"
                )
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode("ascii")
            rows[name] = (name, "sha256=" + digest.rstrip("="), str(len(content)))
            _add(archive, name, content, executable)
        record = io.StringIO()
        own = (f"{dist_info}/RECORD", "", "")
        csv.writer(record, lineterminator="\n").writerows([*rows.values(), own])
        _add(archive, own[0], record.getvalue().encode("utf-8"), False)


def _add(archive: zipfile.ZipFile, name: str, content: bytes, executable: bool) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.external_attr = (0o100755 if executable else 0o100644) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    # Unix, also on Windows: otherwise installers would ignore the mode.
    entry.create_system = 3
    archive.writestr(entry, content)


def _write_sources(czex: Czex, record: Dict[str, Any], target: Path) -> str:
    """Write the wheel of the app's sources, and return its name."""
    stem = re.sub(r"[^A-Za-z0-9]+", "_", czex.path.absolute().stem).strip("_") or "app"
    project, version = f"{stem}_sources", f"0.0.0+{record['sha256'][:12]}"
    dist_info = f"{project}-{version}.dist-info"
    own = _files(czex, record, czex.pack_info(record), dist_info)
    files = {
        f"{dist_info}/METADATA": _metadata(czex, project, version),
        f"{dist_info}/WHEEL": _WHEEL,
    }
    scripts = {name for pack in czex.manifest["packs"] for name in _commands(pack)}
    command = f"{stem}-app" if stem in scripts else stem
    entry_point = ENTRY_POINT.match(czex.info.get("entry_point") or "")
    module, _, function = entry_point[0].partition(":") if entry_point else ("", "", "")
    if function:
        entry = f"[console_scripts]\n{command} = {module}:{function}\n"
        files[f"{dist_info}/entry_points.txt"] = entry
    elif module:
        script = f"{dist_info[: -len('.dist-info')]}.data/scripts/{command}"
        files[script] = _MODULE_SCRIPT.format(module=module)
    name = f"{project}-{version}-py2.py3-none-any.whl"
    generated = ((name, text.encode("utf-8"), "/scripts/" in name) for name, text in files.items())
    _write(target / name, dist_info, [*own, *generated])
    return name


def _commands(pack: Dict[str, Any]) -> Iterator[str]:
    yield from pack.get("scripts") or ()
    for group in (pack.get("entry_points") or {}).values():
        yield from group


def _metadata(czex: Czex, project: str, version: str) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {project}", f"Version: {version}"]
    constraints = czex.manifest["interpreter_constraints"]
    # Requires-Python can't express alternatives.
    if len(constraints) == 1 and constraints[0]["specifiers"]:
        specifiers = ",".join("".join(pair) for pair in constraints[0]["specifiers"])
        lines.append(f"Requires-Python: {specifiers}")
    for data in czex.manifest["requirements"]:
        try:
            requirement = parse_requirement(data["text"], str(czex.path))
        except PexczError:
            # pip would refuse a requirement that PEP 508 doesn't allow.
            continue
        # The wheel from this URL is in the same directory.
        requirement.url = None
        lines.append(f"Requires-Dist: {requirement}")
    return "".join(f"{' '.join(line.split())}\n" for line in lines)
