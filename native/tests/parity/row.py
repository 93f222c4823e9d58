"""The parts of a row of the parity table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping, Tuple

from support.wheels import Wheel
from testing.differences import Difference
from testing.pythons import EVERY_PYTHON

NEWEST = "newest"
NEWEST_PEX = (NEWEST,)
RECENT_PEX = ("2.40.2", NEWEST)
EVERY_PEX = ("2.1.137", *RECENT_PEX)

USUAL_PYTHON = "cpython3.11"
USUAL = (USUAL_PYTHON,)
CPYTHONS = ("cpython2.7", "cpython3.11", "cpython3.13")
CORE = (*CPYTHONS, "cpython3.8", "pypy3")
EVERY = tuple(python.name for python in EVERY_PYTHON)


@dataclass(frozen=True)
class App:
    """The inputs of a PEX: requirements and options for `pex`, and the wheels that satisfy the requirements.

    :param sources: Path → content of the app's own files, in a directory that options name `{sources}`.
    :param layout: The layout of the CZEX; the options set the layout of the PEX.
    """

    requirements: Tuple[str, ...] = ()
    wheels: Tuple[Wheel, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    options: Tuple[str, ...] = ()
    layout: str = "zipapp"


@dataclass(frozen=True)
class Row:
    """An app, a command that starts it, and the expected result.

    The PEX and the CZEX are started one after the other at the same path, `{apps}/app`, on a new machine each. Therefore the
    paths in their outputs are equal. All texts can contain `{home}`, `{work}` (the working directory), `{apps}`, `{app}`,
    `{python}` (the interpreter that starts the app) and the names of Pythons, as in `{cpython3.9}`.

    :param name: A sentence about behaviour.
    :param contract: The PEX-INFO fields, variables and other promises of Pex that the row tests.
    :param args: The arguments after the command.
    :param files: Path below the machine's directory → content; a file that begins with `#!` is executable.
    :param links: Path → target of symbolic links.
    :param beside: Path → another app: as PEX beside the PEX, and as CZEX beside the CZEX.
    :param path: The Pythons on PATH, by their own names. Otherwise the starting Python has all usual names.
    :param sees: Texts that the output must contain, so that a row without output doesn't pass.
    :param before: Shell commands that are run first, on the same machine.
    :param header: Whether the CZEX is started by its header as well, if the command is the usual one.
    :param differs: The intended differences.
    """

    name: str
    contract: Tuple[str, ...]
    app: App
    args: Tuple[str, ...] = ()
    command: Tuple[str, ...] = ("{python}", "{app}")
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, App] = field(default_factory=dict)
    path: Tuple[str, ...] = ()
    before: Tuple[str, ...] = ()
    cwd: str = "{work}"
    sees: Tuple[str, ...] = ()
    code: int = 0
    header: bool = True
    own_pex_root: bool = False
    versions: Tuple[str, ...] = NEWEST_PEX
    pythons: Tuple[str, ...] = USUAL
    differs: Tuple[Difference, ...] = ()
