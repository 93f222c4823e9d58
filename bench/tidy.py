"""Removes what a part of the bench has made, so that the next one hasn't got to do with a full disk.

On ext4, creating files soon after ten thousand were deleted takes several times as long: an inode is used again only
a minute after it was freed, or six, while that isn't on the disk yet. So before the next part that is timed, the minute is
waited for.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

SETTLED_SECONDS = 65
MANY_FILES = 5000


class Tidy:
    def __init__(self) -> None:
        self._settled_at = 0.0

    def remove(self, directory: Path) -> None:
        free = os.statvfs(directory).f_ffree
        shutil.rmtree(directory)
        os.sync()
        if os.statvfs(directory.parent).f_ffree - free > MANY_FILES:
            self._settled_at = time.monotonic() + SETTLED_SECONDS

    def wait(self) -> None:
        time.sleep(max(0.0, self._settled_at - time.monotonic()))
