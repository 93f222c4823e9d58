"""The command line of the bench."""

from __future__ import annotations

import argparse
import shlex
from typing import Callable, Iterable, List

from bench.forms.apps import APPS, DEFAULT_APPS
from bench.measure.parts import PARTS

SHORT = {"apps": DEFAULT_APPS, "pythons": "3.11,3.13", "parts": "counts"}


def read() -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args()
    if options.short:
        parser.set_defaults(**SHORT)
        options = parser.parse_args()
    return options


def command(options: argparse.Namespace) -> str:
    """Return the command that repeats the measurement on any machine."""
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
        description="Build the apps, measure them in turns, and show the ratios.",
    )
    parser.add_argument(
        "--apps",
        type=_some_of(APPS),
        default=DEFAULT_APPS,
        help=f"measure these apps, separated by commas, of {','.join(APPS)} (default: %(default)s)",
    )
    parser.add_argument(
        "--pythons",
        type=_list,
        default="3.9,3.11,3.13",
        help="use these versions of Python, separated by commas (default: %(default)s)",
    )
    parser.add_argument(
        "--parts",
        type=_some_of(PARTS),
        default=",".join(PARTS),
        help="run these parts of the bench, separated by commas (default: %(default)s)",
    )
    parser.add_argument(
        "--rounds", type=int, default=40, help="warm starts of each kind (default: %(default)s)"
    )
    parser.add_argument(
        "--cold-rounds", type=int, default=7, help="cold starts of each kind (default: %(default)s)"
    )
    parser.add_argument(
        "--level", type=int, default=9, help="zstd compression level (default: %(default)s)"
    )
    parser.add_argument("--scratch", help="build in this directory, and keep it for the next run")
    parser.add_argument("--json", help="write the results to this file")
    parser.add_argument(
        "--beside",
        metavar="JSON",
        help="add the results to those of earlier runs, from this file",
    )
    parser.add_argument(
        "--from",
        dest="saved",
        metavar="JSON",
        help="show the results of this file, measure nothing",
    )
    parser.add_argument("--svg", metavar="DIRECTORY", help="write the charts to this directory")
    parser.add_argument(
        "--markdown",
        action="append",
        default=[],
        help="write the tables between the marks in this file; can be repeated",
    )
    parser.add_argument(
        "--short", action="store_true", help="only count, without measuring times; for CI"
    )
    return parser


def _list(text: str) -> List[str]:
    return text.split(",")


def _some_of(known: Iterable[str]) -> Callable[[str], List[str]]:
    def names(text: str) -> List[str]:
        unknown = sorted(set(_list(text)) - set(known))
        if unknown:
            raise argparse.ArgumentTypeError(
                f"unknown: {', '.join(unknown)}; use {', '.join(known)}"
            )
        return _list(text)

    return names
