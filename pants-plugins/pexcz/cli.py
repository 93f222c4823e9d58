"""The command line of pexcz: its parser. `commands.py` runs the commands."""

from __future__ import annotations

import argparse
import codecs
import io
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, Sequence, Tuple

from pexcz import __version__, commands
from pexcz.errors import PexczError, message
from pexcz.pack import DEFAULT_LEVEL
from pexcz.pexfile import LAYOUTS, ZIPAPP

# The shells that `completion` supports.
SHELLS = ("bash", "zsh", "tcsh")
EXIT_CODES = {
    0: "The command did everything that it was asked for.",
    1: "The command failed, with a message that says why, or `doctor` has found a problem.",
    2: "The command line is wrong.",
    130: "The command was interrupted.",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, and return one of EXIT_CODES."""
    try:
        with _whole_output():
            return _run(argv)
    except (PexczError, OSError, MemoryError) as e:
        commands.say(message(e))
        return 1
    except KeyboardInterrupt:
        return 130


def _run(argv: Sequence[str] | None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    parser = command_parser(argv[0] if argv else None)
    options = parser.parse_args(argv)
    if options.root and not options.has_root:
        parser.error("--root works with cache and verify only")
    if getattr(options, "output", None) and len(getattr(options, "pexes", ())) > 1:
        parser.error("-o works with one PEX only; use --directory for several")
    return options.command(options) or 0


@contextmanager
def _whole_output() -> Iterator[None]:
    """Write stdout to its end. Raise OSError if that fails: at its own end, Python would exit with another code."""
    if not isinstance(sys.stdout, io.TextIOWrapper):
        # The process has no stdout.
        yield
        return
    # The name of a file can have bytes that are no UTF-8, and characters that the encoding lacks.
    is_utf8 = codecs.lookup(sys.stdout.encoding).name == "utf-8" and os.name != "nt"
    sys.stdout.reconfigure(errors="surrogateescape" if is_utf8 else "backslashreplace")
    try:
        yield
    finally:
        try:
            sys.stdout.flush()
        except OSError as e:
            # Python flushes it once more.
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), sys.stdout.fileno())
            raise OSError(e.errno, e.strerror, "stdout") from e


def command_parser(only: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of the command line, with all commands, or with the command `only` if there is one of that name.

    To make the parsers of all commands takes longer than some commands do.
    """
    parser = argparse.ArgumentParser(
        prog="pexcz",
        description="Make, inspect and verify CZEX files: Python apps in one file, with a native boot runtime.",
    )
    parser.add_argument("--version", action="version", version=f"pexcz {__version__}")
    _add_root(parser, default=None)
    parser.set_defaults(has_root=False)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in [only] if only and only in COMMANDS else COMMANDS:
        help_text, add_arguments = COMMANDS[name]
        add_arguments(subparsers.add_parser(name, help=help_text))
    return parser


def _add_inject(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.inject_command)
    command.add_argument(
        "pexes", type=Path, nargs="+", metavar="pex", help="a PEX of any layout; may be repeated"
    )
    places = command.add_mutually_exclusive_group()
    places.add_argument(
        "-o",
        "--output",
        type=Path,
        help="the CZEX to write; default: the PEX's path, with the suffix .czex",
    )
    places.add_argument(
        "-d",
        "--directory",
        type=Path,
        help="write each CZEX into this directory; default: beside its PEX",
    )
    command.add_argument(
        "--platform",
        action="append",
        default=[],
        help="add the runtime for this platform, such as linux-x86_64; may be repeated; default: the platforms of the "
        "PEX's wheels, or all platforms if its wheels are pure Python",
    )
    command.add_argument(
        "--native",
        type=Path,
        help="take the boot and the runtimes from this directory instead of from pexcz itself",
    )
    command.add_argument(
        "--precompile",
        action="append",
        default=[],
        metavar="PYTHON",
        help="add bytecode for this interpreter, a command or a path, so that a first start by its version compiles "
        "hardly anything; may be repeated; default: no bytecode",
    )
    _add_level(command)
    _add_sh_boot(command)
    _add_layout(command)


def _add_inspect(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.inspect_command)
    _add_czex(command)
    command.add_argument("--json", action="store_true", help="print the manifest as JSON")


def _add_extract(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.extract_command)
    _add_czex(command)
    command.add_argument("directory", type=Path, help="a directory that is new or empty")


def _add_verify(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.verify_command)
    _add_czex(command)
    _add_json(command)
    command.add_argument(
        "--installed",
        action="store_true",
        help="also check its installed files, and remove damaged ones: the next start installs them again",
    )
    _add_root(command)


def _add_doctor(command: argparse.ArgumentParser) -> None:
    command.description = (
        "Show the interpreter, variables, cache and environment that a start of a CZEX on this machine would "
        "use, and their problems. This doesn't start the app, and writes nothing. It runs the boot in the file, so examine "
        "only files that you trust."
    )
    command.set_defaults(command=commands.doctor_command)
    _add_czex(command)
    command.add_argument(
        "--python",
        help="examine a start by this interpreter, as in `python app.czex`; default: a start by `./app.czex`",
    )
    _add_json(command)


def _add_completion(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_completion)
    command.add_argument("shell", choices=SHELLS, help="the shell: %(choices)s")


def _add_pack(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.pack_command)
    command.add_argument(
        "wheel", type=Path, help="a wheel as it is in a PEX's .deps: a file or a directory"
    )
    command.add_argument("--output", type=Path, required=True, help="the pack to write")
    _add_level(command)


def _add_pack_sources(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.pack_sources_command)
    command.add_argument("pex", type=Path, help="the PEX, of any layout")
    command.add_argument("--output", type=Path, required=True, help="the pack to write")
    _add_level(command)


def _add_compile(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.compile_command)
    command.add_argument("pack", type=Path, help="the pack of a wheel or of sources")
    command.add_argument("--python", required=True, help="the interpreter, a command or a path")
    command.add_argument("--output", type=Path, required=True, help="the pack of bytecode to write")
    _add_level(command)


def _add_compile_boot(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.compile_boot_command)
    command.add_argument("boot", type=Path, help="the directory with the boot's sources")
    command.add_argument("--python", required=True, help="the interpreter, a command or a path")
    command.add_argument("--output", type=Path, required=True, help="the code to write")


def _add_assemble(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.assemble_command)
    command.add_argument(
        "packs",
        type=Path,
        nargs="+",
        help="the packs: of the sources, then of wheels and of bytecode",
    )
    command.add_argument(
        "--pex", type=Path, required=True, help="the PEX; only its PEX-INFO has to be there"
    )
    command.add_argument(
        "--boot", type=Path, required=True, help="the directory with the boot's sources"
    )
    command.add_argument(
        "--runtime",
        action="append",
        default=[],
        metavar="PLATFORM=FILE",
        help="the runtime for a platform; may be repeated",
    )
    command.add_argument(
        "--boot-code",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="the output of compile-boot for an interpreter; may be repeated",
    )
    command.add_argument("--output", type=Path, required=True, help="the CZEX to write")
    _add_sh_boot(command)
    _add_layout(command)
    command.add_argument(
        "--without-packs",
        dest="with_packs",
        action="store_false",
        help="don't copy the packs into a packed layout; the build does that itself",
    )


def _add_cache_commands(command: argparse.ArgumentParser) -> None:
    _add_root(command)
    actions = command.add_subparsers(title="commands", metavar="COMMAND", required=True)
    action = actions.add_parser(
        "info", help="show the installed apps, their sizes and when each was started last"
    )
    action.set_defaults(command=commands.cache_info_command)
    _add_root(action)
    _add_json(action)
    action = actions.add_parser(
        "prune",
        help="remove apps that were not started for some time, or that make the cache too large",
    )
    action.set_defaults(command=commands.cache_prune_command)
    _add_root(action)
    action.add_argument(
        "--days",
        type=float,
        default=30,
        help="remove apps that were not started for this many days; default: %(default)s",
    )
    action.add_argument(
        "--to-size",
        type=_size,
        metavar="SIZE",
        help="also remove the least recently used apps until at most SIZE is left, e.g. 500M or 2G",
    )
    action = actions.add_parser("clear", help="remove everything except the apps that are running")
    action.set_defaults(command=commands.cache_clear_command)
    _add_root(action)


def _add_root(command: argparse.ArgumentParser, default: object = argparse.SUPPRESS) -> None:
    """Add `--root` to a parser. A subparser has no default, which would replace the value of its parent parser."""
    command.set_defaults(has_root=True)
    command.add_argument(
        "--root",
        type=Path,
        default=default,
        help="the cache directory; default: the one that this user's apps are installed into",
    )


def _add_czex(command: argparse.ArgumentParser) -> None:
    command.add_argument("czex", type=Path, help="the CZEX, a file or a directory")


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON")


def _size(text: str) -> int:
    """Parse a number of bytes. The units K, M, G and T are powers of 1000."""
    number, unit = (text[:-1], text[-1].upper()) if text[-1:].isalpha() else (text, "")
    try:
        return int(float(number) * 1000 ** ["", "K", "M", "G", "T"].index(unit))
    except (OverflowError, ValueError):
        raise argparse.ArgumentTypeError(f"invalid size: {text!r}; use e.g. 500M or 2G")


def _add_level(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--level",
        type=int,
        choices=range(1, 23),
        metavar="1..22",
        default=DEFAULT_LEVEL,
        help=f"the zstd compression level; default: {DEFAULT_LEVEL}",
    )


def _add_sh_boot(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--no-sh-boot",
        dest="sh_boot",
        action="store_false",
        help="begin the CZEX with the PEX's shebang instead of a POSIX shell header",
    )


def _add_layout(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--layout",
        choices=LAYOUTS,
        default=ZIPAPP,
        help="zipapp: write one file; packed: write a directory in which each wheel is a file, so that tools such as "
        f"rsync copy only changed wheels; default: {ZIPAPP}",
    )


def _completion(options: argparse.Namespace) -> None:
    from pexcz.completion import script

    print(script(command_parser(), options.shell))


# The help of each command, and the function that adds its arguments.
COMMANDS: Dict[str, Tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "inject": ("turn PEXes into CZEX files", _add_inject),
    "inspect": ("show the contents of a CZEX", _add_inspect),
    "extract": (
        "write the wheels and the sources of a CZEX as files that pip installs",
        _add_extract,
    ),
    "verify": ("check that a CZEX is unchanged since it was built", _add_verify),
    "doctor": (
        "show the interpreter, variables, cache and environment that a start of a CZEX would use, and their problems",
        _add_doctor,
    ),
    "cache": (
        "show or prune the apps that are installed on this machine",
        _add_cache_commands,
    ),
    "completion": (
        "print a script that completes the commands of pexcz in a shell",
        _add_completion,
    ),
    "pack": ("pack one wheel (a step of a build)", _add_pack),
    "pack-sources": (
        "pack the sources of a PEX (a step of a build)",
        _add_pack_sources,
    ),
    "compile": (
        "compile the modules of a pack for an interpreter (a step of a build)",
        _add_compile,
    ),
    "compile-boot": (
        "compile the boot for an interpreter (a step of a build)",
        _add_compile_boot,
    ),
    "assemble": (
        "assemble a CZEX from its parts (a step of a build)",
        _add_assemble,
    ),
}
