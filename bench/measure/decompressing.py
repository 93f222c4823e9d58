"""Decompress all packs of a CZEX, without writing them: the part of unpacking that `cp -r` doesn't have."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterator, Tuple

from bench.measure.copying import PROCESSES
from bench.measure.processes import Usage
from pexcz.czexfile import Czex, read_czex
from pexcz.pack import parse_pack
from pexcz.zstd import decompressed


def decompress(czex: Path) -> Usage:
    """Decompress all frames of a CZEX from memory, with as many threads as the copy has processes."""
    frames = list(frames_of(read_czex(czex)))
    cpu, wall = time.process_time(), time.perf_counter()
    with ThreadPoolExecutor(PROCESSES) as pool:
        for _ in pool.map(_decompress, frames):
            pass
    return Usage(time.perf_counter() - wall, time.process_time() - cpu)


def _decompress(frame: Tuple[bytes, int]) -> None:
    decompressed(*frame)


def frames_of(czex: Czex) -> Iterator[Tuple[bytes, int]]:
    for record in czex.manifest["packs"]:
        path, offset = czex.place(record)
        with open(path, "rb") as stream:
            stream.seek(offset)
            info = parse_pack(stream, record["size"], str(path), record["sha256"], 0)
            stream.seek(offset + info.header_size)
            for packed, raw in info.frames:
                yield stream.read(packed), raw
