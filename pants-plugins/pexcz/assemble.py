"""Assemble packs, runtimes and the boot to a CZEX, a file or a directory, as docs/format.md describes it."""

from __future__ import annotations

import hashlib
import json
import marshal
import re
import zlib
from pathlib import Path
from typing import IO, Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import deflate

from pexcz import header
from pexcz.bootfiles import BootCode, boot_files, boot_sources, module_sources, source_text
from pexcz.clashes import relations
from pexcz.comments import without_comments
from pexcz.dependencies import Dependencies
from pexcz.directorywriter import DirectoryWriter, name_by_content
from pexcz.errors import BadPackError
from pexcz.hidden import hidden
from pexcz.output import whole_directory, whole_file
from pexcz.pack import DIRECTORY, PackInfo, fingerprint, read_pack_info
from pexcz.packplaces import pack_file, write_packs
from pexcz.pexfile import HOOK, MAIN, MANIFEST, PACKED, PEX_INFO, ZIPAPP
from pexcz.requirements import constraint_data
from pexcz.seal import UNSEALED, listed, seal
from pexcz.zipwriter import DEFLATE_LEVEL

FORMAT = 2
START = ".czex/start"
BOOT = ".czex/boot"
TOOLS = ".czex/tools"
# A module of the boot that needs the runtime for Windows.
ONLY_ON_WINDOWS = "windows"
SEAL = ".czex/seal"
# Files of the boot whose text becomes a part of other files. The text of READER follows COLD_BEGINS.
QUICK = "quick.py"
DAMAGED = "damaged.py"
FIRST = "first.py"
# For an app with a preamble: runs the preamble before the text of `__main__.py`.
PREAMBLE = "preamble.py"
READER = "directory.py"
COLD_BEGINS = 'COLD = """\n'
WAY_IN = "pex"
# Digits of the hash that names a boot in the cache. All CZEX files that one version of this tool makes share that boot.
BOOT_DIGITS = 16
# The last version of the format without references between objects: references depend on more than values.
# Python 2.7 reads it, too.
MARSHAL_VERSION = 2


class Runtime(NamedTuple):
    """The runtime for a platform: the platform's id, the executable's name in a CZEX, and its bytes."""

    platform: str
    name: str
    content: bytes


class Parts(NamedTuple):
    """The parts of a CZEX.

    :param info: PEX-INFO, parsed.
    :param info_bytes: PEX-INFO, as it is in the PEX.
    :param beginning: The beginning of the PEX.
    :param preamble: See `pexfile.Pex`.
    :param packs: The pack of the sources, then the packs of wheels and of bytecode.
    :param boot: The directory with the boot's sources, `native/boot`.
    :param boot_code: The boot, compiled for some interpreters.
    :param made: The packs that this process has just made, which need no check.
    """

    info: Dict[str, Any]
    info_bytes: bytes
    beginning: header.Beginning
    preamble: bytes
    packs: Sequence[Path]
    runtimes: Sequence[Runtime]
    boot: Path
    sh_boot: bool
    boot_code: Sequence[BootCode] = ()
    made: Mapping[Path, PackInfo] = {}


def assemble(
    parts: Parts, output: Path, layout: str = ZIPAPP, with_packs: bool = True
) -> List[str]:
    """Write the CZEX to `output`, and return a line for each file of a wheel that the app won't find.

    The same parts give the same bytes.

    :param layout: One of LAYOUTS: a file or a directory.
    :param with_packs: Whether to copy the packs into a directory. If not, the caller does it.
    """
    assembly = _Assembly(parts)
    if layout == PACKED:
        with whole_directory(output, is_czex_directory) as directory:
            assembly.write_directory(DirectoryWriter(directory), with_packs)
    else:
        with whole_file(output, 0o755) as stream:
            assembly.write_file(stream)
    return assembly.hidden()


def is_czex_directory(path: Path) -> bool:
    return (path / MANIFEST).is_file()


class _Assembly:
    """The content of a CZEX, for both layouts."""

    def __init__(self, parts: Parts) -> None:
        packs = [(path, parts.made.get(path) or read_pack_info(path)) for path in parts.packs]
        # A wheel without modules has an empty pack of bytecode.
        self._packs = [
            (path, info) for path, info in packs if info.files or info.meta["kind"] != "bytecode"
        ]
        infos = [info for _, info in self._packs]
        self._contents = [info for info in infos if info.meta["kind"] != "bytecode"]
        self._bytecode = [info for info in infos if info.meta["kind"] == "bytecode"]
        if [info.meta["kind"] for info in infos[:2]].count("sources") != 1:
            raise BadPackError(
                "can't assemble the packs: the first pack, and no other, must have the sources"
            )
        self._parts = parts
        self._boot = boot_files(parts.boot)
        self._fingerprint = _fingerprint(parts, infos, self._boot)
        self._constraints = [
            constraint_data(text) for text in parts.info.get("interpreter_constraints") or ()
        ]
        self._dependencies = Dependencies(parts.info, [info.meta for info in self._contents])
        self._pex_root = parts.info.get("pex_root") or ""
        self._runtimes = {
            f".czex/runtime/{runtime.platform}/{runtime.name}": runtime.content
            for runtime in sorted(parts.runtimes, key=lambda runtime: runtime.platform)
        }
        sources = boot_sources(self._boot)
        if not any(runtime.platform.startswith("windows-") for runtime in parts.runtimes):
            sources.pop(ONLY_ON_WINDOWS, None)
        self._boots = {BOOT: _marshalled({"code": {}, "sources": sources})}
        self._first = _filled_in(
            source_text(self._boot, FIRST),
            boot=hashlib.sha256(self._boots[BOOT]).hexdigest()[:BOOT_DIGITS],
            precompiled=" ".join(sorted(code.tag for code in parts.boot_code)),
        )
        for code in sorted(parts.boot_code, key=lambda code: code.tag):
            self._boots[f"{BOOT}.{code.tag}"] = _compressed(code.content)
        self._tools = {}
        if parts.info.get("includes_tools", parts.info.get("venv")):
            self._tools[TOOLS] = _tools(self._boot, self._contents)

    def hidden(self) -> List[str]:
        return hidden(self._contents, bool(self._parts.info.get("venv")))

    def write_file(self, stream: IO[bytes]) -> None:
        stream.write(header.before_zip(self._header()).encode("utf-8"))
        writer, offsets = write_packs(stream, self._packs)
        manifest = self._manifest(offsets)
        deflated = {
            **self._runtimes,
            MANIFEST: _json(manifest),
            PEX_INFO: self._parts.info_bytes,
            HOOK: self._boot[HOOK],
        }
        stored = {**self._boots, **self._tools, MAIN: self._main("").encode("utf-8")}
        files = {name: (name, zlib.crc32(text)) for name, text in {**deflated, **stored}.items()}
        for name, content in deflated.items():
            writer.add(name, content)
        start = {**self._start(manifest), "files": files}
        writer.add(START, _marshalled(start), compress=False)
        for name, content in stored.items():
            writer.add(name, content, compress=False)
        writer.finish(UNSEALED)
        seal(stream, [(offsets[info.sha256], info.size) for _, info in self._packs])

    def write_directory(self, writer: DirectoryWriter, with_packs: bool) -> None:
        for path, info in self._packs if with_packs else ():
            writer.add_pack(pack_file(info.fingerprint), path)
        for name, content in {**self._runtimes, **self._tools}.items():
            writer.add_by_content(name, content)
        manifest = self._manifest({info.sha256: 0 for _, info in self._packs})
        writer.add(MANIFEST, _json(manifest))
        writer.add(PEX_INFO, self._parts.info_bytes)
        writer.add(HOOK, self._boot[HOOK])
        # A file in the place of this directory keeps Python from caching the bytecode of `__main__.py`: it could take
        # it for the bytecode of the next version.
        writer.add("__pycache__", b"")
        for name, content in self._boots.items():
            writer.add_by_content(name, content)
        # The name of `start` must not depend on its `files`: one of them is `__main__.py`, which contains that name.
        start = self._start(manifest)
        name = name_by_content(START, _json([start, self._header()]))
        main = self._main(name)
        shebang = header.plain_header(self._parts.beginning)
        writer.add(MAIN, (shebang + main).encode("utf-8"), executable=True)
        way_in = header.polyglot(self._header()) + main
        writer.add(WAY_IN, way_in.encode("utf-8"), executable=True)
        writer.add(name, _marshalled({**start, "files": writer.files}))
        writer.add(SEAL, listed(writer.digests))

    def _header(self) -> str:
        if not self._parts.sh_boot:
            return header.plain_header(self._parts.beginning)
        return header.sh_header(
            self._boot["header.sh"].decode("utf-8"),
            self._fingerprint,
            self._parts.beginning,
            self._pex_root,
            self._constraints,
        )

    def _main(self, start: str) -> str:
        """Return the text of `__main__.py`.

        :param start: The name of START's file in a directory; "" for a zip file.
        """
        quick = source_text(self._boot, QUICK)
        if start:
            reader = _filled_in(source_text(self._boot, READER), start=start)
            quick = quick.replace(COLD_BEGINS, COLD_BEGINS + reader, 1)
        quick = _filled_in(quick, fingerprint=self._fingerprint, pex_root=self._pex_root)
        text = without_comments(self._boot[MAIN].decode("utf-8"))
        for name, part in (("quick", quick), ("damaged", source_text(self._boot, DAMAGED))):
            assert "'''" not in part
            # Raw, since Python takes longer where it has to look for escapes.
            text = text.replace(f'"@{name}@"', f"r'''\n{part}'''")
        if not self._parts.preamble:
            return text
        texts = {"preamble": self._parts.preamble, "main": text.encode("utf-8")}
        first = source_text(self._boot, PREAMBLE)
        return re.sub('"@([a-z]+)@"', lambda match: ascii(texts[match.group(1)]), first)

    def _start(self, manifest: Dict[str, Any]) -> Dict[str, Any]:
        return {
            "first": self._first,
            "has_preamble": bool(self._parts.preamble),
            "info": self._parts.info,
            "manifest": manifest,
        }

    def _manifest(self, offsets: Dict[str, int]) -> Dict[str, Any]:
        return {
            "fingerprint": self._fingerprint,
            "format": FORMAT,
            "interpreter_constraints": self._constraints,
            "packs": _pack_records(self._dependencies, self._contents, self._bytecode, offsets),
            "requirements": self._dependencies.roots(),
            "runtimes": {
                runtime.platform: hashlib.sha256(runtime.content).hexdigest()
                for runtime in self._parts.runtimes
            },
        }


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("utf-8")


def _tools(boot: Dict[str, bytes], infos: Sequence[PackInfo]) -> bytes:
    """Return the content for PEX_TOOLS: sources, and all requirements of each wheel.

    `overridden` and `excluded` don't apply to these requirements.
    """
    sources = {f"tools.{name}": text for name, text in module_sources(boot, "boot/tools").items()}
    sources["tools"] = sources.pop("tools.__init__")
    requires = {
        info.meta["name"]: [
            {key: data[key] for key in ("marker", "project", "text")}
            for data in info.meta["requires"]
        ]
        for info in infos
        if info.meta["kind"] == "wheel"
    }
    return _marshalled({"requires": requires, "sources": sources})


def _marshalled(value: Any) -> bytes:
    """Return a value in a form that every Python reads without an import, with a checksum."""
    return _compressed(marshal.dumps(json.loads(_json(value)), MARSHAL_VERSION))


def _compressed(content: bytes) -> bytes:
    return bytes(deflate.zlib_compress(content, DEFLATE_LEVEL))


def _fingerprint(parts: Parts, infos: Sequence[PackInfo], boot: Dict[str, bytes]) -> str:
    """Return the app's fingerprint: a hash of all that an environment depends on, such as packs, PEX-INFO and the boot."""
    digest = hashlib.sha256(
        _json(
            [
                FORMAT,
                hashlib.sha256(parts.info_bytes).hexdigest(),
                hashlib.sha256(parts.preamble).hexdigest(),
                [info.sha256 for info in infos],
                [[name, hashlib.sha256(content).hexdigest()] for name, content in boot.items()],
                [hashlib.sha256(code.dump()).hexdigest() for code in parts.boot_code],
            ]
        )
    )
    return fingerprint(digest.hexdigest())


def _filled_in(text: str, **values: str) -> str:
    """Replace the literals `"@name@"` by string literals of the values."""
    for name, value in values.items():
        literal = f'"@{name}@"'
        assert literal in text, literal
        text = text.replace(literal, json.dumps(value))
    return text


def _pack_records(
    dependencies: Dependencies,
    contents: Sequence[PackInfo],
    bytecode: Sequence[PackInfo],
    offsets: Dict[str, int],
) -> List[Dict[str, Any]]:
    orders = dependencies.orders()
    records = []
    for index, (info, related) in enumerate(zip(contents, relations(contents))):
        meta = {**info.meta, **related}
        if meta["kind"] == "wheel":
            meta["order"] = orders[index]
            meta["requires"] = dependencies.of_wheel(meta["requires"])
        records.append(
            {
                **meta,
                **_place(info, offsets),
                "beside_bytecode": _beside_bytecode(info),
                "bytecode": {},
            }
        )
    for info, (index, tag) in zip(bytecode, match(bytecode, contents)):
        together = hashlib.sha256((contents[index].sha256 + info.sha256).encode("ascii"))
        records[index]["bytecode"][tag] = {
            **_place(info, offsets),
            "together": fingerprint(together.hexdigest()),
        }
    return records


def match(bytecode: Sequence[PackInfo], contents: Sequence[PackInfo]) -> List[Tuple[int, str]]:
    """Return, for each pack of bytecode, the index in `contents` of the pack that it was compiled from, and its cache tag.

    Raise BadPackError if that pack isn't there, or if two packs of bytecode are for the same pack and tag.
    """
    indexes = {info.fingerprint: index for index, info in enumerate(contents)}
    matches: List[Tuple[int, str]] = []
    for info in bytecode:
        of, tag = info.meta["of"], info.meta["python"]
        if of not in indexes or (indexes[of], tag) in matches:
            problem = "it is given twice" if of in indexes else "that pack is not given"
            raise BadPackError(
                f"can't use the bytecode for {tag} of the pack {of}: {problem}; start the build again"
            )
        matches.append((indexes[of], tag))
    return matches


def _beside_bytecode(info: PackInfo) -> Tuple[int, int]:
    """Count the files and bytes of a pack without bytecode, because Python itself adds bytecode to unpacked files."""
    sizes = [
        size
        for path, size, flags in info.files
        if not (flags & DIRECTORY or path.endswith((".pyc", ".pyo")))
        if path.split("/")[-2:-1] != ["__pycache__"]
    ]
    return len(sizes), sum(sizes)


def _place(info: PackInfo, offsets: Dict[str, int]) -> Dict[str, Any]:
    """Return the fields of the manifest that all packs have."""
    return {
        "content_size": info.content_size,
        "files": len(info.files),
        "fingerprint": info.fingerprint,
        "offset": offsets[info.sha256],
        "sha256": info.sha256,
        "size": info.size,
    }
