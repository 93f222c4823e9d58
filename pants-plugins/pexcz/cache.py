"""Read and prune the cache that apps are installed into.

The cache itself shows which files are used. An environment is a tree of links to wheels and sources. On Windows, these are hard
links, and the environment's file `packs` lists the wheels and sources. A start touches the environment's file `record` at most
once a day, and every process that runs in the environment holds it open. The runtime has a shared lock on the cache while it
installs something, except on Windows; a prune has an exclusive one.
"""

from __future__ import annotations

import marshal
import os
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, FrozenSet, Iterable, Iterator, List, Set, Tuple

from pexcz.errors import CacheError

PACKS = ("wheels", "sources")
# A start writes missing files of these directories again.
MADE_ANEW = ("runtimes", "code", "pexes")
DISCARDED = ".discarded"
LEFT_BEHIND = (".tmp", ".lock", DISCARDED)
SETTLED_SECONDS = 60
# A process that takes longer to write a small file is assumed to be dead.
WRITTEN_SECONDS = 3600


@dataclass(frozen=True)
class Environment:
    """An app installed for an interpreter. `packs` are the wheels and sources it links to."""

    path: Path
    app: str  # The path, or only the name, of the CZEX that installed it. "" if no app runs in it.
    last_used: float
    size_bytes: int
    packs: FrozenSet[Path]


@dataclass(frozen=True)
class Cache:
    """The content of a cache: each path with its size in bytes."""

    root: Path
    environments: List[Environment]
    packs: Dict[Path, int]
    apps: Dict[Path, int]  # The files of an app beside its environments.
    others: Dict[Path, int]
    leftovers: Dict[Path, int]

    @property
    def size_bytes(self) -> int:
        parts = (self.packs, self.apps, self.others, self.leftovers)
        sizes = [one.size_bytes for one in self.environments]
        return sum(sizes) + sum(sum(part.values()) for part in parts)

    def size_with(self, kept: Iterable[Environment]) -> int:
        """Return the size of the cache if it had only these environments."""
        kept = list(kept)
        return (
            sum(one.size_bytes for one in kept)
            + sum(self.packs.get(path, 0) for path in packs_of(kept))
            + sum(self.apps[path] for path in {one.path.parent for one in kept})
            + sum(self.others.values())
        )


@dataclass(frozen=True)
class Pruned:
    """The removed files, and the files that were kept because a process uses them."""

    environments: int
    packs: int
    size_bytes: int
    in_use: List[Path]
    young: int  # Environments, wheels and sources that were kept because a start may be about to use them.


def read_cache(root: Path) -> Cache:
    """Read the cache at `root`. A missing cache is empty."""
    below = {name: listed(root / name) for name in ("venvs", *PACKS, *MADE_ANEW)}
    everything = [path for paths in below.values() for path in paths]
    for parent in (*below["venvs"], *below["runtimes"]):
        everything += listed(parent)
    leftovers = [path for path in everything if path.name.endswith(LEFT_BEHIND)]
    return Cache(
        root,
        [_environment(root, path) for app in below["venvs"] for path in _environments(app)],
        _sizes(path for name in PACKS for path in below[name] if path not in leftovers),
        {
            app: sum(size_of(path) for path in listed(app) if path not in _environments(app))
            for app in below["venvs"]
        },
        _sizes(path for name in MADE_ANEW for path in below[name] if path not in leftovers),
        _sizes(leftovers),
    )


def prune(root: Path, unused_since: float, size_bytes_max: int | None = None) -> Pruned:
    """Remove unused environments, and the wheels and sources that no other environment links to.

    An environment is unused if no process runs in it and it was last started before `unused_since`. Files that are less
    than a minute old stay: a start may be about to use them.

    :param unused_since: In seconds since the epoch.
    :param size_bytes_max: Also remove the least recently used environments until the cache is no larger.
    """
    settled = time.time() - SETTLED_SECONDS
    asked_since, unused_since = unused_since, min(unused_since, settled)
    with locked(root):
        cache = read_cache(root)
        used = in_use(cache.environments)
        kept: List[Environment] = []
        unused: List[Environment] = []
        for one in cache.environments:
            is_kept = one.path in used or one.last_used >= unused_since
            (kept if is_kept else unused).append(one)
        kept.sort(key=lambda one: (one.path in used, one.last_used))
        while size_bytes_max is not None and cache.size_with(kept) > size_bytes_max:
            if not kept or kept[0].path in used or kept[0].last_used >= settled:
                break
            unused.append(kept.pop(0))
        closed = _closed(unused)
        aside = _put_aside(record.parent for record in closed)
        for record, name in closed.items():
            # Windows renames no directory in which a file is open, such as a library that a child process of the app has loaded.
            if record.parent not in aside.values():
                with suppress(OSError):
                    record.rename(name)
        removed = [one for one in unused if one.path in aside.values()]
        needed = packs_of(one for one in cache.environments if one not in removed)
        is_limited = size_bytes_max is not None
        packs = [
            path
            for path in cache.packs.keys() - needed
            if is_limited or _changed(path) < unused_since
        ]
        rest = [path for path in cache.others if _changed(path) < unused_since]
        rest += filter(_is_dead, cache.leftovers)
        rest += {one.path.parent for one in removed if not _environments(one.path.parent)}
        aside.update(_put_aside([*packs, *rest]))
    size_bytes = sum(size_of(now, path not in packs) for now, path in aside.items())
    for path in aside:
        _remove(path)
    young = [one.path for one in kept if settled <= one.last_used < asked_since]
    young += [path for path in cache.packs if settled <= _changed(path) < asked_since]
    still_used = [one.path for one in kept if one.path in used and one.last_used < unused_since]
    young = [path for path in young if path not in still_used]
    apps = [one for one in removed if one.app]
    return Pruned(len(apps), len(packs), size_bytes, still_used, len(young))


def _closed(unused: Iterable[Environment]) -> Dict[Path, Path]:
    """Close environments to further starts, by renaming their records. An environment that a start has just entered stays open.

    Return new path → old path of each record.
    """
    closed = _put_aside(_record(one.path) for one in unused)
    for record in _held(closed):
        record.rename(closed.pop(record))
    return closed


def in_use(environments: Iterable[Environment]) -> Set[Path]:
    """Return the environments in which a process runs, as far as this user may see it.

    Raise CacheError if that can't be found out.
    """
    return {path.parent for path in _held(_record(one.path) for one in environments)}


def _held(files: Iterable[Path]) -> List[Path]:
    """Return the files that a process holds open, by any path: a cache may be mounted in two places."""
    if os.name == "nt":
        return [path for path in files if _is_open(path)]
    found = _open_by_proc if Path("/proc/self/fd").is_dir() else _open_by_lsof
    held = {_identity(path) for path in found()} - {None}
    return [path for path in files if _identity(path) in held]


def _is_open(path: Path) -> bool:
    """Return whether a process has a file open: Windows then refuses to rename it, also to its own name."""
    try:
        path.rename(path)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _identity(path: str | Path) -> Tuple[int, int] | None:
    with suppress(OSError):
        status = os.stat(path)
        return status.st_dev, status.st_ino
    return None


def _open_by_proc() -> Iterator[str]:
    """Yield the descriptors of files named `record`, also as `_put_aside` renames them."""
    for process in Path("/proc").glob("[0-9]*/fd"):
        with suppress(OSError):
            for descriptor in process.iterdir():
                with suppress(OSError):
                    if os.path.basename(os.readlink(descriptor)).startswith("record"):
                        yield str(descriptor)


def _open_by_lsof() -> Iterator[str]:
    try:
        lsof = subprocess.run(["lsof", "-w", "-F", "n"], stdout=subprocess.PIPE, text=True)
    except FileNotFoundError as e:
        raise CacheError("can't tell which apps are running: lsof isn't on PATH; install it") from e
    names = (line[1:] for line in lsof.stdout.splitlines() if line.startswith("n"))
    return (name for name in names if os.path.basename(name).startswith("record"))


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the lock on the cache, so that no runtime installs anything meanwhile."""
    if os.name == "nt" or not root.is_dir():
        yield
        return
    import fcntl

    descriptor = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"pexcz: waiting for an app that installs itself into {root}", file=sys.stderr)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _environments(app: Path) -> List[Path]:
    return [
        path
        for path in listed(app)
        if _record(path).is_file() and not path.name.endswith(LEFT_BEHIND)
    ]


def _record(path: Path) -> Path:
    """Return the file that a start reads from a directory of an app: the record of an environment, or a redirect."""
    return path / ("record" if (path / "record").is_file() else "redirect")


def _environment(root: Path, path: Path) -> Environment:
    packs = frozenset(_listed_packs(root, path) if os.name == "nt" else _linked_packs(root, path))
    return Environment(path, _app(path), _changed(_record(path)), size_of(path, True), packs)


def _linked_packs(root: Path, environment: Path) -> Iterator[Path]:
    """Yield the wheels and sources that the links of an environment lead to."""
    for directory, names, files in os.walk(environment):
        for name in names + files:
            link = os.path.join(directory, name)
            if os.path.islink(link):
                target = os.path.normpath(os.path.join(directory, os.readlink(link)))
                with suppress(ValueError):
                    parts = Path(target).relative_to(root).parts
                    if parts[0] in PACKS:
                        yield root / parts[0] / parts[1]


def _listed_packs(root: Path, environment: Path) -> List[Path]:
    """Return the wheels and sources that a start has listed in an environment's file `packs`."""
    try:
        packs = marshal.loads((environment / "packs").read_bytes())[0]
        return [root.joinpath(*Path(pack[0]).parts[-2:]) for pack in packs]
    except (OSError, EOFError, LookupError, TypeError, ValueError):
        return []


def _app(environment: Path) -> str:
    with suppress(OSError):
        for line in (environment / "pyvenv.cfg").read_text("utf-8", "replace").splitlines():
            key, _, value = line.partition(" = ")
            if key == "czex":
                return value
        return "(unknown)"
    # No pyvenv.cfg: it leads to the environment of another interpreter, which an earlier start has chosen.
    return ""


def packs_of(environments: Iterable[Environment]) -> Set[Path]:
    return {pack for environment in environments for pack in environment.packs}


def _is_dead(path: Path) -> bool:
    """Return whether a partial file was abandoned. A partial directory was: its runtime would hold the lock."""
    return path.is_dir() or _changed(path) < time.time() - WRITTEN_SECONDS


def _put_aside(paths: Iterable[Path]) -> Dict[Path, Path]:
    """Rename paths, so that a start sees each of them whole or not at all. Return new path → old path."""
    aside = {}
    for path in paths:
        if path.name.endswith(DISCARDED):
            # A killed prune has renamed it already. With each further suffix the name could become too long.
            aside[path] = path
            continue
        name = path.with_name(f"{path.name}.{secrets.token_hex(8)}{DISCARDED}")
        # Another process may have been faster. On Windows, the file may be in use.
        with suppress(OSError):
            path.rename(name)
            aside[name] = path
    return aside


def remove_whole(paths: Iterable[Path]) -> None:
    """Remove paths that a start may look for at the same moment. A path that can't be removed stays."""
    for path in _put_aside(paths):
        _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def listed(directory: Path) -> List[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []


def _sizes(paths: Iterable[Path]) -> Dict[Path, int]:
    return {path: size_of(path) for path in paths}


def size_of(path: Path, is_own: bool = False) -> int:
    """Return the size in bytes of a file, or of all files and links in a directory.

    :param is_own: Leave out the files that have a second name. On Windows, an environment shares these with wheels.
    """
    if path.is_symlink() or not path.is_dir():
        return int(_of(path, lambda one: 0 if is_own and one.st_nlink > 1 else one.st_size))
    return sum(size_of(one, is_own) for one in listed(path))


def _changed(path: Path) -> float:
    return _of(path, lambda status: status.st_mtime)


def _of(path: Path, fact: Callable[[os.stat_result], float]) -> float:
    """Return a fact of `lstat`, or 0 if the file has just been removed."""
    try:
        return fact(path.lstat())
    except OSError:
        return 0
