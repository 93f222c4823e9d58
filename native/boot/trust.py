"""Decide whether a cache belongs to this user, so that its content can be run.

Each start compiles this text as a part of `quick.py`. The cold path and `venv_start.py` import it or get a copy of it.
"""

import os


def distrusted(root):
    """Return the reason why the content of the cache `root` must not be run; a false value if it can be run.

    The reason is the set of other users who own the directory, or the link that leads to it. Otherwise it is the mode bits that
    let others write there. These users could make this user run any program. A link of theirs may also lead to a directory of
    this user that is no cache. Raises OSError if there is no cache.
    """
    found = os.stat(root)
    return os.name != "nt" and (
        {found.st_uid, os.lstat(root).st_uid} - {0, os.geteuid()} or found.st_mode & 0o22
    )
