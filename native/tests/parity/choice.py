"""Rows for the choice of the interpreter."""

from __future__ import annotations

from parity.apps import PLAIN, VENV, runner
from parity.row import EVERY_PEX, RECENT_PEX, Row
from support.wheels import Wheel
from testing.differences import MESSAGES, TRACEBACKS

VERSION = ("import sys; print(sys.version_info[:2], sys.argv[1:])", "x")
OLDER = ("cpython3.9", "cpython3.10")
CONSTRAINT = "--interpreter-constraint=CPython>=3.9,<3.11"
BUILT_FOR_OLDER = (CONSTRAINT, "--python-path={cpython3.9}:{cpython3.10}")
CONSTRAINED = runner(*BUILT_FOR_OLDER)
# Only the tag of its wheel determines the interpreter.
ONLY_39 = runner(
    "--python={cpython3.9}",
    requirements=("pick",),
    wheels=(Wheel("pick", {"pick.py": ""}, tag="cp39-none-any"),),
)
SHIM = '#!/bin/sh\nexec {cpython3.10} "$@"\n'
VIRTUAL = "{python} -m venv --without-pip work/venv"
IN_VIRTUAL = "echo > $(echo work/venv/lib/python*/site-packages)/inside.py"


ROWS = (
    Row(
        "the oldest interpreter that satisfies the constraints is chosen",
        ("interpreter_constraints", "interpreter_selection_strategy"),
        CONSTRAINED,
        VERSION,
        path=("cpython3.10", "cpython3.9", "cpython3.11"),
        sees=("(3, 9) ['x']",),
        versions=EVERY_PEX,
    ),
    Row(
        "the newest interpreter that satisfies the constraints is chosen",
        ("interpreter_constraints", "interpreter_selection_strategy"),
        runner(*BUILT_FOR_OLDER, "--interpreter-selection-strategy=newest"),
        VERSION,
        path=("cpython3.9", "cpython3.10", "cpython3.11"),
        header=False,
        sees=("(3, 10) ['x']",),
    ),
    Row(
        "the running interpreter is kept if it satisfies the constraints",
        ("interpreter_constraints",),
        CONSTRAINED,
        VERSION,
        path=OLDER,
        command=("{cpython3.10}", "{app}"),
        sees=("(3, 10) ['x']",),
    ),
    Row(
        "constraints count in venv mode",
        ("interpreter_constraints", "venv"),
        runner("--venv", *BUILT_FOR_OLDER),
        VERSION,
        path=OLDER,
        sees=("(3, 9) ['x']",),
    ),
    Row(
        "one satisfied constraint of several suffices",
        ("interpreter_constraints",),
        runner(
            "--interpreter-constraint=CPython==3.9.*",
            "--interpreter-constraint=CPython==3.11.*",
            "--python-path={cpython3.9}:{cpython3.11}",
        ),
        VERSION,
        sees=("(3, 11)",),
    ),
    Row(
        "the start fails if no interpreter satisfies the constraints",
        ("interpreter_constraints",),
        CONSTRAINED,
        VERSION,
        path=("cpython3.11", "cpython3.13"),
        sees=("CPython<3.11,>=3.9", "python3.13"),
        code=1,
        # No interpreter on PATH has a name that the constraints allow, so the header asks no Python.
        header=False,
        differs=(MESSAGES,),
    ),
    Row(
        "the tags of the wheels decide which interpreter is chosen",
        ("distributions", "interpreter_constraints"),
        ONLY_39,
        VERSION,
        path=("cpython3.11", "cpython3.13", "cpython3.9"),
        sees=("(3, 9) ['x']",),
        versions=RECENT_PEX,
    ),
    Row(
        "the start fails if no interpreter fits the wheels",
        ("distributions",),
        ONLY_39,
        VERSION,
        path=("cpython3.11", "cpython3.13"),
        sees=("pick", "python3.13"),
        code=1,
        differs=(MESSAGES,),
    ),
    Row(
        "PEX_PYTHON names an interpreter by its path",
        ("PEX_PYTHON",),
        PLAIN,
        VERSION,
        env={"PEX_PYTHON": "{cpython3.9}"},
        sees=("(3, 9) ['x']",),
    ),
    Row(
        "PEX_PYTHON names an interpreter by its path in venv mode",
        ("PEX_PYTHON", "venv"),
        VENV,
        VERSION,
        env={"PEX_PYTHON": "{cpython3.9}"},
        sees=("(3, 9) ['x']",),
    ),
    Row(
        "PEX_PYTHON names an interpreter by its name",
        ("PEX_PYTHON",),
        PLAIN,
        VERSION,
        path=("cpython3.11", "cpython3.13", "cpython3.10"),
        env={"PEX_PYTHON": "python3.10"},
        sees=("(3, 10) ['x']",),
    ),
    Row(
        "PEX_PYTHON names an interpreter that does not satisfy the constraints",
        ("PEX_PYTHON", "interpreter_constraints"),
        CONSTRAINED,
        VERSION,
        path=OLDER,
        env={"PEX_PYTHON": "{cpython3.13}"},
        sees=("PEX_PYTHON", "{cpython3.13}"),
        code=1,
        differs=(MESSAGES,),
    ),
    Row(
        "PEX_PYTHON names a path that does not exist",
        ("PEX_PYTHON",),
        PLAIN,
        VERSION,
        env={"PEX_PYTHON": "/nowhere/python3"},
        sees=("/nowhere/python3",),
        code=1,
        differs=(MESSAGES,),
    ),
    Row(
        "PEX_PYTHON names an interpreter that is not on PATH",
        ("PEX_PYTHON",),
        PLAIN,
        VERSION,
        env={"PEX_PYTHON": "python3.99"},
        sees=("python3.99",),
        code=1,
        differs=(MESSAGES,),
    ),
    Row(
        "an rc file sets PEX_PYTHON",
        ("PEX_PYTHON", "rc files"),
        PLAIN,
        VERSION,
        files={"apps/.pexrc": "PEX_PYTHON={cpython3.9}\n"},
        sees=("(3, 9) ['x']",),
    ),
    Row(
        "PEX_PYTHON_PATH replaces PATH in the search for interpreters",
        ("PEX_PYTHON_PATH",),
        PLAIN,
        VERSION,
        env={"PEX_PYTHON_PATH": "{cpython3.10}:{cpython3.9}"},
        sees=("(3, 9) ['x']",),
    ),
    Row(
        "the running interpreter is kept if it is on PEX_PYTHON_PATH",
        ("PEX_PYTHON_PATH",),
        PLAIN,
        VERSION,
        env={"PEX_PYTHON_PATH": "{cpython3.9}:{cpython3.11}"},
        sees=("(3, 11) ['x']",),
    ),
    Row(
        "PEX_PYTHON_PATH names a directory",
        ("PEX_PYTHON_PATH", "interpreter_constraints"),
        CONSTRAINED,
        VERSION,
        path=("cpython3.11",),
        links={"work/python3.10": "{cpython3.10}", "work/python3.13": "{cpython3.13}"},
        env={"PEX_PYTHON_PATH": "{work}:/nowhere"},
        header=False,
        sees=("(3, 10) ['x']",),
    ),
    Row(
        "a shim starts the chosen interpreter",
        ("interpreter_constraints",),
        CONSTRAINED,
        VERSION,
        path=("cpython3.11",),
        files={"shims/python3.10": SHIM},
        env={"PATH": "{home}/../shims:{home}/../bin"},
        sees=("(3, 10) ['x']",),
    ),
    Row(
        "a virtual environment's base interpreter is used",
        ("inherit_path",),
        PLAIN,
        ("import sys; print(sys.version_info[:2]); import inside",),
        before=(VIRTUAL, IN_VIRTUAL),
        command=("{work}/venv/bin/python", "{app}"),
        sees=("(3, 11)\n", "No module named 'inside'"),
        code=1,
        differs=(TRACEBACKS,),
    ),
    Row(
        "VIRTUAL_ENV of an activated virtual environment is kept",
        ("VIRTUAL_ENV",),
        PLAIN,
        ("import os; print(os.environ['VIRTUAL_ENV'])",),
        env={"VIRTUAL_ENV": "{work}/other"},
        sees=("{work}/other",),
    ),
    Row(
        "flags before the file are kept",
        ("flags before the file",),
        PLAIN,
        ("import sys; print([sys.flags.optimize, sys.warnoptions, sys.argv[1:]])", "x"),
        command=("{python}", "-O", "-u", "-W", "error::UserWarning", "{app}"),
        sees=("[1, ['error::UserWarning'], ['x']]",),
        pythons=("cpython2.7", "cpython3.8", "cpython3.11"),
    ),
    Row(
        "flags before the file are kept in venv mode",
        ("flags before the file", "venv"),
        VENV,
        ("import sys; print([sys.flags.optimize, sys.warnoptions, sys.argv[1:]])", "x"),
        command=("{python}", "-O", "-u", "-W", "error::UserWarning", "{app}"),
        sees=("[1, ['error::UserWarning'], ['x']]",),
    ),
    Row(
        "flags before the file are kept in another interpreter",
        ("flags before the file", "interpreter_constraints"),
        CONSTRAINED,
        ("import sys; print([sys.flags.optimize, sys.warnoptions, sys.argv[1:]])", "x"),
        path=OLDER,
        command=("{python}", "-O", "-W", "error::UserWarning", "{app}"),
        sees=("[1, ['error::UserWarning'], ['x']]",),
    ),
)
