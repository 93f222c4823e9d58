"""A fuzzer looks for files that make the runtime fail.

libFuzzer runs the targets of `fuzz.zig`. It keeps each input that covers new code, and changes it further. When an input
fails, libFuzzer prints it in base64; it becomes a test in `malformed_test.py`.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict

import pytest

from support import packs
from support.herd import BULL
from support.installs import FILES
from support.packs import App, Entry, record
from support.runtime import NATIVE, checked
from testing.long_runs import LONG, counted
from testing.missing import missing

sys.path.insert(0, str(NATIVE.parent / "pants-plugins"))

from pexcz.cli import main as pexcz

# Texts with a meaning in a path.
WORDS = '".."\n"../"\n"/../"\n"/"\n"//"\n"\\\\"\n"\\x00"\n'


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if sys.platform != "linux" or not shutil.which("clang"):
        missing("clang with libFuzzer")
    return checked(tmp_path_factory) / "fuzz.o"


def fuzz(
    targets: Path,
    directory: Path,
    target: str,
    seeds: Dict[str, bytes],
    runs: int,
    mutator: str = "",
) -> int:
    """Run a target `runs` times, beginning with the seeds, and return how many inputs it ran."""
    fuzzer = directory / target
    symbols = {"LLVMFuzzerTestOneInput": f"fuzz_{target}"}
    if mutator:
        symbols["LLVMFuzzerCustomMutator"] = f"mutate_{mutator}"
    link = ["clang", "-fsanitize=fuzzer,address", str(targets), "-o", str(fuzzer)]
    link += [f"-Wl,--defsym={name}={value}" for name, value in symbols.items()]
    linked = subprocess.run(link, capture_output=True, text=True)
    if linked.returncode:
        missing(f"clang with libFuzzer and AddressSanitizer: {linked.stderr}")

    corpus, words = directory / "corpus", directory / "words"
    corpus.mkdir()
    words.write_text(WORDS)
    for name, data in seeds.items():
        (corpus / name).write_bytes(data)
    # The short run tries the same inputs each time, so an unrelated change can't make it fail.
    options = {
        "artifact_prefix": f"{directory}/",
        "detect_leaks": 0,
        "dict": words,
        "max_len": 8192,
        "print_final_stats": 1,
        "rss_limit_mb": 1024,
        "runs": runs,
        "seed": 0 if LONG else 1,
        "timeout": 30,
    }
    command = [str(fuzzer), *(f"-{name}={value}" for name, value in options.items()), str(corpus)]
    # An install on a disk takes several times as long as an install in memory.
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as scratch:
        env = {**os.environ, "TMPDIR": scratch, "ASAN_OPTIONS": "quarantine_size_mb=16"}
        result = subprocess.run(command, env=env, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-20_000:]
    figures = dict(re.findall(r"^stat::(\w+): +(\d+)$", result.stderr, re.M))
    # The fuzzer has received the coverage counters.
    assert int(figures["new_units_added"]) > 0, result.stderr[-20_000:]
    print("\n".join(re.findall(r"^#.*(?:INITED|DONE).*$", result.stderr, re.M)))
    return int(figures["number_of_executed_units"])


@pytest.fixture(scope="module")
def pack_seeds(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, bytes]:
    directory = tmp_path_factory.mktemp("wheel")
    output = directory / "bull.pack"
    assert pexcz(["pack", str(BULL.write(directory)), "--output", str(output)]) == 0
    many = {f"lib/p{number % 3}/m{number}.py": b"x\n" * number**2 for number in range(40)}
    special = {
        "lib/near/a.so": packs.outward("lib/near/a.so"),
        "lib/near/empty/": b"",
        "lib/n.dist-info/RECORD": Entry(
            "lib/n.dist-info/RECORD", b"/data/share/b,,\n/scripts/x,,\n", packs.RECORD
        ),
        "data/share/b": b"b",
    }
    return {
        "bull": output.read_bytes(),
        "empty": packs.pack({}).encoded(),
        "files": packs.pack(FILES).encoded(),
        "frames": packs.pack(FILES, frame_bytes=500).encoded(),
        "many": packs.pack(many, frame_bytes=3000).encoded(),
        "special": packs.pack(special).encoded(),
    }


def test_no_pack_breaks_its_reader(targets, tmp_path, pack_seeds):
    runs = 10_000_000 if LONG else 20_000
    counted(fuzz(targets, tmp_path, "pack", pack_seeds, runs, mutator="pack"), "packs")


def test_no_pack_breaks_an_install(targets, tmp_path, pack_seeds):
    """No pack makes the runtime write outside of the store, and a refused pack leaves nothing behind."""
    runs = 3_000_000 if LONG else 10_000
    counted(fuzz(targets, tmp_path, "install", pack_seeds, runs, mutator="pack"), "installs")


def test_no_frame_breaks_the_decoder(targets, tmp_path):
    noise = random.Random(1).randbytes(60)
    contents = {
        "byte": b"x",
        "mixed": (b"abc" * 50 + noise) * 20,
        "noise": noise,
        "text": Path(packs.__file__).read_bytes(),
        "zeros": bytes(300_000),
    }
    seeds = {
        f"{name}.{level}": packs.frame(content, level)
        for name, content in contents.items()
        for level in (1, 9, 19)
    }
    runs = 5_000_000 if LONG else 10_000
    counted(fuzz(targets, tmp_path, "frame", seeds, runs), "frames")


def test_no_plan_breaks_its_reader(targets, tmp_path):
    def plan(**changes: object) -> bytes:
        app = App("/store", "/app.czex", **changes)  # type: ignore[arg-type]
        app.packs = [("wheel", "0" * 40, 0, 12), ("sources", "1" * 40, 12, 99)]
        app.bytecode = {"0" * 40: ("2" * 40, "3" * 40, 111, 5)}
        return app.plan()

    extra = record("file", "644", "lib/x", "content") + record("link", "bin/python", "/bin/python")
    seeds = {
        "linked": plan(extra=extra),
        "copied": plan(elsewhere="/elsewhere/venv", copy=1),
        "files": plan(copy=2),
    }
    runs = 10_000_000 if LONG else 20_000
    counted(fuzz(targets, tmp_path, "plan", seeds, runs, mutator="plan"), "plans")
