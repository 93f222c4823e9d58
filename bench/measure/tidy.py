"""Clean up after each measurement, so that the next one finds free memory and a free disk.

On ext4 without a journal, creating files takes many times as long after ten thousand files were deleted. The file system
then avoids inodes that were freed in the last minute, or in the last six if their block has changed again. The bench waits
until that is over before it measures times. Other file systems need no wait.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

NO_JOURNAL = "ext4 without a journal"
SETTLED_SECONDS = 365
MANY_FILES = 5000


def file_system(directory: Path) -> str:
    """Return the type of the file system of a directory, or "unknown" on other systems than Linux."""
    device = directory.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    except OSError:
        return "unknown"
    types = [fields[fields.index("-") + 1] for fields in mounts if fields[2] == number]
    if "ext4" in types:
        name = Path(f"/sys/dev/block/{number}").resolve().name
        return "ext4" if list(Path("/proc/fs/jbd2").glob(f"{name}-*")) else NO_JOURNAL
    return types[0] if types else "unknown"


def settle(directory: Path) -> None:
    """Write all files of a directory to the disk, and drop them from the page cache.

    Later measurements then don't wait for writes, and have enough memory.
    """
    os.sync()
    if not hasattr(os, "posix_fadvise"):
        return
    for parent, _, names in os.walk(directory):
        for path in (Path(parent, name) for name in names):
            if not path.is_symlink():
                descriptor = os.open(path, os.O_RDONLY)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(descriptor)


class Tidy:
    def __init__(self, directory: Path) -> None:
        self._settles = file_system(directory) == NO_JOURNAL
        self._settled_at = 0.0

    def remove(self, directory: Path) -> None:
        free = os.statvfs(directory).f_ffree
        shutil.rmtree(directory)
        os.sync()
        if self._settles and os.statvfs(directory.parent).f_ffree - free > MANY_FILES:
            self._settled_at = time.monotonic() + SETTLED_SECONDS

    def wait(self) -> None:
        time.sleep(max(0.0, self._settled_at - time.monotonic()))
