"""Compile the modules of a pack, and the boot, with the interpreter that the bytecode is for.

With this bytecode, a cold start compiles neither the boot nor the app's modules.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, Any, Dict, Iterator, List, Sequence, Tuple

from pexcz import pack
from pexcz.bootfiles import BootCode, boot_files, boot_sources
from pexcz.errors import PexczError
from pexcz.needed import needed
from pexcz.packwriter import write_pack

SCRIPT = Path(__file__).with_name("compile_sources.py")
# Without the machine's and the user's packages, and without warnings about other people's code.
FLAGS = ("-s", "-S", "-B", "-Wignore")
# Without the columns of tracebacks: Python shows them only beside source lines, and finds none of the boot.
BOOT_FLAGS = (*FLAGS, "-Xno_debug_ranges")
# Some interpreters can't start without these variables.
ENVIRONMENT = ("LD_LIBRARY_PATH", "SYSTEMROOT")
LIBRARY = "lib/"
# Apps rarely import the tests of a package. In pandas, tests would be three quarters of the bytecode.
TESTS = {"test", "tests"}
# If modules are at most this share of a wheel's content, all of them get bytecode: the wheel is mostly data or native code, so
# its file grows little.
SMALL_SHARE = 0.25
# The size of sources that one process compiles. It is fixed, because the bytes must not depend on the number of CPUs.
CHUNK_BYTES = 1 << 20

# The modules that an ordinary cold start loads.
BOOT_MODULES = (
    "__init__",
    "activate",
    "archive",
    "cold",
    "environment",
    "fail",
    "imports",
    "install",
    "interpreter",
    "keep",
    "machine",
    "markers",
    "packed",
    "plan",
    "resolve",
    "seldom",
    "settings",
    "start",
    "tags",
    "variables",
    "venv_start",
    "versions",
    "warm",
)
# Their frames are on the stack of the app, and so in its tracebacks.
BOOT_MODULES_TRACED = ("activate", "venv_start", "warm")
# Modules whose texts are written into each environment.
BOOT_TEXTS = ("damage", "venv_main")


def compile_pack(
    path: Path,
    python: str,
    output: IO[bytes],
    level: int,
    threads: int = 0,
    scratch: Path | None = None,
) -> None:
    """Write a pack with the bytecode of a wheel's or an app's modules, compiled by `python`.

    :param path: The pack with the modules.
    :param threads: The number of interpreters that run at once; 0 for the number of CPUs.
    :param scratch: The directory that they work in; None for the system's temporary directory.
    """
    info = pack.read_pack_info(path)
    threads = threads or pack.default_threads()
    with tempfile.TemporaryDirectory(prefix="pexcz-", dir=scratch) as directory:
        sources, compiled = Path(directory, "sources"), Path(directory, "compiled")
        request = {"directory": directory, "sources": str(sources), "output": str(compiled)}
        chunks = _chunks(_write_sources(path, info, sources))
        fits_all = info.meta["kind"] == "sources" or _fits_all(info.meta["tags"])
        if fits_all and len(chunks) == 1:
            # The same process compiles and identifies the interpreter.
            itself = _run(python, {**request, "paths": chunks[0]})
        else:
            itself = identify(python)
            if fits_all or _fits(itself, info.meta["tags"]):
                _run_all(python, [{**request, "paths": chunk} for chunk in chunks], threads)
        meta = {"kind": "bytecode", "of": info.fingerprint, "python": itself["tag"]}
        taken = {name for name, _, _ in info.files}
        entries = [entry for entry in _entries(compiled) if entry.path not in taken]
        write_pack(output, meta, entries, level, threads, scratch)


def _fits_all(wheel: Sequence[str]) -> bool:
    """Return whether every Python 3 could import a wheel with these tags, on some platform."""
    return any(tag.startswith("py3-none-") for tag in wheel)


def _fits(itself: Dict[str, Any], wheel: Sequence[str]) -> bool:
    """Return whether an interpreter could import a wheel with these tags, on any platform."""
    from packaging import tags

    version = tuple(itself["version"])
    if itself["name"] != "cpython":
        return True
    abi = "cp{}{}".format(*version) + itself["abiflags"]
    supported = [
        *tags.cpython_tags(version, [abi], ["any"]),
        *tags.compatible_tags(version, abi, ["any"]),
    ]
    pairs = {(tag.interpreter, tag.abi) for tag in supported}
    return any(tuple(tag.split("-")[:2]) in pairs for tag in wheel)


def _write_sources(path: Path, info: pack.PackInfo, directory: Path) -> List[Tuple[str, int]]:
    """Write the modules of a pack below a directory. Return the paths and sizes of the ones to compile, sorted."""
    sizes = {
        name[len(LIBRARY) :]: size
        for name, size, _ in info.files
        if name.startswith(LIBRARY) and name.endswith(".py") and TESTS.isdisjoint(name.split("/"))
    }
    has_all = (
        info.meta["kind"] == "sources" or sum(sizes.values()) <= SMALL_SHARE * info.content_size
    )
    texts = {}
    for name, content in pack.contents(path, info):
        module = name[len(LIBRARY) :]
        if name.startswith(LIBRARY) and module in sizes:
            target = directory / module
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            if not has_all:
                texts[module] = content.decode("utf-8", "replace")
    groups = (info.meta.get("entry_points") or {}).values()
    entry_points = [value for group in groups for value in group.values()]
    chosen = sizes if has_all else needed(texts, entry_points)
    return sorted((module, sizes[module]) for module in chosen)


def _chunks(sources: Sequence[Tuple[str, int]]) -> List[List[str]]:
    """Return the paths in groups, one for each process."""
    chunks: List[List[str]] = []
    size_bytes = 0
    for path, size in sources:
        if not chunks or size_bytes + size > CHUNK_BYTES:
            chunks.append([])
            size_bytes = 0
        chunks[-1].append(path)
        size_bytes += size
    return chunks


def _entries(directory: Path) -> Iterator[pack.Entry]:
    for parent, _, names in os.walk(directory):
        for name in names:
            file = Path(parent, name)
            path = LIBRARY + file.relative_to(directory).as_posix()
            yield pack.Entry(path, file.stat().st_size, 0, partial(_chunks_of, file))


def _chunks_of(file: Path) -> Iterator[bytes]:
    yield file.read_bytes()


def compile_boot(directory: Path, python: str) -> BootCode:
    """Compile the modules of the boot that an ordinary cold start loads."""
    sources = boot_sources(boot_files(directory))
    with tempfile.TemporaryDirectory(prefix="pexcz-") as scratch:
        output = Path(scratch, "code")
        request = {
            "directory": scratch,
            "modules": {_boot_file(name): (name, sources[name]) for name in BOOT_MODULES},
            "texts": {name: sources[name] for name in BOOT_TEXTS},
            "traced": BOOT_MODULES_TRACED,
            "output": str(output),
        }
        itself = _run(python, request, BOOT_FLAGS)
        return BootCode(itself["tag"], output.read_bytes())


def _boot_file(name: str) -> str:
    """Return the file name of a module of the boot, as a traceback shows it."""
    directory = "<czex>/" if name in BOOT_MODULES_TRACED else "<czex>/boot/"
    return f"{directory}{name}.py"


@lru_cache(maxsize=None)
def identify(python: str) -> Dict[str, Any]:
    """Return the facts that an interpreter reports of itself. Each interpreter is asked once."""
    with tempfile.TemporaryDirectory(prefix="pexcz-") as scratch:
        return _run(python, {"directory": scratch})


def _run_all(python: str, requests: Sequence[Dict[str, Any]], threads: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(partial(_run, python), requests))


def _run(python: str, request: Dict[str, Any], flags: Sequence[str] = FLAGS) -> Dict[str, Any]:
    """Let an interpreter carry out a request of `compile_sources.py`. Return the facts that it reports of itself."""
    import subprocess

    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    # Until Python 3.11, the order of a set's items in the bytecode depends on the seed.
    environment["PYTHONHASHSEED"] = "0"
    try:
        process = subprocess.run(
            [python, *flags, "-c", SCRIPT.read_text(encoding="utf-8")],
            input=json.dumps(request).encode("ascii"),
            capture_output=True,
            cwd=request["directory"],
            env=environment,
        )
    except FileNotFoundError as e:
        like = f"python{python}" if re.fullmatch(r"\d\.\d+", python) else "python3.11"
        raise PexczError(
            f"can't compile with {python}: there is no such command; name an interpreter, such as {like}"
        ) from e
    except OSError as e:
        raise PexczError(f"can't compile with {python}: {e.strerror}; name an interpreter") from e
    try:
        itself: Dict[str, Any] = json.loads(process.stdout)
        return itself
    except ValueError:
        lines = process.stderr.decode("utf-8", "replace").strip().splitlines()
        problem = lines[-1] if lines else f"exit code {process.returncode}"
        raise PexczError(
            f"can't compile with {python}: {problem}; name CPython or PyPy, 3.7 or newer"
        ) from None
