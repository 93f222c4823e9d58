"""All ways to start an app use the same cache, and trust the same caches."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List

import pytest

from support.workshop import IMPORT_COW, Workshop
from testing.machine import Machine, Outcome
from testing.missing import missing

ROOT, ME, STRANGER = 0, 54321, 54322
WRITABLE = "others can write to it"
OWNED = f"it belongs to another user, {STRANGER}"
PYTHON = shutil.which("python3", path="/usr/bin:/bin") or ""


@dataclass(frozen=True)
class Cache:
    """The directory of a cache. All files below it belong to this user.

    :param problem: The reason why a start doesn't use the cache, or "" if the start uses it.
    :param link: The owner of a link to the directory, or None without a link.
    """

    owner: int
    mode: int
    problem: str = ""
    link: int | None = None


@dataclass(frozen=True)
class Place:
    """A choice of the cache.

    :param variables: The environment, with "{tmp}" for the working directory.
    :param cache: The cache that a start must use.
    :param built_in: The `--runtime-pex-root` of the PEX.
    """

    variables: Dict[str, str]
    cache: str
    built_in: str = ""


CACHES = [
    Cache(ME, 0o755),
    Cache(ME, 0o700),
    Cache(ME, 0o1755),
    Cache(ME, 0o775, WRITABLE),
    Cache(ME, 0o757, WRITABLE),
    Cache(ME, 0o777, WRITABLE),
    Cache(ME, 0o1777, WRITABLE),
    Cache(ROOT, 0o755),
    Cache(ROOT, 0o777, WRITABLE),
    Cache(ROOT, 0o1777, WRITABLE),
    Cache(STRANGER, 0o755, OWNED),
    Cache(STRANGER, 0o777, OWNED),
    Cache(ME, 0o755, "", link=ME),
    Cache(ME, 0o755, "", link=ROOT),
    Cache(ROOT, 0o755, "", link=ME),
    Cache(ME, 0o755, OWNED, link=STRANGER),
    Cache(ROOT, 0o755, OWNED, link=STRANGER),
    Cache(STRANGER, 0o755, OWNED, link=ME),
    Cache(ME, 0o777, WRITABLE, link=ME),
]
PLACES = [
    Place({}, "home/.cache/czex"),
    Place({"LOCALAPPDATA": "{tmp}/windows"}, "home/.cache/czex"),
    Place({"XDG_CACHE_HOME": "{tmp}/xdg"}, "xdg/czex"),
    Place({"XDG_CACHE_HOME": ""}, "home/.cache/czex"),
    Place({"XDG_CACHE_HOME": "~/xdg"}, "home/xdg/czex"),
    Place({"XDG_CACHE_HOME": "xdg"}, "xdg/czex"),
    Place({"PEX_ROOT": "{tmp}/pex"}, "pex/czex"),
    Place({"PEX_ROOT": ""}, "home/.cache/czex"),
    Place({"PEX_ROOT": "~/pex"}, "home/pex/czex"),
    Place({"PEX_ROOT": "pex"}, "pex/czex"),
    Place({"PEX_ROOT": "{tmp}/pex", "XDG_CACHE_HOME": "{tmp}/xdg"}, "pex/czex"),
    Place({"PEXCZ_ROOT": "{tmp}/own"}, "own"),
    Place({"PEXCZ_ROOT": ""}, "home/.cache/czex"),
    Place({"PEXCZ_ROOT": "~/own"}, "home/own"),
    Place({"PEXCZ_ROOT": "own"}, "own"),
    Place({"PEXCZ_ROOT": "{tmp}/own", "PEX_ROOT": "{tmp}/pex"}, "own"),
    Place({}, "built/czex", "{tmp}/built"),
    Place({}, "home/built/czex", "~/built"),
    Place({"XDG_CACHE_HOME": "{tmp}/xdg"}, "home/built/czex", "~/built"),
    Place({"PEX_ROOT": "{tmp}/pex"}, "pex/czex", "~/built"),
    Place({"PEXCZ_ROOT": "~/own"}, "home/own", "~/built"),
]


class Starts:
    """Starts an app by each way in, as a user that is not root."""

    def __init__(self, root: Path, app: Path, packed: Path, variables: Dict[str, str]) -> None:
        self.root = root
        (root / "home").mkdir()
        self.temporary = root / "tmp"
        self.temporary.mkdir()
        os.chown(root, ME, -1)
        for path in root.iterdir():
            os.chown(path, ME, -1)
        given = {name: value.format(tmp=root) for name, value in variables.items()}
        self._machine = Machine(root / "home", {"TMPDIR": str(self.temporary), **given})
        self.ways: Dict[str, List[object]] = {
            "file": [PYTHON, app, "x"],
            "header": [app, "x"],
            "import": ["env", f"PYTHONPATH={app}", PYTHON, "-c", IMPORT_COW, "x"],
            "directory": [PYTHON, packed, "x"],
            "program in the directory": [packed / "pex", "x"],
        }

    def assert_prints(self, text: str, problem: str, cache: Path, *ways: str) -> None:
        """Assert that the app prints the same text by each way in.

        If the cache has a problem, each start must also warn about it, and remove its temporary cache.

        :param ways: Use these ways instead of all. The first start ends before the others begin together.
        """
        first, *others = ways or self.ways
        outcomes = {first: self._run(first)}
        with ThreadPoolExecutor() as pool:
            outcomes.update(zip(others, pool.map(self._run, others)))
        for way, outcome in outcomes.items():
            assert outcome.stdout == f"{text} x\n", (way, outcome)
            warning = f"czex: can't use the cache {cache}: {problem};" if problem else ""
            assert outcome.stderr.startswith(warning), (way, outcome)
            assert outcome.stderr.count("\n") == bool(problem), (way, outcome)
        assert list(self.temporary.iterdir()) == []

    def _run(self, way: str) -> Outcome:
        return self._machine.run(*self.ways[way], user=ME, cwd=self.root)

    def plant(self, cache: Path) -> None:
        """Install the app, and change it in the cache. Its output then shows that it comes from this cache."""
        self.assert_prints("moo", "", cache, "file")
        (say,) = cache.glob("wheels/*/lib/cow/say.py")
        say.write_text(say.read_text().replace("moo", "planted"))
        self.assert_prints("planted", "", cache)
        # From the second start on, the header starts the environment directly.
        self.assert_prints("planted", "", cache, "header", "program in the directory")


@contextmanager
def anybodys_directory() -> Iterator[Path]:
    """Make a directory that all users can enter."""
    if os.geteuid() != 0 or not PYTHON:
        missing("user that may become another, or a Python that others may use")
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory).resolve()
        root.chmod(0o755)
        yield root


@pytest.fixture
def place() -> Iterator[Path]:
    with anybodys_directory() as directory:
        yield directory


@pytest.fixture(scope="module")
def apps() -> Iterator[Path]:
    """Make a directory for apps that all users can read."""
    with anybodys_directory() as directory:
        yield directory


@pytest.fixture(scope="module")
def installed(apps: Path, workshop: Workshop, cow_pex: Path) -> Iterator[Starts]:
    """Install the app, so that each way in takes it from the cache `home/.cache/czex`."""
    with anybodys_directory() as directory:
        starts = Starts(directory, *both_layouts(apps, workshop, cow_pex), {})
        starts.plant(directory / "home" / ".cache" / "czex")
        yield starts


def both_layouts(apps: Path, workshop: Workshop, pex: Path) -> List[Path]:
    """Make a CZEX of each layout from a PEX, once."""
    made = []
    for layout in ("zipapp", "packed"):
        made.append(apps / f"{pex.stem}-{layout}.czex")
        if not made[-1].exists():
            shutil.move(workshop.czex(pex, layout=layout), made[-1])
    return made


@contextmanager
def changed(directory: Path, cache: Cache, there: Path) -> Iterator[None]:
    """Change the directory of a cache as `cache` says, and restore it at the end.

    :param there: The target of the link, if `cache` is a link.
    """
    if cache.link is None:
        there = directory
    else:
        directory.rename(there)
        directory.symlink_to(there)
        os.chown(directory, cache.link, -1, follow_symlinks=False)
    os.chown(there, cache.owner, -1)
    there.chmod(cache.mode)
    try:
        yield
    finally:
        os.chown(there, ME, -1)
        there.chmod(0o755)
        if directory.is_symlink():
            directory.unlink()
            there.rename(directory)


@contextmanager
def without_environments(directory: Path, aside: Path) -> Iterator[None]:
    """Take the environments out of a cache, and put them back at the end."""
    aside.mkdir()
    venvs = directory / "venvs"
    for path in venvs.iterdir():
        path.rename(aside / path.name)
    try:
        yield
    finally:
        for path in venvs.iterdir():
            shutil.rmtree(path)
        for path in aside.iterdir():
            path.rename(venvs / path.name)
        aside.rmdir()


@pytest.mark.parametrize("cache", CACHES, ids=str)
def test_every_way_in_trusts_the_same_caches(cache: Cache, installed: Starts) -> None:
    directory = installed.root / "home" / ".cache" / "czex"
    said = "moo" if cache.problem else "planted"
    with changed(directory, cache, installed.root / "there"):
        installed.assert_prints(said, cache.problem, directory)
        with without_environments(directory, installed.root / "aside"):
            installed.assert_prints(said, cache.problem, directory)
            assert any(directory.glob("venvs/*")) == (not cache.problem)


@pytest.mark.parametrize("where", PLACES, ids=str)
def test_every_way_in_uses_the_same_cache(
    where: Place, apps: Path, workshop: Workshop, cow_pex: Path, place: Path
) -> None:
    pex, made = cow_pex, apps
    if where.built_in:
        made = place if "{tmp}" in where.built_in else apps
        pex = made / "built-in.pex"
        if not pex.exists():
            shutil.copy(cow_pex, pex)
            change_info(pex, where.built_in.format(tmp=place))
    starts = Starts(place, *both_layouts(made, workshop, pex), where.variables)
    directory = place / where.cache
    starts.plant(directory)
    assert [path.parent for path in place.rglob("venvs")] == [directory]
    directory.chmod(0o777)
    starts.assert_prints("moo", WRITABLE, directory)


def change_info(pex: Path, pex_root: str) -> None:
    """Give a PEX the `pex_root` that the option `--runtime-pex-root` writes."""
    changed = pex.with_suffix(".new")
    with zipfile.ZipFile(pex) as source, zipfile.ZipFile(changed, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "PEX-INFO":
                content = json.dumps({**json.loads(content), "pex_root": pex_root}).encode()
            target.writestr(name, content)
    changed.replace(pex)
