"""The commands of pexcz. Each gets the parsed options, prints its results, and may return an exit code.

Each command imports its own modules, because a build starts one command for each of its steps.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Sequence

from pexcz.errors import PexczError, message, printable
from pexcz.output import whole_file
from pexcz.pack import Entry, default_threads
from pexcz.pexfile import read_pex


def say(message: str) -> None:
    """Print a message in one line."""
    # Without stderr, `print` would write to stdout.
    if sys.stderr:
        print(f"pexcz: {printable(message)}", file=sys.stderr)


def inject_command(options: argparse.Namespace) -> int:
    from pexcz import assets
    from pexcz.inject import output_paths

    native = options.native or assets.carried()
    code = 0
    for pex, output in output_paths(options.pexes, options.output, options.directory):
        try:
            _inject_one(options, pex, output, native)
        except (PexczError, OSError, MemoryError) as e:
            # Continue with the other PEXes.
            say(message(e))
            code = 1
    return code


def _inject_one(options: argparse.Namespace, pex: Path, output: Path, native: Path) -> None:
    from pexcz.inject import inject

    arguments = (
        pex,
        output,
        native,
        options.platform,
        options.level,
        options.sh_boot,
        options.precompile,
        options.layout,
    )
    if not sys.stderr.isatty():
        inject(*arguments, warn=say)
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status("Reading the PEX") as status:
        inject(*arguments, lambda name: status.update(Text(f"Packing {name}")), say)


def inspect_command(options: argparse.Namespace) -> None:
    from pexcz.czexfile import read_czex
    from pexcz.report import console, show

    czex = read_czex(options.czex)
    if options.json:
        _print_json(czex.manifest)
    else:
        show(czex, console())


def extract_command(options: argparse.Namespace) -> None:
    from pexcz.czexfile import read_czex
    from pexcz.extract import extract

    for name in extract(read_czex(options.czex), options.directory):
        print(options.directory / name)


def verify_command(options: argparse.Namespace) -> int:
    root = _cache_root(options) if options.installed else None
    if options.json:
        from pexcz.facts import verify_facts

        facts = verify_facts(options.czex, root)
        _print_json(facts)
        return 1 if facts["problem"] else 0

    from pexcz.czexfile import read_czex
    from pexcz.report import console, show_repair
    from pexcz.verify import check, repair

    output = console()
    czex = read_czex(options.czex)
    check(czex)
    output.print(f"{czex.path} is as it was built.", soft_wrap=True)
    if root:
        show_repair(root, repair(czex, root), output)
    return 0


def doctor_command(options: argparse.Namespace) -> int:
    from pexcz.doctor import diagnose

    found = diagnose(options.czex, options.python, os.environ)
    if options.json:
        _print_json(found.data())
    else:
        from pexcz.report import console, show_diagnosis

        show_diagnosis(found, console())
    return 1 if found.problems else 0


def cache_info_command(options: argparse.Namespace) -> None:
    from pexcz.cache import read_cache
    from pexcz.report import console, show_cache

    cache = read_cache(_cache_root(options))
    if options.json:
        from pexcz.facts import cache_facts

        _print_json(cache_facts(cache))
    else:
        show_cache(cache, console())


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, indent=2, sort_keys=True)
    print()


def cache_prune_command(options: argparse.Namespace) -> None:
    _prune(options, time.time() - options.days * 86400, options.to_size)


def cache_clear_command(options: argparse.Namespace) -> None:
    _prune(options, float("inf"), None)


def _prune(options: argparse.Namespace, unused_since: float, size_bytes_max: int | None) -> None:
    from pexcz.cache import prune
    from pexcz.report import console, show_pruned

    show_pruned(prune(_cache_root(options), unused_since, size_bytes_max), console())


def _cache_root(options: argparse.Namespace) -> Path:
    from pexcz import assets

    root: Path | None = options.root
    return root.absolute() if root else assets.cache_root(assets.carried())


def pack_command(options: argparse.Namespace) -> None:
    from pexcz.trees import DirectoryTree, ZipTree
    from pexcz.wheels import read_wheel

    path: Path = options.wheel
    tree = DirectoryTree(path) if path.is_dir() else ZipTree(path, str(path))
    wheel = read_wheel(tree, path.name)
    _write_pack(options, wheel.meta, wheel.entries)


def pack_sources_command(options: argparse.Namespace) -> None:
    pex = read_pex(options.pex)
    _write_pack(options, pex.sources_meta(), pex.source_entries())


def _write_pack(
    options: argparse.Namespace, meta: dict[str, object], entries: Sequence[Entry]
) -> None:
    from pexcz.packwriter import write_pack

    with whole_file(options.output, 0o644) as stream:
        scratch = Path(stream.name).parent
        write_pack(stream, meta, entries, options.level, default_threads(), scratch)


def compile_command(options: argparse.Namespace) -> None:
    from pexcz.bytecode import compile_pack

    with whole_file(options.output, 0o644) as stream:
        scratch = Path(stream.name).parent
        compile_pack(options.pack, options.python, stream, options.level, scratch=scratch)


def compile_boot_command(options: argparse.Namespace) -> None:
    from pexcz.bytecode import compile_boot

    code = compile_boot(options.boot, options.python)
    with whole_file(options.output, 0o644) as stream:
        stream.write(code.dump())


def assemble_command(options: argparse.Namespace) -> None:
    from pexcz.assemble import Parts, Runtime, assemble
    from pexcz.bootfiles import BootCode
    from pexcz.platforms import normalised

    pex = read_pex(options.pex)
    runtimes = []
    for argument in options.runtime:
        platform, equals, file = argument.partition("=")
        if not equals:
            raise PexczError(f"invalid --runtime {argument!r}; use PLATFORM=FILE")
        runtimes.append(Runtime(normalised(platform), Path(file).name, Path(file).read_bytes()))
    parts = Parts(
        pex.info,
        pex.info_bytes,
        pex.beginning,
        pex.preamble,
        options.packs,
        runtimes,
        options.boot,
        options.sh_boot,
        [BootCode.load(file.read_bytes()) for file in options.boot_code],
    )
    for line in assemble(parts, options.output, options.layout, options.with_packs):
        say(line)
