"""Rows for the command line that an app sees, and for its exit."""

from __future__ import annotations

from parity.apps import (
    ARGV,
    COW,
    INTERPRETER,
    PLAIN,
    VENV,
)
from parity.row import CPYTHONS, EVERY_PEX, App, Row
from testing.differences import TRACEBACKS

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
    """Return a row for a way to leave the app."""
    return Row(name, ("exit code",), LEAVING, (expression,), code=code, sees=sees, **kwargs)  # type: ignore[arg-type]


WAYS_OUT = (
    leaves("an app that returns None has exit code 0", "None", 0),
    leaves("a returned number is the exit code", "7", 7, pythons=CPYTHONS),
    leaves("a returned text goes to stderr, and the exit code is 1", "'words'", 1, "words\n"),
    leaves("an app calls sys.exit", "sys.exit(3)", 3, pythons=CPYTHONS),
    leaves("a returned True is exit code 1", "True", 1),
    leaves("a signal kills an app", "os.kill(os.getpid(), 15)", -15),
    leaves("SIGINT interrupts an app", "os.kill(os.getpid(), 2)", -2, differs=(TRACEBACKS,)),
    leaves("an exception ends an app", "1 / 0", 1, "ZeroDivisionError", differs=(TRACEBACKS,)),
    Row(
        "a returned number is the exit code in venv mode",
        ("exit code", "venv"),
        LEAVING_VENV,
        ("7",),
        code=7,
    ),
    Row(
        "a returned text goes to stderr in venv mode",
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
        "sys.argv[0] keeps the name of a link",
        ("sys.argv[0]",),
        PLAIN,
        (ARGV, "x"),
        links={"work/a link": "{app}"},
        command=("{python}", "a link"),
        sees=("a link', 'x']",),
        pythons=("cpython3.8", *CPYTHONS),
    ),
    Row(
        "sys.argv[0] is the target of a link in venv mode",
        ("sys.argv[0]", "venv"),
        VENV,
        (ARGV, "x"),
        links={"work/link": "{app}"},
        command=("{python}", "link"),
        sees=("['{app}', 'x']",),
    ),
    Row(
        "an app is executed through a link",
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
        "a function as entry point has the app's path as sys.argv[0]",
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
        "arguments are passed unchanged",
        ("entry_point",),
        PLAIN,
        ("import sys; print(ascii(sys.argv[1:]))", "", "a b", "--", "-O", "ü", "$HOME", "*", "'"),
        sees=("['', 'a b', '--', '-O', '\\xfc', '$HOME', '*', \"'\"]",),
    ),
    Row(
        "an app without an entry point is an interpreter",
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
