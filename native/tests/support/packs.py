"""An encoder of packs and plans for tests, written only from docs/format.md.

It shares no code with the tool that makes real packs. It can make malformed packs: no function checks its arguments.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass, field

import zstandard

FRAME_BYTES = 8 << 20
HEADER = struct.Struct("<8s8IQ")

EXECUTABLE, SHEBANG, DIRECTORY, OUTWARD, RECORD = 1, 2, 4, 8, 16


def frame(content: bytes, level: int = 1, checksum: bool = True) -> bytes:
    return zstandard.ZstdCompressor(
        level=level, write_checksum=checksum, write_content_size=True
    ).compress(content)


def sort_key(path: str) -> list[bytes]:
    return path.encode().split(b"/")


@dataclass
class Entry:
    """An entry of a pack. `size` and `path_bytes` may be wrong."""

    path: str
    content: bytes = b""
    flags: int = 0
    size: int | None = None
    path_bytes: bytes | None = None

    def encoded(self) -> bytes:
        path = self.path.encode() if self.path_bytes is None else self.path_bytes
        size = len(self.content) if self.size is None else self.size
        return struct.pack("<BHQ", self.flags, len(path) & 0xFFFF, size) + path


def outward(path: str) -> Entry:
    """Return a library that loads libraries of other wheels."""
    return Entry(path, b"ELF", OUTWARD)


def index(entries: list[Entry], frames: list[tuple[int, int]]) -> bytes:
    """Encode an index; `frames` are the packed and the raw sizes."""
    head = struct.pack("<I", len(frames)) + b"".join(struct.pack("<II", *sizes) for sizes in frames)
    return head + listed(entries)


def listed(entries: list[Entry]) -> bytes:
    return struct.pack("<I", len(entries)) + b"".join(entry.encoded() for entry in entries)


def outline(entries: list[Entry]) -> list[Entry]:
    def directories(path: str) -> list[str]:
        parts = path.split("/")
        return ["/".join(parts[:count]) for count in range(2, len(parts))]

    special = [entry for entry in entries if entry.flags & (SHEBANG | OUTWARD | RECORD)]
    real = {directory for entry in special for directory in directories(entry.path)}
    found: list[Entry] = []
    for entry in entries:
        whole = [path for path in directories(entry.path) if path not in real][:1]
        if not whole:
            found.append(entry)
        elif whole != [last.path for last in found[-1:]]:
            found.append(Entry(whole[0], flags=DIRECTORY))
    return found


@dataclass
class Pack:
    """The parts of a pack. A test may replace each part before it calls `encoded`."""

    entries: list[Entry]
    frames: list[bytes]
    raw_sizes: list[int]
    meta: bytes = b"{}"
    magic: bytes = b"CZEXPACK"
    version: int = 2
    reserved: int = 0
    content_raw: int | None = None
    outline: bytes | None = None
    index: bytes | None = None
    outline_raw: int | None = None
    index_raw: int | None = None
    meta_raw: int | None = None

    def encoded(self) -> bytes:
        raw_index = self.index
        if raw_index is None:
            raw_index = index(
                self.entries, [(len(f), r) for f, r in zip(self.frames, self.raw_sizes)]
            )
        raw_outline = listed(outline(self.entries)) if self.outline is None else self.outline
        packed_outline, meta, packed_index = map(frame, (raw_outline, self.meta, raw_index))
        header = HEADER.pack(
            self.magic,
            self.version,
            self.reserved,
            len(packed_outline),
            len(raw_outline) if self.outline_raw is None else self.outline_raw,
            len(meta),
            len(self.meta) if self.meta_raw is None else self.meta_raw,
            len(packed_index),
            len(raw_index) if self.index_raw is None else self.index_raw,
            sum(self.raw_sizes) if self.content_raw is None else self.content_raw,
        )
        return header + packed_outline + meta + packed_index + b"".join(self.frames)


def pack(
    files: dict[str, bytes | Entry], frame_bytes: int = FRAME_BYTES, ordered: bool = True
) -> Pack:
    """Return a valid pack of these files. A path that ends in `/` is an empty directory."""
    entries = []
    for path, content in files.items():
        if path.endswith("/"):
            entries.append(Entry(path[:-1], flags=DIRECTORY))
        elif isinstance(content, Entry):
            entries.append(content)
        else:
            entries.append(Entry(path, content))
    if ordered:
        entries.sort(key=lambda entry: sort_key(entry.path))
    content = b"".join(entry.content for entry in entries)
    parts = [content[at : at + frame_bytes] for at in range(0, len(content), frame_bytes)]
    return Pack(entries, [frame(part) for part in parts], [len(part) for part in parts])


def fingerprint(data: bytes) -> str:
    """Return forty digits that name a pack. The runtime doesn't compare them with the content."""
    return hashlib.sha256(data).hexdigest()[:40]


def netstring(value: bytes | str | int) -> bytes:
    data = value if isinstance(value, bytes) else os.fsencode(str(value))
    return b"%d:%s," % (len(data), data)


def record(*fields: bytes | str | int) -> bytes:
    return b"".join(map(netstring, fields))


SITE_PACKAGES = "lib/python3.11/site-packages"
MOUNTS = (
    ("lib", SITE_PACKAGES),
    ("scripts", "bin"),
    ("data", ""),
    ("headers", "include/site/python3.11/project"),
)


@dataclass
class App:
    """A plan, and the archive that it names.

    :param elsewhere: A directory for the venv outside of the store.
    :param extra: Bytes at the end of the plan.
    """

    store: str
    archive: str
    venv: str = "venvs/app/cpython-311"
    shebang: str = "#!/venv/bin/python"
    copy: int = 0
    elsewhere: str = ""
    packs: list[tuple[str, str, int, int]] = field(default_factory=list)
    bytecode: dict[str, tuple[str, str, int, int]] = field(default_factory=dict)
    mounts: tuple[tuple[str, str], ...] = MOUNTS
    extra: bytes = b""

    def add(
        self, data: bytes, kind: str = "wheel", name: str | None = None, gap: bytes = b""
    ) -> str:
        """Append a pack to the archive. Return the path of its content in the store."""
        name = name or fingerprint(data)
        with open(self.archive, "ab") as file:
            file.write(gap)
            offset = file.tell()
            file.write(data)
        self.packs.append((kind, name, offset, len(data)))
        return os.path.join(self.store, "wheels" if kind == "wheel" else "sources", name)

    def add_bytecode(self, data: bytes) -> str:
        """Append a pack of bytecode for the last pack. Return the path of both in the store."""
        kind, name, _, _ = self.packs[-1]
        together = fingerprint(name.encode() + data)
        with open(self.archive, "ab") as file:
            offset = file.tell()
            file.write(data)
        self.bytecode[name] = (together, fingerprint(data), offset, len(data))
        return os.path.join(self.store, "wheels" if kind == "wheel" else "sources", together)

    @property
    def venv_path(self) -> str:
        return self.elsewhere or os.path.join(self.store, *self.venv.split("/"))

    def plan(self) -> bytes:
        parts = [
            record("czex-plan", "1"),
            record("store", self.store),
            record("venv", self.elsewhere or self.store + "/" + self.venv),
            record("shebang", self.shebang),
            record("copy", self.copy),
            record("archive", self.archive),
        ]
        for kind, name, offset, size in self.packs:
            parts.append(record("pack", kind, name, offset, size))
            if name in self.bytecode:
                parts.append(record("bytecode", *self.bytecode[name]))
            parts.extend(
                record("mount", scheme, destination) for scheme, destination in self.mounts
            )
        return b"".join(parts) + self.extra
