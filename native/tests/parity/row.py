"""What a row of the parity table consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping, Tuple

from support.wheels import Wheel

from testprojects.differences import Difference
from testprojects.pythons import EVERY_PYTHON

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
    """How a PEX is built: `pex` gets these requirements, which these wheels satisfy, and options.

    :param sources: Path → content of the app's own files, in a directory that options call `{sources}`.
    :param layout: That of the CZEX; options decide on that of the PEX.
    """

    requirements: Tuple[str, ...] = ()
    wheels: Tuple[Wheel, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    options: Tuple[str, ...] = ()
    layout: str = "zipapp"


@dataclass(frozen=True)
class Row:
    """An app, a way to start it, and what is compared.

    The PEX and the CZEX take turns at the same place, `{apps}/app`, on a machine that is set up anew for each: so
    paths in what they print need no allowances. In all texts `{home}`, `{work}` (the working directory), `{apps}`,
    `{app}`, `{python}` (the one that starts) and the names of Pythons, as in `{cpython3.9}`, are filled in.

    :param name: A sentence about behaviour.
    :param contract: The PEX-INFO fields, variables and other lines of what Pex promises that the row stands for.
    :param args: After the command. The header's way takes the command's place where that is the usual one.
    :param files: Path below the machine's directory → content, written first; `#!` makes one executable.
    :param links: Path → target of symbolic links.
    :param beside: Path → another app, which is its PEX beside the PEX and its CZEX beside the CZEX.
    :param path: The Pythons on PATH, by their own names, instead of the one that starts under every usual name.
    :param sees: Must be in what the PEX prints, so that a row can't hold for want of anything to compare.
    :param before: Shell commands to be run first, on the same machine.
    :param header: Whether the CZEX may be started by its header as well.
    :param differs: What may differ, on purpose.
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
