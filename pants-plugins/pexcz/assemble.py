"""Puts packs, runtimes and boot shims together to a CZEX, as docs/format.md lays it out."""

from __future__ import annotations

import hashlib
import json
import marshal
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Sequence

import deflate

from pexcz import header
from pexcz.bootfiles import boot_files, boot_sources, module_sources
from pexcz.bytecode import BootCode, match
from pexcz.dependencies import Dependencies
from pexcz.errors import BadPackError
from pexcz.output import whole_file
from pexcz.pack import FINGERPRINT_DIGITS, PackInfo, read_pack_info
from pexcz.packplaces import write_packs
from pexcz.pexfile import MANIFEST, PEX_INFO
from pexcz.requirements import constraint_data
from pexcz.zipwriter import DEFLATE_LEVEL

FORMAT = 1
MAIN = "__main__.py"
IMPORT_HOOK = "__pex__/__init__.py"
START = ".czex/start"
BOOT = ".czex/boot"
TOOLS = ".czex/tools"
# Of the hash that names a boot in the cache, where every CZEX made by one version of this tool shares it.
BOOT_DIGITS = 16
# The last version of the format without references between objects, which depend on more than their values.
# Python 2.7 has it, too.
MARSHAL_VERSION = 2


@dataclass(frozen=True)
class Runtime:
    """A platform's runtime executable: the platform's id, the name it has in a CZEX, its bytes."""

    platform: str
    name: str
    content: bytes


@dataclass(frozen=True)
class Parts:
    """All that a CZEX is made of.

    :param info: PEX-INFO, and `info_bytes` as it stands in the PEX.
    :param shebang: The PEX's own, without `#!`.
    :param packs: The sources' pack first, then those of wheels and of bytecode.
    :param boot: The directory of the boot shims, `native/boot`, and `boot_code` what was compiled of it.
    """

    info: Dict[str, Any]
    info_bytes: bytes
    shebang: str
    packs: Sequence[Path]
    runtimes: Sequence[Runtime]
    boot: Path
    sh_boot: bool
    boot_code: Sequence[BootCode] = ()


def assemble(parts: Parts, output: Path) -> None:
    """Write the CZEX to `output`. The same parts give the same bytes."""
    packs = [(path, read_pack_info(path)) for path in parts.packs]
    # There may be no module in a wheel.
    packs = [(path, info) for path, info in packs if info.files or info.meta["kind"] != "bytecode"]
    infos = [info for _, info in packs]
    contents = [info for info in infos if info.meta["kind"] != "bytecode"]
    bytecode = [info for info in infos if info.meta["kind"] == "bytecode"]
    if [info.meta["kind"] for info in infos[:2]].count("sources") != 1:
        raise BadPackError("The first pack must be the sources', and no other.")
    boot = boot_files(parts.boot)
    fingerprint = _fingerprint(parts, infos, boot)
    constraints = [
        constraint_data(text) for text in parts.info.get("interpreter_constraints") or ()
    ]
    dependencies = Dependencies(parts.info, [info.meta for info in contents])
    pex_root = parts.info.get("pex_root") or ""
    if parts.sh_boot:
        prefix = header.sh_header(
            boot["header.sh"].decode("utf-8"), fingerprint, parts.shebang, pex_root, constraints
        )
    else:
        prefix = header.plain_header(parts.shebang)
    precompiled = " ".join(sorted(code.tag for code in parts.boot_code))
    boot_text = _marshalled({"code": {}, "sources": boot_sources(boot)})
    main = _filled_in(
        boot[MAIN],
        boot=hashlib.sha256(boot_text).hexdigest()[:BOOT_DIGITS],
        fingerprint=fingerprint,
        pex_root=pex_root,
        precompiled=precompiled,
    )
    with whole_file(output, 0o755) as stream:
        stream.write(prefix.encode("utf-8"))
        writer, offsets = write_packs(stream, packs)
        for runtime in sorted(parts.runtimes, key=lambda runtime: runtime.platform):
            writer.add(f".czex/runtime/{runtime.platform}/{runtime.name}", runtime.content)
        manifest = {
            "fingerprint": fingerprint,
            "format": FORMAT,
            "interpreter_constraints": constraints,
            "packs": _pack_records(dependencies, contents, bytecode, offsets),
            "requirements": dependencies.roots(),
            "runtimes": {
                runtime.platform: {
                    "crc32": zlib.crc32(runtime.content),
                    "sha256": hashlib.sha256(runtime.content).hexdigest(),
                    "size": len(runtime.content),
                }
                for runtime in parts.runtimes
            },
        }
        writer.add(MANIFEST, _json(manifest))
        writer.add(START, _marshalled({"info": parts.info, "manifest": manifest}), compress=False)
        writer.add(BOOT, boot_text, compress=False)
        for code in sorted(parts.boot_code, key=lambda code: code.tag):
            writer.add(f"{BOOT}.{code.tag}", _compressed(code.content), compress=False)
        if parts.info.get("includes_tools", parts.info.get("venv")):
            writer.add(TOOLS, _tools(boot, contents), compress=False)
        writer.add(PEX_INFO, parts.info_bytes)
        writer.add(IMPORT_HOOK, boot[IMPORT_HOOK])
        writer.add(MAIN, main, compress=False)
        writer.finish()


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("utf-8")


def _tools(boot: Dict[str, bytes], infos: Sequence[PackInfo]) -> bytes:
    """What PEX_TOOLS asks for: sources, and of each wheel all requirements, without `overridden` and `excluded`."""
    sources = {f"tools.{name}": text for name, text in module_sources(boot, "tools").items()}
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
    """A value in a form that every Python reads without an import, with a checksum."""
    return _compressed(marshal.dumps(json.loads(_json(value)), MARSHAL_VERSION))


def _compressed(content: bytes) -> bytes:
    return bytes(deflate.zlib_compress(content, DEFLATE_LEVEL))


def _fingerprint(parts: Parts, infos: Sequence[PackInfo], boot: Dict[str, bytes]) -> str:
    """Names all that an installed environment depends on: the packs, PEX-INFO, the boot."""
    digest = hashlib.sha256(
        _json(
            [
                FORMAT,
                hashlib.sha256(parts.info_bytes).hexdigest(),
                [info.sha256 for info in infos],
                [[name, hashlib.sha256(content).hexdigest()] for name, content in boot.items()],
                [hashlib.sha256(code.dump()).hexdigest() for code in parts.boot_code],
            ]
        )
    )
    return digest.hexdigest()[:40]


def _filled_in(source: bytes, **values: str) -> bytes:
    """Put string literals in the place of the literals `"@name@"`."""
    text = source.decode("utf-8")
    for name, value in values.items():
        literal = f'"@{name}@"'
        assert literal in text, literal
        text = text.replace(literal, json.dumps(value))
    return text.encode("utf-8")


def _pack_records(
    dependencies: Dependencies,
    contents: Sequence[PackInfo],
    bytecode: Sequence[PackInfo],
    offsets: Dict[str, int],
) -> List[Dict[str, Any]]:
    orders = dependencies.orders()
    records = []
    for index, info in enumerate(contents):
        meta = dict(info.meta)
        if meta["kind"] == "wheel":
            meta["order"] = orders[index]
            meta["requires"] = dependencies.of_wheel(meta["requires"])
        records.append({**meta, **_place(info, offsets), "bytecode": {}})
    for info, (index, tag) in zip(bytecode, match(bytecode, contents)):
        together = hashlib.sha256((contents[index].sha256 + info.sha256).encode("ascii"))
        records[index]["bytecode"][tag] = {
            **_place(info, offsets),
            "fingerprint": together.hexdigest()[:FINGERPRINT_DIGITS],
        }
    return records


def _place(info: PackInfo, offsets: Dict[str, int]) -> Dict[str, Any]:
    """What a manifest says of any pack."""
    return {
        "content_size": info.content_size,
        "files": len(info.files),
        "offset": offsets[info.sha256],
        "sha256": info.sha256,
        "size": info.size,
    }
