"""The first start of a new version of an app, with its wheels in the cache, against its warm start."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Callable, Dict, List, Set, Tuple

from bench.forms.artifacts import Artifacts
from bench.measure.processes import Usage
from bench.measure.setting import CZEX, CZEX_BYTECODE, Setting
from bench.measure.timings import Timing, take_turns, turns_of

NEW_VERSION = f"{CZEX}, new version"
NEW_VERSION_BYTECODE = f"{CZEX_BYTECODE}, new version"
Kinds = Dict[str, Callable[[int], Usage]]


def measure(setting: Setting) -> List[Timing]:
    turns = []
    for artifacts in setting.large:
        pair = (artifacts.czex, artifacts.upgraded)
        kinds = _kinds(setting, artifacts, (CZEX, NEW_VERSION), pair)
        pair = (artifacts.czex_with_bytecode, artifacts.upgraded_with_bytecode)
        kinds.update(_kinds(setting, artifacts, (CZEX_BYTECODE, NEW_VERSION_BYTECODE), pair))
        turns += turns_of(artifacts.app.name, setting.python.version, "upgrade", kinds)
    return take_turns(turns, setting.cold_rounds * 2, float("inf"))


def _kinds(
    setting: Setting, artifacts: Artifacts, names: Tuple[str, str], czexes: Tuple[Path, Path]
) -> Kinds:
    cache = setting.new_directory(artifacts.app.name, names[0])
    python = str(artifacts.python.executable)
    old, new = ([python, str(czex), "hi"] for czex in czexes)
    for _ in range(2):
        setting.start(old, cache)
    before = _installed(cache)
    setting.start(new, cache)
    added = _installed(cache) - before
    if not added:
        raise RuntimeError(f"{czexes[1]} has installed no more than {czexes[0]}")
    return {
        names[0]: lambda number: setting.start(old, cache),
        names[1]: partial(_first_start, setting, new, cache, added),
    }


def _first_start(
    setting: Setting, argv: List[str], cache: Path, added: Set[Path], number: int
) -> Usage:
    aside = setting.new_directory(cache.name, "aside", number)
    for path in added:
        path.rename(aside / path.name)
    return setting.start(argv, cache)


def _installed(cache: Path) -> Set[Path]:
    """Return the environments, sources and wheels in a cache that has PEX_ROOT in its directory `pex`."""
    root = cache / "pex" / "czex"
    return {path for kind in ("venvs", "sources", "wheels") for path in root.glob(f"{kind}/*")}
