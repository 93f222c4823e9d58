"""Find the directory of the cache.

Each start compiles this text as a part of `quick.py`. The cold path imports it.
"""

import os
import sys


def cache_root(get, pex_root):
    """Return the directory that environments are installed into; it may not exist.

    :param get: Returns the value of a variable, or `None`.
    :param pex_root: The `pex_root` that the PEX was built with, or "".
    """
    root = get("PEX_ROOT") or pex_root or {
        "darwin": "~/Library/Caches",
        "win32": get("LOCALAPPDATA") or "~/AppData/Local",
    }.get(sys.platform) or get("XDG_CACHE_HOME") or "~/.cache"  # fmt: skip
    return os.path.expanduser(get("PEXCZ_ROOT") or root + "/czex")
