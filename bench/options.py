"""The command line of the bench."""

from __future__ import annotations

import argparse
import shlex
from typing import Callable, Iterable, List

from bench.apps import APPS, DEFAULT_APPS
from bench.parts import PARTS

SHORT = {"apps": DEFAULT_APPS, "pythons": "3.11,3.13", "parts": "counts"}


def read() -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args()
    if options.short:
        parser.set_defaults(**SHORT)
        options = parser.parse_args()
    return options


def command(options: argparse.Namespace) -> str:
    """The command that measures the same on any machine."""
    lists = {"apps": options.apps, "pythons": options.pythons}
    if options.parts != list(PARTS):
        lists["parts"] = options.parts
    arguments = [f"--{name}={','.join(values)}" for name, values in lists.items()]
    for name in ("rounds", "cold_rounds", "level"):
        arguments.append(f"--{name.replace('_', '-')}={getattr(options, name)}")
    return shlex.join(["bench/run", *arguments])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bench/run",
        description="Builds the apps, measures them in turns, and shows the ratios.",
    )
    parser.add_argument(
        "--apps", type=_some_of(APPS), default=DEFAULT_APPS, help=f"of {','.join(APPS)}"
    )
    parser.add_argument("--pythons", type=_list, default="3.9,3.11,3.13", help="versions, by comma")
    parser.add_argument(
        "--parts", type=_some_of(PARTS), default=",".join(PARTS), help=f"of {','.join(PARTS)}"
    )
    parser.add_argument("--rounds", type=int, default=40, help="warm starts of each kind")
    parser.add_argument("--cold-rounds", type=int, default=7, help="cold starts of each kind")
    parser.add_argument("--level", type=int, default=9, help="the zstd compression level")
    parser.add_argument("--scratch", help="build here, and keep it for the next time")
    parser.add_argument("--json", help="write what was measured to this file")
    parser.add_argument(
        "--beside",
        metavar="JSON",
        help="add what is measured to what that file has, from this machine",
    )
    parser.add_argument(
        "--from", dest="saved", metavar="JSON", help="measure nothing, show what that file has"
    )
    parser.add_argument("--svg", help="write the chart to this file")
    parser.add_argument(
        "--markdown",
        action="append",
        default=[],
        help="write the tables into this file, where it has marks for them; may be repeated",
    )
    parser.add_argument(
        "--short", action="store_true", help="only what can be counted without a clock, for CI"
    )
    return parser


def _list(text: str) -> List[str]:
    return text.split(",")


def _some_of(known: Iterable[str]) -> Callable[[str], List[str]]:
    def names(text: str) -> List[str]:
        unknown = sorted(set(_list(text)) - set(known))
        if unknown:
            raise argparse.ArgumentTypeError(
                f"there is no {', '.join(unknown)}, only {', '.join(known)}"
            )
        return _list(text)

    return names
