"""The JSON that commands print with `--json`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

from pexcz.cache import Cache
from pexcz.czexfile import read_czex
from pexcz.errors import PexczError, message
from pexcz.verify import check, repair


def verify_facts(path: Path, root: Path | None) -> Dict[str, Any]:
    """Verify the CZEX at `path`, and its installed files in the cache `root`, if one is given.

    `problem` is the message for a damaged file or for a file that is not a CZEX, or None.
    """
    facts: Dict[str, Any] = {"czex": str(path), "problem": None}
    try:
        czex = read_czex(path)
        check(czex)
    except (PexczError, OSError) as e:
        return {**facts, "problem": message(e)}
    if root:
        repaired = repair(czex, root)
        facts["cache"] = str(root)
        facts["removed_environments"] = list(map(str, repaired.environments))
        facts["damages"] = [
            {
                "directory": str(damage.directory),
                "problem": damage.problem,
                "removed": not damage.used_by,
                "used_by": sorted(map(str, damage.used_by)),
            }
            for damage in repaired.damages
        ]
    return facts


def cache_facts(cache: Cache) -> Dict[str, Any]:
    """Describe a cache. Sizes are in bytes, times in seconds since the epoch."""
    return {
        "cache": str(cache.root),
        "size": cache.size_bytes,
        "environments": [
            {
                "app": one.app,
                "last_used": one.last_used,
                "packs": sorted(map(str, one.packs)),
                "path": str(one.path),
                "size": one.size_bytes,
            }
            for one in cache.environments
            if one.app
        ],
        "packs": {str(path): size for path, size in cache.packs.items()},
        "left_behind": {str(path): size for path, size in cache.leftovers.items()},
    }
