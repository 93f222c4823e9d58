"""Add numbers with compiled code, and start an executable of a wheel."""

import subprocess
import sys

import numpy
from ruff.__main__ import find_ruff_bin


def main() -> int:
    numbers = numpy.arange(int(sys.argv[1]), dtype=numpy.float64)
    print(f"numpy {numpy.__version__}: {numbers.sum():.0f}")
    print(f"norm {numpy.linalg.norm(numbers):.6f}")
    sys.stdout.flush()
    return subprocess.call([find_ruff_bin(), "--version"])
