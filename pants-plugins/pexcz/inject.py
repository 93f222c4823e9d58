"""Turns a PEX into a CZEX in one go: packs its wheels and its sources, and assembles the result."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Iterator, List, Sequence

from pexcz.assemble import Parts, Runtime, assemble
from pexcz.assets import Platforms
from pexcz.bytecode import compile_boot, compile_pack
from pexcz.errors import OutputError, PexczError
from pexcz.output import room_beside
from pexcz.pack import DEFAULT_LEVEL, default_threads
from pexcz.packwriter import Content, finished_packs
from pexcz.pexfile import ZIPAPP, Pex, read_pex


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
) -> None:
    """Write the CZEX of the PEX at `pex_path` to `output`, in one of LAYOUTS.

    :param native: A directory with `boot/`, `runtime/<platform>/` and `platforms.json`.
    :param platforms: The platforms to carry a runtime for; none for those of the PEX's wheels, or all that there are
        if its wheels are pure Python.
    :param precompile: Interpreters to carry bytecode for, as commands or paths.
    :param progress: Told the name of each pack before it is made.
    """
    if output.exists() and output.samefile(pex_path):
        raise OutputError(
            f"{output} is the PEX itself; give another file with -o, such as {output.stem}.czex."
        )
    if output.is_dir() and layout == ZIPAPP:
        raise OutputError(f"{output} is a directory; give a file with -o, or --layout packed.")
    pex = read_pex(pex_path)
    known = Platforms(native / "platforms.json")
    with room_beside(output) as scratch:
        packs = _packs(pex, scratch, level, progress)
        contents = list(packs.paths)
        boot_code = []
        for number, python in enumerate(precompile):
            progress(f"bytecode for {python}")
            boot_code.append(compile_boot(native / "boot", python))
            for path in contents:
                packs.paths.append(path.with_suffix(f".{number}.pack"))
                with open(packs.paths[-1], "wb") as stream:
                    compile_pack(path, python, stream, level, scratch=scratch)
        runtimes = [
            read_runtime(native, known, name)
            for name in platforms or known.of_tags(packs.tags) or known.names
        ]
        parts = Parts(
            pex.info,
            pex.info_bytes,
            pex.beginning,
            pex.preamble,
            packs.paths,
            runtimes,
            native / "boot",
            sh_boot,
            boot_code,
        )
        assemble(parts, output, layout)


class _Packs:
    def __init__(self) -> None:
        self.paths: List[Path] = []
        self.tags: List[str] = []


def _packs(pex: Pex, scratch: Path, level: int, progress: Callable[[str], None]) -> _Packs:
    packs = _Packs()

    def contents() -> Iterator[Content]:
        progress("sources")
        yield pex.sources_meta(), pex.source_entries()
        for wheel in pex.wheels():
            progress(f"{wheel.meta['project']} {wheel.meta['version']}")
            packs.tags.extend(wheel.meta["tags"])
            yield wheel.meta, wheel.entries

    for pack in finished_packs(contents(), level, default_threads(), scratch):
        packs.paths.append(scratch / f"{len(packs.paths)}.pack")
        with open(packs.paths[-1], "wb") as stream:
            pack.write(stream, level)
    return packs


def read_runtime(native: Path, known: Platforms, platform: str) -> Runtime:
    """The runtime of a platform from a directory that has it."""
    name = known.executable(platform)
    path = native / "runtime" / platform / name
    try:
        return Runtime(platform, name, path.read_bytes())
    except OSError as e:
        raise PexczError(f"The runtime for {platform} can't be read: {path}: {e.strerror}.") from e
