"""Copy a tree by `cp -r` in two concurrent processes that share the work equally."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Dict, Iterator, List

from bench.measure.processes import Usage, run

PROCESSES = 2
# The cost of a file beside its content, in bytes of content. It makes the shares take equally long.
FILE_BYTES = 32 * 1024
# A directory that weighs more than this part of the whole is split.
SHARE_MAX = 1 / 64


def copy(script: Path, target: Path, log: Path) -> Usage:
    """Run a script of `script_for`."""
    return run(["/bin/sh", str(script), str(target)], {"PATH": "/usr/bin:/bin"}, log)


def script_for(tree: Path, script: Path) -> Path:
    """Write a script that copies the tree into an empty directory, its first argument."""
    weights = _weights(tree)
    shares: List[List[str]] = [[] for _ in range(PROCESSES)]
    totals = [0] * PROCESSES
    parts = list(_parts(tree, weights, weights[tree] * SHARE_MAX))
    for path in sorted(parts, key=lambda path: (-weights[path], path)):
        lightest = totals.index(min(totals))
        shares[lightest].append(shlex.quote(str(path.relative_to(tree))))
        totals[lightest] += weights[path]
    # Two processes that make the same directory at the same time may fail, so the script makes it before.
    parents = {shlex.quote(str(path.parent.relative_to(tree))) for path in parts}
    lines = [
        f"cd {shlex.quote(str(tree))} || exit 1",
        f'(cd "$1" && mkdir -p {" ".join(sorted(parents))}) || exit 1',
        *(f'cp -r --parents {" ".join(sorted(share))} "$1" & pids="$pids $!"' for share in shares),
        "for pid in $pids; do wait $pid || exit 1; done",
    ]
    script.write_text("\n".join(lines) + "\n")
    return script


def _weights(tree: Path) -> Dict[Path, int]:
    """Return the weight of each file in a tree, and of each directory with all its content."""
    weights: Dict[Path, int] = {}
    for name, directories, files in os.walk(tree, topdown=False):
        entries = [Path(name, entry) for entry in (*files, *directories)]
        for entry in entries:
            if entry not in weights:
                weights[entry] = entry.lstat().st_size + FILE_BYTES
        weights[Path(name)] = FILE_BYTES + sum(weights[entry] for entry in entries)
    return weights


def _parts(directory: Path, weights: Dict[Path, int], limit: float) -> Iterator[Path]:
    """Yield the entries of a directory; if an entry is a heavy directory, yield its entries instead."""
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink() and weights[path] > limit:
            yield from _parts(path, weights, limit)
        else:
            yield path
