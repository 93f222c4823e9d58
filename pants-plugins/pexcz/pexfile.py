"""Read a PEX of any layout: `zipapp` (a file), `packed` (a directory of zips) or `loose` (a directory of files).

See the Pex docs on `--layout`. A field of PEX-INFO may be absent, because older versions of Pex don't write it. Its default is
then Pex's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, NamedTuple

from pexcz import shape
from pexcz.errors import BadArchiveError, NotAPexError, unreadable
from pexcz.pack import DIRECTORY, EXECUTABLE, Entry, read_by_site
from pexcz.trees import DirectoryTree, Tree, ZipTree, nested_zip, subtrees

if TYPE_CHECKING:
    from pexcz.header import Beginning
    from pexcz.wheels import Wheel

PEX_INFO = "PEX-INFO"
MAIN = "__main__.py"
DEPS = ".deps"
# Pex writes no deeper nesting, and not every Python can read it.
INFO_DEPTH_MAX = 100
MANIFEST = ".czex/manifest.json"
# The layouts of a CZEX.
ZIPAPP, PACKED = LAYOUTS = ("zipapp", "packed")
# The files of Pex itself beside an app's sources.
_NOT_SOURCES = frozenset(
    [
        ".bootstrap",
        DEPS,
        ".last-access",
        ".layout.json",
        "PEX-LAYOUT",
        PEX_INFO,
        MAIN,
        "__main__.pyc",
        "__pex__",
        "__pycache__",
    ]
)
# In a directory, Pex's link to `__main__.py`. In a zip file, a file of this name belongs to the app.
_LINK_TO_MAIN = "pex"
HOOK = "__pex__/__init__.py"
# More than enough for Pex's `sh` header, which has a few kilobytes.
BEGINNING_BYTES_MAX = 65536
# The begin and the end of that header in the `__main__.py` of a directory.
_SH_BEGINS, _SH_ENDS = b"'''': pshprs\n", b"\n'''\n"
_FIELDS: Dict[str, shape.IsRight] = {
    "bind_resource_paths": shape.dict_of(shape.text),
    "build_properties": shape.record(),
    "distributions": shape.record(),
    "entry_point": shape.text,
    "excluded": shape.list_of(shape.text),
    "inject_args": shape.list_of(shape.text),
    "inject_env": shape.dict_of(shape.text),
    "inject_python_args": shape.list_of(shape.text),
    "interpreter_constraints": shape.list_of(shape.text),
    "interpreter_selection_strategy": shape.text,
    "overridden": shape.list_of(shape.text),
    "pex_path": shape.text,
    "pex_paths": shape.list_of(shape.text),
    "pex_root": shape.text,
    "requirements": shape.list_of(shape.text),
    "script": shape.text,
    "venv_bin_path": shape.text,
}


class Pex(NamedTuple):
    """A PEX.

    :param info_bytes: PEX-INFO as it is in the PEX.
    :param beginning: The interpreters that the PEX's shebang, or its header of `--sh-boot`, names.
    :param preamble: The text of `--preamble-file`, which Pex puts before its own code in `__main__.py`. Its first line is the
        shebang. Empty without a preamble.
    """

    path: Path
    tree: Tree
    info_bytes: bytes
    beginning: Beginning
    preamble: bytes
    info: Dict[str, Any]

    @property
    def wheel_names(self) -> List[str]:
        """The file names of the wheels in the PEX, sorted."""
        return sorted(self.info.get("distributions") or ())

    def wheels(self) -> Iterator[Wheel]:
        """Read each wheel, in the order of their names."""
        from pexcz.wheels import read_wheel

        chroots = subtrees(self.tree, DEPS)
        for name in self.wheel_names:
            yield read_wheel(self._wheel_tree(name, chroots), name)

    def sources_meta(self) -> Dict[str, Any]:
        """Return the meta section for the pack of the sources."""
        paths = [entry.path for entry in self.source_entries()]
        return {
            "kind": "sources",
            "names": sorted({path.split("/")[1].split(".")[0] for path in paths}),
            "pth": read_by_site(paths),
        }

    def source_entries(self) -> List[Entry]:
        """Return the entries for the pack of the sources."""
        entries = [
            Entry(
                "lib/" + path,
                file.size,
                EXECUTABLE if file.executable else 0,
                lambda path=path: self.tree.chunks(path),  # type: ignore[misc]
            )
            for path, file in self.tree.files.items()
            if path.split("/", 1)[0] not in _NOT_SOURCES
            and not (path == _LINK_TO_MAIN and self.path.is_dir())
        ]
        entries.extend(
            Entry("lib/" + path, 0, DIRECTORY, lambda: iter(()))
            for path in self.tree.empty_directories
            if path.split("/", 1)[0] not in _NOT_SOURCES
        )
        return entries

    def _wheel_tree(self, name: str, chroots: Mapping[str, Tree]) -> Tree:
        path = f"{DEPS}/{name}"
        if path in self.tree:
            if self.path.is_dir():
                return ZipTree(self.path / DEPS / name, f"{self.path}/{path}")
            return nested_zip(self.tree, path)
        if name not in chroots:
            raise BadArchiveError(
                f"{self.path} is incomplete: its PEX-INFO names the wheel {name}, which is not in it; "
                "build the PEX again"
            )
        return chroots[name]


def read_pex(path: Path) -> Pex:
    """Read the PEX at `path`, a file or a directory.

    Raise NotAPexError if it isn't a PEX, and BadArchiveError if it is damaged.
    """
    from pexcz.header import read_beginning

    tree: Tree
    if path.is_dir():
        tree = DirectoryTree(path)
        begin = tree.read(MAIN)[:BEGINNING_BYTES_MAX] if MAIN in tree else b""
    elif path.exists() and not path.is_file():
        # Without a writer, a named pipe would block for ever.
        raise NotAPexError(f"can't read {path} as a PEX: it is not a file; copy it to one")
    else:
        try:
            with open(path, "rb") as stream:
                begin = stream.read(BEGINNING_BYTES_MAX)
        except OSError as e:
            raise unreadable(path, e, NotAPexError) from e
        if not begin.startswith((b"#!", b"PK")):
            raise NotAPexError(f"can't read {path} as a PEX: it is not a zip file with a shebang")
        tree = ZipTree(path, str(path))
    if MANIFEST in tree:
        raise NotAPexError(
            f"can't read {path} as a PEX: it is a CZEX already; name the PEX that it was made from"
        )
    if PEX_INFO not in tree:
        raise NotAPexError(f"can't read {path} as a PEX: it has no {PEX_INFO}")
    info_bytes = tree.read(PEX_INFO)
    info = parse_pex_info(info_bytes, str(path))
    text = begin.split(b"PK\3\4", 1)[0].decode("utf-8", "replace")
    beginning = read_beginning(text, info.get("inject_python_args") or ())
    return Pex(path, tree, info_bytes, beginning, _preamble(tree), info)


def parse_pex_info(info_bytes: bytes, name: str) -> Dict[str, Any]:
    """Parse PEX-INFO, and check the fields that this tool and the boot read."""
    try:
        info = json.loads(info_bytes.decode("utf-8"))
        # JSON may contain half of a surrogate pair, which can't be written as UTF-8.
        json.dumps(info, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as e:
        raise NotAPexError(f"can't read {name} as a PEX: its {PEX_INFO} is not JSON: {e}") from e
    if not isinstance(info, dict):
        raise NotAPexError(f"can't read {name} as a PEX: its {PEX_INFO} is not an object")
    for key, is_right in _FIELDS.items():
        value = info.get(key)
        if value is not None and not is_right(value):
            raise NotAPexError(
                f"can't read {name} as a PEX: {key!r} in its {PEX_INFO} is malformed"
            )
    problem = _problem(info)
    if problem:
        raise NotAPexError(f"can't read {name} as a PEX: its {PEX_INFO} {problem}")
    for wheel in info.get("distributions") or ():
        if "/" in wheel or wheel in ("", ".", ".."):
            raise BadArchiveError(
                f"can't read {name} as a PEX: its {PEX_INFO} names a wheel {wheel!r}; build the PEX again"
            )
    return info


def _problem(value: Any) -> str:
    """Return the reason why a start could not use this value from JSON, or ""."""
    level = [value]
    for _ in range(INFO_DEPTH_MAX):
        below: List[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += [*item, *item.values()]
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str) and "\0" in item:
                return f"has a NUL in {item!r}"
        level = below
    return f"is nested deeper than {INFO_DEPTH_MAX} levels" if level else ""


def _preamble(tree: Tree) -> bytes:
    """Return the text in `__main__.py` before Pex's own code, which is the same as in the import hook."""
    if MAIN not in tree or HOOK not in tree:
        return b""
    main, own = tree.read(MAIN), tree.read(HOOK)
    if not own or not main.endswith(own):
        return b""
    shebang, _, preamble = main[: -len(own)].partition(b"\n")
    if preamble.startswith(_SH_BEGINS):
        preamble = preamble.partition(_SH_ENDS)[2]
    return shebang + b"\n" + preamble if preamble.strip() else b""
