"""Whose cache a start uses.

Each start compiles this text as a part of `quick.py`. The cold path and `venv_start.py` have it as a function.
"""

import os


def distrusted(root):
    """Why nothing of the cache `root` is to be run; false if all in it comes from this user or from root. OSError if there is none.

    It is the set of other users whose the directory is, or the link that leads to it, or else the bits of the mode by which others
    can write to it. They could have anything run here. A link of theirs may lead to a directory of this user's that is no cache.
    """
    found = os.stat(root)
    return os.name != "nt" and (
        {found.st_uid, os.lstat(root).st_uid} - {0, os.geteuid()} or found.st_mode & 0o22
    )
