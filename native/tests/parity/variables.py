"""Rows for the PEX_* variables and the rc files."""

from __future__ import annotations

from support.wheels import Wheel

from parity.apps import (
    COW,
    COW_APP,
    COW_VENV,
    INTERPRETER,
    PLAIN,
    VENV,
    runner,
)
from parity.row import CPYTHONS, EVERY_PEX, App, Row
from testprojects.differences import (
    GRAPH,
    MESSAGES,
    PLATFORMS,
    PROFILE,
    TRACEBACKS,
    VENV_EVERYWHERE,
)

SHOW_PATH = "import os; print(os.environ['PATH'])"
OUTSIDE = {"outside/outside.py": "print('from outside')\n"}
EXTRA = {"PEX_EXTRA_SYS_PATH": "{home}/../outside"}
IN_CHILD = "import os, subprocess, sys; os._exit(subprocess.call([sys.executable, '-c', {!r}]))"
OTHER = App(
    ("other",),
    (Wheel("other", {"other.py": "WHERE = 'the other app'\n"}),),
    options=("-m", "other"),
)
COVERAGE = Wheel(
    "coverage",
    {
        "coverage.py": (
            "class coverage(object):\n"
            "    def __init__(self, **options): self.options = options\n"
            "    def start(self): print('started', sorted(self.options))\n"
            "    def stop(self): print('stopped')\n"
            "    def save(self): print('saved')\n"
            "    def report(self, **options): print('reported', sorted(options)[:2])\n"
        )
    },
)
WITH_TOOLS = runner("--include-tools", requirements=("cow",), wheels=(COW,))
COVERED = runner(requirements=("coverage",), wheels=(COVERAGE,))


def mistake(name: str, variable: str, value: str, code: int = 1, **kwargs: object) -> Row:
    """A row for a value that is an error, for which Pex may have a traceback."""
    kwargs = {"sees": (variable,), "differs": (MESSAGES,), "app": PLAIN, **kwargs}
    return Row(name, (variable,), args=("pass",), env={variable: value}, code=code, **kwargs)  # type: ignore[arg-type]


COMPOSITION = (
    Row(
        "a path is added",
        ("PEX_EXTRA_SYS_PATH",),
        PLAIN,
        ("import outside",),
        files=OUTSIDE,
        env=EXTRA,
        sees=("from outside",),
    ),
    Row(
        "a path is added in children too",
        ("PEX_EXTRA_SYS_PATH",),
        PLAIN,
        (IN_CHILD.format("import outside"),),
        files=OUTSIDE,
        env=EXTRA,
        sees=("from outside",),
        pythons=CPYTHONS,
    ),
    Row(
        "a path is added in venv mode",
        ("PEX_EXTRA_SYS_PATH", "venv"),
        VENV,
        ("import outside, sys; print(sys.path[-1])",),
        files=OUTSIDE,
        env=EXTRA,
        sees=("from outside",),
    ),
    Row(
        "another app is added",
        ("PEX_PATH",),
        PLAIN,
        ("import other; print(other.WHERE)",),
        beside={"other": OTHER},
        env={"PEX_PATH": "{apps}/other"},
        sees=("the other app",),
        versions=EVERY_PEX,
        pythons=CPYTHONS,
    ),
    Row(
        "another app is added in venv mode",
        ("PEX_PATH", "venv"),
        VENV,
        ("import other; print(other.WHERE)",),
        beside={"other": OTHER},
        env={"PEX_PATH": "{apps}/other"},
        sees=("the other app",),
    ),
    Row(
        "PYTHONPATH is asked for after the app",
        ("PEX_INHERIT_PATH",),
        PLAIN,
        ("import surroundings, outside; surroundings.show()",),
        files={**OUTSIDE, "outside/surroundings.py": "def show(): print('shadow')\n"},
        env={"PYTHONPATH": "{home}/../outside", "PEX_INHERIT_PATH": "fallback"},
        sees=("from outside", "argv: "),
        differs=(VENV_EVERYWHERE,),
    ),
    Row(
        "PYTHONPATH is asked for before the app",
        ("PEX_INHERIT_PATH",),
        PLAIN,
        ("import surroundings, outside; surroundings.show()",),
        files={**OUTSIDE, "outside/surroundings.py": "def show(): print('shadow')\n"},
        env={"PYTHONPATH": "{home}/../outside", "PEX_INHERIT_PATH": "prefer"},
        sees=("from outside", "shadow"),
    ),
    Row(
        "venv mode inherits no path",
        ("PEX_INHERIT_PATH", "venv"),
        VENV,
        ("import outside",),
        files=OUTSIDE,
        env={"PYTHONPATH": "{home}/../outside", "PEX_INHERIT_PATH": "prefer"},
        sees=("No module named",),
        code=1,
        differs=(TRACEBACKS,),
    ),
)

MODES = (
    Row(
        "venv mode is asked for",
        ("PEX_VENV", "includes_tools"),
        WITH_TOOLS,
        ("import os; print('VIRTUAL_ENV' in os.environ)",),
        env={"PEX_VENV": "1"},
        sees=("True",),
    ),
    Row(
        "venv mode is asked for without tools",
        ("PEX_VENV", "includes_tools"),
        PLAIN,
        ("import os; print('VIRTUAL_ENV' in os.environ)",),
        env={"PEX_VENV": "1"},
        code=1,
        differs=(MESSAGES,),
    ),
    Row(
        "zipapp mode is asked for",
        ("PEX_VENV", "venv"),
        VENV,
        ("import os; print('VIRTUAL_ENV' in os.environ)",),
        env={"PEX_VENV": "0"},
    ),
    Row(
        "scripts are wanted first on PATH",
        ("PEX_VENV_BIN_PATH",),
        COW_VENV,
        ("-c", "import subprocess; subprocess.call(['cow', 'x'])"),
        env={"PEX_VENV_BIN_PATH": "prepend", "PEX_INTERPRETER": "1"},
        files={"bin/cow": "#!/bin/sh\necho another cow\n"},
        sees=("moo x",),
    ),
    Row(
        "scripts are wanted last on PATH",
        ("PEX_VENV_BIN_PATH",),
        VENV,
        (SHOW_PATH,),
        env={"PEX_VENV_BIN_PATH": "append"},
        sees=("bin:",),
    ),
    Row(
        "scripts are not wanted on PATH",
        ("PEX_VENV_BIN_PATH", "venv_bin_path"),
        runner("--venv", "prepend"),
        (SHOW_PATH,),
        env={"PEX_VENV_BIN_PATH": "false"},
    ),
    Row(
        "the app is profiled into a file",
        ("PEX_PROFILE", "PEX_PROFILE_FILENAME"),
        PLAIN,
        ("import atexit, os; atexit.register(lambda: print(os.listdir('.')))",),
        env={"PEX_PROFILE": "1", "PEX_PROFILE_FILENAME": "profile"},
        sees=("['profile']",),
    ),
    Row(
        "the profile is printed in the wanted order",
        ("PEX_PROFILE", "PEX_PROFILE_SORT"),
        PLAIN,
        ("print('ran')",),
        env={"PEX_PROFILE": "1", "PEX_PROFILE_SORT": "ncalls"},
        sees=("ran\n", "function calls", "Ordered by: call count"),
        differs=(PROFILE,),
    ),
    Row(
        "the app is covered into a file",
        ("PEX_COVERAGE", "PEX_COVERAGE_FILENAME"),
        COVERED,
        ("print('ran')",),
        env={"PEX_COVERAGE": "1", "PEX_COVERAGE_FILENAME": "{work}/coverage"},
        sees=("started ['data_file']\nran\nstopped\nsaved\n",),
    ),
    Row(
        "the app's coverage is printed",
        ("PEX_COVERAGE",),
        COVERED,
        ("print('ran')",),
        env={"PEX_COVERAGE": "1"},
        sees=("started ['data_suffix']\nran\nstopped\nreported",),
    ),
    Row(
        "venv mode is not profiled",
        ("PEX_PROFILE", "venv"),
        VENV,
        ("print('ran')",),
        env={"PEX_PROFILE": "1"},
        sees=("ran\n",),
    ),
)

TOOLS = tuple(
    Row(
        f"the tool {tool} is asked for",
        ("PEX_TOOLS", "includes_tools"),
        WITH_TOOLS,
        (tool, *args),
        env={"PEX_TOOLS": "1"},
        sees=sees,
        own_pex_root=True,
        differs=(GRAPH,),
    )
    for tool, args, sees in (
        ("info", (), ('"code_hash":',)),
        ("interpreter", (), ("bin/python3.11",)),
        ("repository", ("info",), ("cow 1.0",)),
        ("graph", (), ("digraph", "cow")),
        ("venv", ("{work}/made", "--force"), ()),
    )
) + (
    Row(
        "a tool that is none is asked for",
        ("PEX_TOOLS",),
        WITH_TOOLS,
        ("hammer",),
        env={"PEX_TOOLS": "1"},
        sees=("hammer",),
        code=2,
        differs=(PLATFORMS,),
    ),
)

SWITCHES = (
    Row(
        "all variables are ignored",
        ("PEX_DISABLE_VARIABLES",),
        COW_APP,
        ("x",),
        env={"PEX_DISABLE_VARIABLES": "1", "PEX_INTERPRETER": "1", "PEX_VERBOSE": "9"},
        files={"home/.pexrc": "PEX_MODULE=nowhere\n"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "the rc files are ignored",
        ("PEX_IGNORE_RCFILES",),
        COW_APP,
        ("x",),
        env={"PEX_IGNORE_RCFILES": "true"},
        files={"home/.pexrc": "PEX_MODULE=nowhere\n", "apps/.pexrc": "PEX_MODULE=nowhere\n"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "an rc file in the home directory is obeyed",
        ("rc files",),
        COW_APP,
        ("-c", "print('as asked')"),
        files={"home/.pexrc": "# a comment\n\nPEX_INTERPRETER=1\n"},
        sees=("as asked",),
        pythons=CPYTHONS,
    ),
    Row(
        "an rc file beside the app wins over the one in the home directory",
        ("rc files",),
        INTERPRETER,
        ("x",),
        files={"home/.pexrc": "PEX_SCRIPT=calf\n", "apps/.pexrc": "PEX_SCRIPT=cow\n"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "the environment wins over rc files",
        ("rc files",),
        COW_APP,
        ("x",),
        env={"PEX_INTERPRETER": "0"},
        files={"home/.pexrc": "PEX_INTERPRETER=1\n"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "an rc file's values stand as they are",
        ("rc files",),
        COW_APP,
        ("-c", "print('as asked')"),
        files={"home/.pexrc": "PEX_MODULE='cow.say'\n"},
        sees=("cow",),
        code=1,
        differs=(TRACEBACKS,),
    ),
    Row(
        "a line of an rc file that is no name and value is passed over",
        ("rc files",),
        COW_APP,
        ("x",),
        files={"home/.pexrc": "PEX_MODULE=cow=say\nPEX_SCRIPT=\nnothing\n"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "a path may begin with the home directory",
        ("PEX_EXTRA_SYS_PATH",),
        PLAIN,
        ("import outside",),
        files={"home/outside.py": "print('from outside')\n"},
        env={"PEX_EXTRA_SYS_PATH": "~/nowhere:~"},
        sees=("from outside",),
    ),
    Row(
        "the cache is where it is wanted",
        ("PEX_ROOT",),
        PLAIN,
        ("import os; print(os.path.isdir(os.path.expanduser('~/.cache/czex/venvs')))",),
        env={"PEX_ROOT": "{home}/root"},
        own_pex_root=True,
        sees=("False",),
    ),
    Row(
        "a cache that can't be written is done without",
        ("PEX_ROOT",),
        PLAIN,
        ("print('ran')",),
        env={"PEX_ROOT": "{home}/file"},
        files={"home/file": ""},
        own_pex_root=True,
        sees=("ran\n", "{home}/file"),
        differs=(MESSAGES,),
    ),
    Row(
        "logging is asked for",
        ("PEX_VERBOSE",),
        COW_APP,
        ("x",),
        env={"PEX_VERBOSE": "1"},
        sees=("moo x\n",),
        code=1,
        differs=(MESSAGES,),
    ),
    Row(
        "warnings are turned off",
        ("PEX_EMIT_WARNINGS", "emit_warnings"),
        COW_APP,
        ("x",),
        env={"PEX_EMIT_WARNINGS": "0"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "the number of jobs is asked for",
        ("PEX_MAX_INSTALL_JOBS", "max_install_jobs"),
        COW_APP,
        ("x",),
        env={"PEX_MAX_INSTALL_JOBS": "2"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "the way of starting Pex's own processes is of no concern",
        ("PEX_MULTIPROCESSING_START_METHOD",),
        COW_APP,
        ("x",),
        env={"PEX_MULTIPROCESSING_START_METHOD": "spawn"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "variables of the past warn",
        ("PEX_ALWAYS_CACHE", "PEX_FORCE_LOCAL", "PEX_TEARDOWN_VERBOSE", "PEX_UNZIP"),
        COW_APP,
        ("x",),
        env={
            "PEX_ALWAYS_CACHE": "1",
            "PEX_FORCE_LOCAL": "1",
            "PEX_TEARDOWN_VERBOSE": "1",
            "PEX_UNZIP": "1",
        },
        sees=("moo x\n",),
        code=1,
        differs=(MESSAGES,),
    ),
)

MISTAKES = (
    mistake("a switch is neither on nor off", "PEX_INTERPRETER", "yes"),
    mistake("a switch is empty", "PEX_INTERPRETER", ""),
    mistake("a number is none", "PEX_VERBOSE", "loud"),
    mistake("a way to inherit is none", "PEX_INHERIT_PATH", "maybe"),
    mistake("a place on PATH is none", "PEX_VENV_BIN_PATH", "middle", app=VENV),
)

ROWS = (*COMPOSITION, *MODES, *TOOLS, *SWITCHES, *MISTAKES)
