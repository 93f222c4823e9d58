"""Where the cache is.

Each start compiles this text as a part of `quick.py`, and the cold path has it as a function.
"""

import os
import sys


def cache_root(get, pex_root):
    """The directory that environments are installed into, whether it exists or not.

    :param get: Gives the value of a variable, or None.
    :param pex_root: The one that the PEX was built with, or "".
    """
    root = get("PEX_ROOT") or pex_root or {
        "darwin": "~/Library/Caches",
        "win32": get("LOCALAPPDATA") or "~/AppData/Local",
    }.get(sys.platform) or get("XDG_CACHE_HOME") or "~/.cache"  # fmt: skip
    return os.path.expanduser(get("PEXCZ_ROOT") or root + "/czex")
