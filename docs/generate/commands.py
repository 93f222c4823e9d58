"""Write `docs/commands.md` from the parser of `pexcz` itself.

./pants run docs/generate/commands.py > docs/commands.md
"""

from __future__ import annotations

import argparse
import re
import textwrap
from typing import Iterator, List, Tuple

from pexcz.cli import EXIT_CODES, command_parser

HEADER = """\
# Commands of pexcz

*For everyone who uses `pexcz`. This page lists each command with all its arguments. It is written by
`./pants run docs/generate/commands.py`, from the tool itself. [Tools](tools.md) says more about some commands.*

`pexcz`, `python -m pexcz`, `pipx run pexcz` and `uvx pexcz` are the same. `pexcz completion bash` prints a script that completes commands
and options; write `eval "$(pexcz completion bash)"` into `~/.bashrc`.
"""
EXITS = """\
## Exit codes

| code | meaning |
|---|---|
"""
STEPS = """\
## Steps of a build

A build starts each of these commands as a process of its own. The [architecture](architecture.md) shows how they fit together.
"""
# Marks these commands in their help.
IS_STEP = " (a step of a build)"
Command = Tuple[str, str, argparse.ArgumentParser]


def page() -> str:
    found = list(commands(command_parser(), "pexcz"))
    steps = [command for command in found if command[1].endswith(IS_STEP)]
    others = [section(*command) for command in found if command not in steps]
    codes = "".join(f"| {code} | {meaning} |\n" for code, meaning in EXIT_CODES.items())
    parts = [HEADER, *others, EXITS + codes, STEPS]
    parts += (section(name, help[: -len(IS_STEP)], one, "###") for name, help, one in steps)
    return "\n".join(parts)


def commands(parser: argparse.ArgumentParser, name: str) -> Iterator[Command]:
    """Yield name, help and parser of each command without subcommands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for word, command in action.choices.items():
                below = list(commands(command, f"{name} {word}"))
                yield from below or [(f"{name} {word}", helps[word], command)]


def section(name: str, help: str, parser: argparse.ArgumentParser, heading: str = "##") -> str:
    text = parser.description or f"{help[0].upper()}{help[1:]}."
    rows = "".join(
        f"| {shown(action)} | {meaning(action)} |\n"
        for action in parser._actions
        if not isinstance(action, argparse._HelpAction)
    )
    wrapped = textwrap.fill(text, 130, break_on_hyphens=False)
    return f"{heading} `{name}`\n\n{wrapped}\n\n| argument | meaning |\n|---|---|\n{rows}"


def shown(action: argparse.Action) -> str:
    names: List[str] = [f"`{option}`" for option in action.option_strings]
    if not names:
        return f"`{value(action)}`"
    if action.nargs != 0:
        names[-1] = f"`{action.option_strings[-1]} {value(action)}`"
    return ", ".join(names) + (" (required)" if action.required else "")


def value(action: argparse.Action) -> str:
    if action.option_strings and action.choices and not action.metavar:
        return ",".join(map(str, action.choices))
    return str(action.metavar or (action.dest.upper() if action.option_strings else action.dest))


def meaning(action: argparse.Action) -> str:
    choices = ", ".join(map(str, action.choices or ()))
    text = (action.help or "") % {**vars(action), "choices": choices}
    # A cell of a table.
    return re.sub(r"\|", r"\\|", text)


if __name__ == "__main__":
    print(page(), end="")
