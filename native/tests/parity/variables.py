"""Rows for the PEX_* variables and the rc files."""

from __future__ import annotations

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
from support.wheels import Wheel
from testing.differences import (
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
    """Return a row for an invalid value, for which Pex may print a traceback."""
    kwargs = {"sees": (variable,), "differs": (MESSAGES,), "app": PLAIN, **kwargs}
    return Row(name, (variable,), args=("pass",), env={variable: value}, code=code, **kwargs)  # type: ignore[arg-type]


COMPOSITION = (
    Row(
        "PEX_EXTRA_SYS_PATH adds a path",
        ("PEX_EXTRA_SYS_PATH",),
        PLAIN,
        ("import outside",),
        files=OUTSIDE,
        env=EXTRA,
        sees=("from outside",),
    ),
    Row(
        "PEX_EXTRA_SYS_PATH adds a path in child processes",
        ("PEX_EXTRA_SYS_PATH",),
        PLAIN,
        (IN_CHILD.format("import outside"),),
        files=OUTSIDE,
        env=EXTRA,
        sees=("from outside",),
        pythons=CPYTHONS,
    ),
    Row(
        "PEX_EXTRA_SYS_PATH adds a path in venv mode",
        ("PEX_EXTRA_SYS_PATH", "venv"),
        VENV,
        ("import outside, sys; print(sys.path[-1])",),
        files=OUTSIDE,
        env=EXTRA,
        sees=("from outside",),
    ),
    Row(
        "PEX_PATH adds another app",
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
        "PEX_PATH adds another app in venv mode",
        ("PEX_PATH", "venv"),
        VENV,
        ("import other; print(other.WHERE)",),
        beside={"other": OTHER},
        env={"PEX_PATH": "{apps}/other"},
        sees=("the other app",),
    ),
    Row(
        "PEX_INHERIT_PATH puts PYTHONPATH after the app",
        ("PEX_INHERIT_PATH",),
        PLAIN,
        ("import surroundings, outside; surroundings.show()",),
        files={**OUTSIDE, "outside/surroundings.py": "def show(): print('shadow')\n"},
        env={"PYTHONPATH": "{home}/../outside", "PEX_INHERIT_PATH": "fallback"},
        sees=("from outside", "argv: "),
        differs=(VENV_EVERYWHERE,),
    ),
    Row(
        "PEX_INHERIT_PATH puts PYTHONPATH before the app",
        ("PEX_INHERIT_PATH",),
        PLAIN,
        ("import surroundings, outside; surroundings.show()",),
        files={**OUTSIDE, "outside/surroundings.py": "def show(): print('shadow')\n"},
        env={"PYTHONPATH": "{home}/../outside", "PEX_INHERIT_PATH": "prefer"},
        sees=("from outside", "shadow"),
    ),
    Row(
        "PEX_INHERIT_PATH has no effect in venv mode",
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
        "PEX_VENV enables venv mode",
        ("PEX_VENV", "includes_tools"),
        WITH_TOOLS,
        ("import os; print('VIRTUAL_ENV' in os.environ)",),
        env={"PEX_VENV": "1"},
        sees=("True",),
    ),
    Row(
        "PEX_VENV is an error without tools",
        ("PEX_VENV", "includes_tools"),
        PLAIN,
        ("import os; print('VIRTUAL_ENV' in os.environ)",),
        env={"PEX_VENV": "1"},
        code=1,
        differs=(MESSAGES,),
    ),
    Row(
        "PEX_VENV disables venv mode",
        ("PEX_VENV", "venv"),
        VENV,
        ("import os; print('VIRTUAL_ENV' in os.environ)",),
        env={"PEX_VENV": "0"},
    ),
    Row(
        "PEX_VENV_BIN_PATH puts scripts first on PATH",
        ("PEX_VENV_BIN_PATH",),
        COW_VENV,
        ("-c", "import subprocess; subprocess.call(['cow', 'x'])"),
        env={"PEX_VENV_BIN_PATH": "prepend", "PEX_INTERPRETER": "1"},
        files={"bin/cow": "#!/bin/sh\necho another cow\n"},
        sees=("moo x",),
    ),
    Row(
        "PEX_VENV_BIN_PATH puts scripts last on PATH",
        ("PEX_VENV_BIN_PATH",),
        VENV,
        (SHOW_PATH,),
        env={"PEX_VENV_BIN_PATH": "append"},
        sees=("bin:",),
    ),
    Row(
        "PEX_VENV_BIN_PATH keeps scripts off PATH",
        ("PEX_VENV_BIN_PATH", "venv_bin_path"),
        runner("--venv", "prepend"),
        (SHOW_PATH,),
        env={"PEX_VENV_BIN_PATH": "false"},
    ),
    Row(
        "PEX_PROFILE_FILENAME writes the profile to a file",
        ("PEX_PROFILE", "PEX_PROFILE_FILENAME"),
        PLAIN,
        ("import atexit, os; atexit.register(lambda: print(os.listdir('.')))",),
        env={"PEX_PROFILE": "1", "PEX_PROFILE_FILENAME": "profile"},
        sees=("['profile']",),
    ),
    Row(
        "PEX_PROFILE_SORT sets the order of the printed profile",
        ("PEX_PROFILE", "PEX_PROFILE_SORT"),
        PLAIN,
        ("print('ran')",),
        env={"PEX_PROFILE": "1", "PEX_PROFILE_SORT": "ncalls"},
        sees=("ran\n", "function calls", "Ordered by: call count"),
        differs=(PROFILE,),
    ),
    Row(
        "PEX_COVERAGE_FILENAME writes the coverage to a file",
        ("PEX_COVERAGE", "PEX_COVERAGE_FILENAME"),
        COVERED,
        ("print('ran')",),
        env={"PEX_COVERAGE": "1", "PEX_COVERAGE_FILENAME": "{work}/coverage"},
        sees=("started ['data_file']\nran\nstopped\nsaved\n",),
    ),
    Row(
        "PEX_COVERAGE prints the coverage",
        ("PEX_COVERAGE",),
        COVERED,
        ("print('ran')",),
        env={"PEX_COVERAGE": "1"},
        sees=("started ['data_suffix']\nran\nstopped\nreported",),
    ),
    Row(
        "PEX_PROFILE has no effect in venv mode",
        ("PEX_PROFILE", "venv"),
        VENV,
        ("print('ran')",),
        env={"PEX_PROFILE": "1"},
        sees=("ran\n",),
    ),
)

TOOLS = tuple(
    Row(
        f"PEX_TOOLS runs the tool {tool}",
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
        "PEX_TOOLS refuses an unknown tool",
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
        "PEX_DISABLE_VARIABLES disables all variables",
        ("PEX_DISABLE_VARIABLES",),
        COW_APP,
        ("x",),
        env={"PEX_DISABLE_VARIABLES": "1", "PEX_INTERPRETER": "1", "PEX_VERBOSE": "9"},
        files={"home/.pexrc": "PEX_MODULE=nowhere\n"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "PEX_IGNORE_RCFILES disables the rc files",
        ("PEX_IGNORE_RCFILES",),
        COW_APP,
        ("x",),
        env={"PEX_IGNORE_RCFILES": "true"},
        files={"home/.pexrc": "PEX_MODULE=nowhere\n", "apps/.pexrc": "PEX_MODULE=nowhere\n"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "an rc file in the home directory takes effect",
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
        "quotes in an rc file belong to the value",
        ("rc files",),
        COW_APP,
        ("-c", "print('as asked')"),
        files={"home/.pexrc": "PEX_MODULE='cow.say'\n"},
        sees=("cow",),
        code=1,
        differs=(TRACEBACKS,),
    ),
    Row(
        "an rc file's line without one name and one value is ignored",
        ("rc files",),
        COW_APP,
        ("x",),
        files={"home/.pexrc": "PEX_MODULE=cow=say\nPEX_SCRIPT=\nnothing\n"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "~ in a path is the home directory",
        ("PEX_EXTRA_SYS_PATH",),
        PLAIN,
        ("import outside",),
        files={"home/outside.py": "print('from outside')\n"},
        env={"PEX_EXTRA_SYS_PATH": "~/nowhere:~"},
        sees=("from outside",),
    ),
    Row(
        "PEX_ROOT sets the place of the cache",
        ("PEX_ROOT",),
        PLAIN,
        ("import os; print(os.path.isdir(os.path.expanduser('~/.cache/czex/venvs')))",),
        env={"PEX_ROOT": "{home}/root"},
        own_pex_root=True,
        sees=("False",),
    ),
    Row(
        "an app starts although the cache can't be written",
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
        "PEX_VERBOSE enables logging",
        ("PEX_VERBOSE",),
        COW_APP,
        ("x",),
        env={"PEX_VERBOSE": "1"},
        sees=("moo x\n",),
        code=1,
        differs=(MESSAGES,),
    ),
    Row(
        "PEX_EMIT_WARNINGS disables warnings",
        ("PEX_EMIT_WARNINGS", "emit_warnings"),
        COW_APP,
        ("x",),
        env={"PEX_EMIT_WARNINGS": "0"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "PEX_MAX_INSTALL_JOBS is accepted",
        ("PEX_MAX_INSTALL_JOBS", "max_install_jobs"),
        COW_APP,
        ("x",),
        env={"PEX_MAX_INSTALL_JOBS": "2"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "PEX_MULTIPROCESSING_START_METHOD is accepted",
        ("PEX_MULTIPROCESSING_START_METHOD",),
        COW_APP,
        ("x",),
        env={"PEX_MULTIPROCESSING_START_METHOD": "spawn"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "deprecated variables print a warning",
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
    mistake("a value that is no boolean is an error", "PEX_INTERPRETER", "yes"),
    mistake("an empty boolean is an error", "PEX_INTERPRETER", ""),
    mistake("a value that is no number is an error", "PEX_VERBOSE", "loud"),
    mistake("an unknown value of PEX_INHERIT_PATH is an error", "PEX_INHERIT_PATH", "maybe"),
    mistake(
        "an unknown value of PEX_VENV_BIN_PATH is an error", "PEX_VENV_BIN_PATH", "middle", app=VENV
    ),
)

ROWS = (*COMPOSITION, *MODES, *TOOLS, *SWITCHES, *MISTAKES)
