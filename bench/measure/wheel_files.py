"""Compare two ways to build the packs of wheels: from a PEX with installed wheels, and from one with wheel files.

    ./pants run bench/measure/wheel_files.py -- DIRECTORY

The directory has the wheels of an app. The two ways take turns, each time with a new cache for Pex.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from bench.measure.processes import Usage, run
from pexcz.pack import DEFAULT_LEVEL

ROUNDS = 2
KINDS = {"installed": "--pre-install-wheels", "wheel files": "--no-pre-install-wheels"}


def main(wheels: Path) -> None:
    print("| round | kind | step | CPU | wall | size |\n|---|---|---|---:|---:|---:|")
    for number in range(1, ROUNDS + 1):
        for kind, option in KINDS.items():
            with tempfile.TemporaryDirectory(prefix="czex-wheels.") as directory:
                measure(f"{number} | {kind}", option, wheels, Path(directory))


def measure(row: str, option: str, wheels: Path, place: Path) -> None:
    pex = place / "app.pex"
    files = sorted(map(str, wheels.glob("*.whl")))
    options = [
        "--intransitive",
        "--layout=packed",
        option,
        f"--pex-root={place / 'root'}",
        f"--output-file={pex}",
    ]
    built = python(place, "-m", "pex", *options, *files)
    show(row, "Pex", built, sizes(pex / ".deps"))
    packs = place / "packs"
    packs.mkdir()
    packed = [
        python(
            place,
            "-m",
            "pexcz",
            "pack",
            f"--level={DEFAULT_LEVEL}",
            f"--output={packs / wheel.name}",
            str(wheel),
        )
        for wheel in sorted((pex / ".deps").iterdir())
    ]
    show(row, "packs", Usage(sum(u.wall for u in packed), sum(u.cpu for u in packed)), sizes(packs))
    shutil.rmtree(place / "root")


def python(place: Path, *arguments: str) -> Usage:
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    return run([sys.executable, *arguments], environment, place / "output")


def sizes(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.iterdir())


def show(row: str, step: str, usage: Usage, size: int) -> None:
    print(
        f"| {row} | {step} | {usage.cpu:.1f} s | {usage.wall:.1f} s | {size / 1e6:.1f} MB |",
        flush=True,
    )


if __name__ == "__main__":
    (directory,) = sys.argv[1:]
    main(Path(directory))
