"""Rows for the command line that an app sees, and for its way out."""

from __future__ import annotations

from parity.apps import (
    ARGV,
    COW,
    INTERPRETER,
    PLAIN,
    VENV,
)
from parity.row import CPYTHONS, EVERY_PEX, App, Row
from testprojects.differences import TRACEBACKS

LEAVE = (
    "import sys\ndef main():\n    return eval(sys.argv[1], {'sys': sys, 'os': __import__('os')})\n"
)
LEAVING = App(sources={"leave.py": LEAVE}, options=("-m", "leave:main"))
LEAVING_VENV = App(sources={"leave.py": LEAVE}, options=("-m", "leave:main", "--venv"))
MODULE = {
    "package/__init__.py": "",
    "package/module.py": (
        "import os, sys\n"
        "print(__name__)\n"
        "print(sys.argv[1:])\n"
        "print(os.path.basename(sys.argv[0]))\n"
        "print(sys.argv[0].replace('.pyc', '.py') == __file__.replace('.pyc', '.py'))\n"
        "print(__package__)\n"
    ),
}


def leaves(name: str, expression: str, code: int, *sees: str, **kwargs: object) -> Row:
    """A row for a way to leave the app."""
    return Row(name, ("exit code",), LEAVING, (expression,), code=code, sees=sees, **kwargs)  # type: ignore[arg-type]


WAYS_OUT = (
    leaves("an app that returns nothing has succeeded", "None", 0),
    leaves("an app's number is its exit code", "7", 7, pythons=CPYTHONS),
    leaves("an app's text is its error", "'words'", 1, "words\n"),
    leaves("an app leaves by itself", "sys.exit(3)", 3, pythons=CPYTHONS),
    leaves("an app's True is one", "True", 1),
    leaves("an app dies of a signal", "os.kill(os.getpid(), 15)", -15),
    leaves("an app is interrupted", "os.kill(os.getpid(), 2)", -2, differs=(TRACEBACKS,)),
    leaves("an app fails", "1 / 0", 1, "ZeroDivisionError", differs=(TRACEBACKS,)),
    Row(
        "a venv app's number is its exit code", ("exit code", "venv"), LEAVING_VENV, ("7",), code=7
    ),
    Row(
        "a venv app's text is its error",
        ("exit code", "venv"),
        LEAVING_VENV,
        ("'words'",),
        sees=("words\n",),
        code=1,
    ),
)

COMMAND_LINES = (
    Row(
        "a module is the entry point",
        ("entry_point", "sys.argv[0]"),
        App(sources=MODULE, options=("-m", "package.module")),
        ("x",),
        sees=("__main__\n['x']\nmodule.py", "True\n"),
        versions=EVERY_PEX,
        pythons=CPYTHONS,
    ),
    Row(
        "a module is the entry point in venv mode",
        ("entry_point", "sys.argv[0]", "venv"),
        App(sources=MODULE, options=("-m", "package.module", "--venv")),
        ("x",),
        sees=("__main__\n['x']\nmodule.py", "True\n"),
    ),
    Row(
        "an executable is the entry point",
        ("entry_point",),
        App(
            sources={"tool.py": "import sys; print(sys.argv[1:])"},
            options=("--exe", "{sources}/tool.py"),
        ),
        ("x",),
        sees=("['x']",),
    ),
    Row(
        "a link keeps its name",
        ("sys.argv[0]",),
        PLAIN,
        (ARGV, "x"),
        links={"work/a link": "{app}"},
        command=("{python}", "a link"),
        sees=("a link', 'x']",),
        pythons=("cpython3.8", *CPYTHONS),
    ),
    Row(
        "a link does not keep its name in venv mode",
        ("sys.argv[0]", "venv"),
        VENV,
        (ARGV, "x"),
        links={"work/link": "{app}"},
        command=("{python}", "link"),
        sees=("['{app}', 'x']",),
    ),
    Row(
        "an app is started by itself through a link",
        ("sys.argv[0]",),
        PLAIN,
        (ARGV, "x"),
        links={"work/link": "{app}"},
        command=("./link",),
        sees=("/link', 'x']",),
    ),
    Row(
        "an app is started by a relative path",
        ("sys.argv[0]", "PEX"),
        PLAIN,
        ("import os, sys; print(sys.argv); print(os.environ['PEX'])", "x"),
        command=("{python}", "../apps/app"),
        sees=("['{work}/../apps/app', 'x']\n{app}\n",),
    ),
    Row(
        "a console script has the path of the app in zipapp mode",
        ("sys.argv[0]", "script"),
        App(
            ("cow",),
            (COW,),
            {"shown.py": f"def main():\n    {ARGV}\n"},
            ("-m", "shown:main", "--inject-env", "X=1"),
        ),
        ("x",),
        sees=("['{app}', 'x']",),
    ),
    Row(
        "arguments are kept as they are",
        ("entry_point",),
        PLAIN,
        ("import sys; print(ascii(sys.argv[1:]))", "", "a b", "--", "-O", "ü", "$HOME", "*", "'"),
        sees=("['', 'a b', '--', '-O', '\\xfc', '$HOME', '*', \"'\"]",),
    ),
    Row(
        "without an entry point it is an interpreter",
        ("entry_point", "script"),
        INTERPRETER,
        ("-c", "import cow, sys; print(sys.argv)", "x"),
        sees=("['-c', 'x']",),
        versions=EVERY_PEX,
        pythons=CPYTHONS,
    ),
    Row(
        "an app reads its standard input",
        ("entry_point",),
        PLAIN,
        ("import sys; print(sys.stdin.read().upper())",),
        stdin="words\nand words",
        sees=("WORDS\nAND WORDS",),
    ),
)

ROWS = (*WAYS_OUT, *COMMAND_LINES)
