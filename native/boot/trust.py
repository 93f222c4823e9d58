"""Whose cache a start uses.

Each start compiles this text as a part of `quick.py`. The cold path and `venv_start.py` have it as a function.
"""

import os


def distrusted(root):
    """Return why nothing in the cache `root` is to be run; false if all of it comes from this user or from root.

    The reason is the set of other users who own the directory, or the link that leads to it. Else it is the bits of the mode by
    which others can write there. These users could have anything run. A link of theirs may also lead to a directory of this
    user that is no cache. OSError if there is no cache.
    """
    found = os.stat(root)
    return os.name != "nt" and (
        {found.st_uid, os.lstat(root).st_uid} - {0, os.geteuid()} or found.st_mode & 0o22
    )
