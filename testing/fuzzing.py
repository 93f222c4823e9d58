"""Run a fuzz target in a process of its own, because atheris (libFuzzer for Python) ends the process that it runs in.

python native/tests/fuzzing/pexcz_targets.py DIRECTORY TARGET [OPTION of libFuzzer] [FILE to try again]
"""

from __future__ import annotations

import importlib.util
import os
import random
import re
import subprocess
import sys
from pathlib import Path

from testing.long_runs import LONG
from testing.missing import missing

LONG_SECONDS = 1200
SEEDS = 32
SEED_BYTES = 200
_EXECUTED = re.compile(rb"stat::number_of_executed_units: (\d+)")


def fuzz(harness: Path, target: str, scratch: Path, runs: int) -> int:
    """Try inputs with one of the targets of a harness, and return their number.

    If an input breaks the target, fail the test with the end of the output.

    :param runs: The number of inputs in a short run. Each short run tries the same inputs.
    """
    if importlib.util.find_spec("atheris") is None:
        missing("atheris (a wheel for Linux on x86-64, and Python before 3.12)")
    corpus = scratch / "corpus"
    corpus.mkdir()
    # The bytes of a seed can be arbitrary: with them a harness chooses from its own values.
    seeds = random.Random(1)
    for number in range(SEEDS):
        (corpus / str(number)).write_bytes(bytes(seeds.randrange(256) for _ in range(SEED_BYTES)))
    bound = [f"-max_total_time={LONG_SECONDS}"] if LONG else [f"-runs={runs}", "-seed=1"]
    process = subprocess.run(
        [
            *(sys.executable, "-Wignore", str(harness), str(scratch), target, *bound),
            *("-timeout=20", "-rss_limit_mb=1024", "-print_final_stats=1"),
            *(f"-artifact_prefix={scratch}/", "-max_len=1024", "-len_control=0", str(corpus)),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    end = process.stdout[-6000:].decode("utf-8", "replace")
    assert process.returncode == 0, end
    found = _EXECUTED.search(process.stdout)
    assert found, end
    return int(found[1])
