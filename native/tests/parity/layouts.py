"""Rows for a CZEX in packed layout, made from a PEX in packed layout."""

from __future__ import annotations

from dataclasses import replace

from parity.apps import COW, COW_APP, PLAIN, VENV, runner
from parity.info import OTHER, SURROUNDINGS
from parity.row import CORE, App, Row
from parity.surroundings import HOOK
from testing.differences import FLAGS, HOOKS, VENV_EVERYWHERE


def packed(app: App, *options: str) -> App:
    return replace(app, options=(*app.options, "--layout", "packed", *options), layout="packed")


ROWS = (
    Row(
        "a directory starts the same app",
        ("layouts",),
        packed(PLAIN),
        SURROUNDINGS,
        sees=("/apps/app/pex', 'an argument']",),
        pythons=CORE,
        differs=(VENV_EVERYWHERE, HOOKS),
        header=False,
    ),
    Row(
        "the __main__.py of a directory starts the same app",
        ("layouts",),
        packed(PLAIN),
        SURROUNDINGS,
        command=("{python}", "../apps/app/__main__.py"),
        sees=("apps/app/pex', 'an argument']",),
        pythons=("cpython3.8", "cpython3.11"),
        differs=(VENV_EVERYWHERE, HOOKS),
    ),
    Row(
        "the pex file of a directory is executed",
        ("layouts",),
        packed(PLAIN),
        SURROUNDINGS,
        command=("../apps/app/pex",),
        sees=("apps/app/pex', 'an argument']",),
        differs=(VENV_EVERYWHERE, HOOKS),
    ),
    Row(
        "the pex file of a directory with --sh-boot is executed",
        ("layouts",),
        packed(COW_APP, "--sh-boot"),
        ("x",),
        command=("{app}/pex",),
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "a link to a directory starts the app in venv mode",
        ("layouts", "venv"),
        packed(VENV),
        SURROUNDINGS,
        links={"work/link": "{app}"},
        command=("{python}", "link/"),
        sees=("/apps/app/pex', 'an argument']",),
        differs=(FLAGS,),
    ),
    Row(
        "the import hook of a directory makes wheels importable",
        ("__pex__",),
        packed(COW_APP),
        command=("{python}", "-c", HOOK),
        env={"PYTHONPATH": "{app}"},
        sees=("True",),
    ),
    Row(
        "PEX_PATH adds a directory to another",
        ("PEX_PATH",),
        packed(PLAIN),
        ("import other; print(other.WHERE)",),
        beside={"other": packed(OTHER)},
        env={"PEX_PATH": "{apps}/other"},
        sees=("the other app",),
        header=False,
    ),
    Row(
        "an rc file in a directory takes effect",
        ("rc files",),
        packed(App(("cow",), (COW,))),
        ("x",),
        files={"apps/app/.pexrc": "PEX_SCRIPT=cow\n"},
        sees=("moo x\n",),
        code=1,
        header=False,
    ),
    Row(
        "a directory inherits the machine's packages",
        ("inherit_path",),
        packed(runner("--inherit-path=prefer")),
        ("import outside, sys; print([e for e in sys.path if '/apps' in e])",),
        files={"outside/outside.py": "print('from outside')\n"},
        env={"PYTHONPATH": "{home}/../outside"},
        sees=("from outside\n[]",),
        header=False,
    ),
)
