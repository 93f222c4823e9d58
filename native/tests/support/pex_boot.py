"""Ask Pex's runtime and the boot the same question, on any Python, without a whole start."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pex

from support.runtime import NATIVE
from testing.pythons import Python

IMPORT_BOOT = """\
import json, os, sys

sys.path.append(sys.argv[1])
"""
BOOT = str(NATIVE / "boot")


def ask(python: Python, code: str, question: Any, scratch: Path) -> Any:
    """Run `code`, which reads the question from its standard input and prints the answer, both in JSON.

    The code can import `pex`. If it begins with IMPORT_BOOT, it can also import `boot`.
    """
    alone = scratch / "pex-alone"
    if not alone.exists():
        alone.mkdir()
        (alone / "pex").symlink_to(Path(pex.__file__).parent)
    process = subprocess.run(
        [python.path(), "-sB", "-c", code, BOOT],
        input=json.dumps(question),
        env={
            "PATH": "/usr/bin:/bin",
            "PEX_ROOT": str(scratch / "pex-root"),
            "PYTHONPATH": str(alone),
        },
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)
