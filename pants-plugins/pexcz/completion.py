"""Write scripts that complete the command line in a shell, by the library `shtab`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Iterator

import shtab


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the completion script of a parser for a shell that shtab supports."""
    for action in _actions(parser):
        if action.type is Path:
            # Only shtab reads this attribute.
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    text: str = shtab.complete(parser, shell)
    return text


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
