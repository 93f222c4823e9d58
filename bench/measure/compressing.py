"""Compress the content of a CZEX again, without reading a PEX or writing a file: the least that `pexcz inject` can take."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.measure.decompressing import frames_of
from bench.measure.processes import Usage
from pexcz.czexfile import read_czex
from pexcz.pack import default_threads
from pexcz.zstd import compressor, decompressed


def compress(czex: Path, level: int) -> Usage:
    """Compress all frames of a CZEX from memory, with a thread for each CPU."""
    contents = [decompressed(*frame) for frame in frames_of(read_czex(czex))]
    thread = threading.local()

    def set_up() -> None:
        thread.compress = compressor(level)

    cpu, wall = time.process_time(), time.perf_counter()
    with ThreadPoolExecutor(default_threads(), initializer=set_up) as pool:
        for _ in pool.map(lambda content: thread.compress(content), contents):
            pass
    return Usage(time.perf_counter() - wall, time.process_time() - cpu)
