"""Turn a PEX into a CZEX: pack its wheels and its sources, and assemble the result."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Sequence, Tuple

from pexcz.assemble import Parts, Runtime, assemble
from pexcz.assets import checked, known_platforms
from pexcz.errors import OutputError, PexczError
from pexcz.output import room_beside
from pexcz.pack import DEFAULT_LEVEL, PackInfo, default_threads
from pexcz.packwriter import Content, finished_packs
from pexcz.pexfile import ZIPAPP, Pex, read_pex
from pexcz.platforms import Platforms
from pexcz.requirements import allows_minor, constraint_data


def inject(
    pex_path: Path,
    output: Path,
    native: Path,
    platforms: Sequence[str],
    level: int = DEFAULT_LEVEL,
    sh_boot: bool = True,
    precompile: Sequence[str] = (),
    layout: str = ZIPAPP,
    progress: Callable[[str], None] = lambda name: None,
    warn: Callable[[str], None] = lambda message: None,
) -> None:
    """Write a CZEX of the PEX at `pex_path` to `output`.

    :param native: A directory with `boot/`, `runtime/<platform>/` and `platforms.json`.
    :param platforms: The platforms to add runtimes for. If empty: the platforms of the PEX's wheels, or all platforms
        if its wheels are pure Python.
    :param precompile: Interpreters to add bytecode for, as commands or paths.
    :param layout: One of LAYOUTS.
    :param progress: Called with the name of each pack before it is made.
    :param warn: Called with one line for each likely mistake, and for each file of a wheel that the app won't find.
    """
    pex = read_pex(pex_path)
    if output.exists() and output.samefile(pex_path):
        raise OutputError(
            f"can't write {output}: it is the PEX itself; name another file by -o, such as {output.stem}.czex"
        )
    if output.is_dir() and layout == ZIPAPP:
        raise OutputError(
            f"can't write {output}: it is a directory; name a file by -o, or add --layout packed"
        )
    known = known_platforms(native)
    chosen = checked(platforms, known) or known.of_wheels(pex.wheel_names) or known.ids
    for python in precompile:
        _check_constraints(pex, python)
    with room_beside(output) as scratch:
        made = _packs(pex, scratch, level, progress)
        packs = list(made)
        boot_code = []
        for number, python in enumerate(precompile):
            from pexcz.bytecode import compile_boot, compile_pack

            progress(f"bytecode for {python}")
            boot_code.append(compile_boot(native / "boot", python))
            for path in made:
                packs.append(path.with_suffix(f".{number}.pack"))
                with open(packs[-1], "wb") as stream:
                    compile_pack(path, python, stream, level, scratch=scratch)
        runtimes = [read_runtime(native, name) for name in chosen]
        parts = Parts(
            pex.info,
            pex.info_bytes,
            pex.beginning,
            pex.preamble,
            packs,
            runtimes,
            native / "boot",
            sh_boot,
            boot_code,
            made,
        )
        left_out = assemble(parts, output, layout)
    for line in (*_surprises(pex, output, known, chosen), *left_out):
        warn(line)


def output_paths(
    pexes: Sequence[Path], output: Path | None, directory: Path | None
) -> List[Tuple[Path, Path]]:
    """Return each PEX with the path of its CZEX: `output`, or the PEX's name with `.czex`, in `directory` or beside the PEX.

    Raise OutputError if two PEXes have the same path.
    """
    places: Dict[Path, Path] = {}
    for pex in pexes:
        # The last part of `.` and of `..` is no name.
        named = pex if pex.name not in ("", "..") else Path(os.path.abspath(pex))
        name = named.parent / f"{named.stem}.czex"
        place = output or (directory / name.name if directory else name)
        if place in places:
            raise OutputError(
                f"can't write {places[place]} and {pex} to {place}: a CZEX has one PEX; name each CZEX by -o"
            )
        places[place] = pex
    return [(pex, place) for place, pex in places.items()]


def _check_constraints(pex: Pex, python: str) -> None:
    """Raise PexczError if the app can't run on the version of `python`: no start would read the bytecode."""
    from pexcz.bytecode import identify

    constraints = [constraint_data(text) for text in pex.info.get("interpreter_constraints") or ()]
    itself = identify(python)
    version = "{}.{}".format(*itself["version"])
    name = {"cpython": "CPython", "pypy": "PyPy"}.get(itself["name"], itself["name"])
    if constraints and not any(allows_minor(one, name, version) for one in constraints):
        texts = " or ".join(constraint["text"] for constraint in constraints)
        raise PexczError(
            f"can't compile {pex.path} with {python}: that is {name} {version}, but the app runs on {texts} only; "
            "name an interpreter that the app runs on"
        )


def _surprises(pex: Pex, output: Path, known: Platforms, chosen: Sequence[str]) -> Iterator[str]:
    """Yield a line for each likely mistake; `chosen` are the platforms of the runtimes."""
    if not (pex.info.get("entry_point") or pex.info.get("script")):
        yield f"{pex.path} has no entry point, so {output} starts an interpreter"
    lacking: Dict[Tuple[str, ...], List[str]] = {}
    for platform in chosen:
        lacking.setdefault(known.unfit(platform, pex.wheel_names), []).append(platform)
    for wheels, platforms in lacking.items():
        if wheels:
            yield (
                f"{output} can't start on {', '.join(platforms)}: {pex.path} has {', '.join(sorted(wheels))}, but no "
                "wheel of these projects for that platform; build the PEX for it, too, or leave it out of --platform"
            )


def _packs(
    pex: Pex, scratch: Path, level: int, progress: Callable[[str], None]
) -> Dict[Path, PackInfo]:
    def contents() -> Iterator[Content]:
        progress("sources")
        yield pex.sources_meta(), pex.source_entries()
        for wheel in pex.wheels():
            progress(f"{wheel.meta['project']} {wheel.meta['version']}")
            yield wheel.meta, wheel.entries

    made: Dict[Path, PackInfo] = {}
    for pack in finished_packs(contents(), level, default_threads(), scratch):
        path = scratch / f"{len(made)}.pack"
        made[path] = pack.write_file(path, level)
    return made


def read_runtime(native: Path, platform: str) -> Runtime:
    """Read the runtime of a platform from the directory `native`."""
    name = "pexcz.exe" if platform.startswith("windows-") else "pexcz"
    path = native / "runtime" / platform / name
    try:
        return Runtime(platform, name, path.read_bytes())
    except OSError as e:
        raise PexczError(f"can't read the runtime for {platform}: {path}: {e.strerror}") from e
