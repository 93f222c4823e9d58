"""Rows for the beginning of a PEX: a preamble, and the `sh` header of `--sh-boot`."""

from __future__ import annotations

from parity.apps import COW, runner
from parity.layouts import packed
from parity.row import CORE, EVERY_PEX, RECENT_PEX, App, Row
from parity.surroundings import HOOK
from testing.differences import TRACEBACKS

# It has a docstring, a `__future__` import and a variable, and it sets names that the boot also uses.
PREAMBLE = """\
'''Sets the region.'''
from __future__ import print_function
import json, os, socket
os.environ["REGION"] = "eu"
code = ROOT = WARM = LIKELY = FINGERPRINT = get = "changed"
plain = json.dumps
def loud(value):
    return plain(value).upper() + code
json.dumps = loud
socket.setdefaulttimeout(7)
"""
SHOW = "import json, os, socket; print(os.environ['REGION'], json.dumps('x'), socket.getdefaulttimeout())"
FLAGS = "import sys; print(sys.version_info[:2], sys.warnoptions, sys.flags.optimize)"
WORKERS = """\
import multiprocessing, socket
def timeout(x):
    return socket.getdefaulttimeout()
def main():
    with multiprocessing.get_context('spawn').Pool(1) as pool:
        print(pool.map(timeout, [1]))
"""


def with_preamble(text: str, *options: str, **kwargs: object) -> App:
    """Return an app that has this text as its preamble, and executes its first argument."""
    sources = {"pre.py": text, "workers.py": WORKERS}
    file = "--preamble-file={sources}/pre.py"
    return runner(file, *options, sources=sources, **kwargs)


def sh_boot(shebang: str, *options: str) -> App:
    return runner("--sh-boot", f"--python-shebang={shebang}", *options)


PLAIN = with_preamble(PREAMBLE)
ROWS = (
    Row(
        "a preamble runs before the app",
        ("preamble",),
        PLAIN,
        (SHOW,),
        sees=("eu", '"X"changed', "7.0"),
        versions=EVERY_PEX,
        pythons=CORE,
    ),
    Row(
        "a preamble sets a variable in venv mode",
        ("preamble", "venv"),
        with_preamble("import os; os.environ['REGION'] = 'eu'", "--venv"),
        ("import os; print(os.environ['REGION'])",),
        sees=("eu\n",),
        versions=RECENT_PEX,
    ),
    Row(
        "a preamble runs before an app in packed layout",
        ("preamble", "layouts"),
        packed(PLAIN),
        (SHOW,),
        sees=("eu",),
        header=False,
    ),
    Row(
        "a preamble runs before an app in packed layout with --sh-boot",
        ("preamble", "layouts"),
        packed(with_preamble("import os; os.environ['REGION'] = 'eu'", "--sh-boot")),
        (SHOW,),
        command=("{app}/pex",),
        sees=("eu",),
    ),
    Row(
        "a preamble runs before an app with --sh-boot",
        ("preamble",),
        with_preamble(PREAMBLE, "--sh-boot"),
        (SHOW,),
        command=("{app}",),
        sees=("eu",),
    ),
    Row(
        "a PEX variable that a preamble sets takes effect",
        ("preamble", "PEX_MODULE"),
        with_preamble(
            "import os; os.environ['PEX_MODULE'] = 'cow.say:main'",
            requirements=("cow",),
            wheels=(COW,),
        ),
        ("x",),
        sees=("moo x\n",),
        code=1,
        pythons=CORE,
    ),
    Row(
        "a preamble can end the start",
        ("preamble",),
        with_preamble("import sys; sys.exit('not here')"),
        sees=("not here",),
        code=1,
    ),
    Row(
        "an exception in a preamble ends the start",
        ("preamble",),
        with_preamble("\nfail()\n"),
        sees=("NameError: name 'fail' is not defined", '__main__.py", line 3'),
        code=1,
        differs=(TRACEBACKS,),
    ),
    Row(
        "a process that multiprocessing spawns runs no preamble",
        ("preamble",),
        with_preamble(PREAMBLE),
        env={"PEX_MODULE": "workers:main"},
        sees=("[None]\n",),
    ),
    Row(
        "the import hook runs no preamble",
        ("preamble",),
        with_preamble("raise Exception('run')", requirements=("cow",), wheels=(COW,)),
        command=("{python}", "-c", HOOK),
        env={"PYTHONPATH": "{app}"},
        sees=("True\n",),
    ),
    Row(
        "an interpreter that is only examined runs no preamble",
        ("preamble", "interpreter_constraints"),
        with_preamble(
            "import os; os.environ.update(REGION='eu'); os.write(2, b'')\nimport sys\n"
            "if sys.argv[1:] == []: print('asked')\n",
            "--interpreter-constraint=CPython>=3.9,<3.11",
            "--python-path={cpython3.9}:{cpython3.10}",
        ),
        ("import os, sys; print(os.environ['REGION'], sys.version_info[:2])",),
        path=("cpython3.9", "cpython3.10", "cpython3.11"),
        sees=("eu (3, 9)",),
    ),
    *(
        Row(
            f"{name} with --sh-boot gets its interpreter and flags",
            ("sh_boot",),
            app,
            (FLAGS,),
            command=(command,),
            path=("cpython3.11",),
            sees=("(3, 9) ['ignore'] 1\n",),
            # Another row may have installed an equal PEX for another interpreter, whose header starts that one.
            own_pex_root=True,
            versions=versions,
        )
        for name, app, command, versions in (
            ("a PEX", sh_boot("{cpython3.9} -W ignore -O"), "{app}", RECENT_PEX),
            (
                "a PEX in venv mode",
                sh_boot("{cpython3.9} -W ignore -O", "--venv"),
                "{app}",
                RECENT_PEX,
            ),
        )
    ),
    Row(
        "a PEX with --sh-boot gets its flags if its interpreter is missing",
        ("sh_boot", "inject_python_args"),
        sh_boot("/nowhere/python3.9 -W ignore", "--inject-python-args=-B"),
        (FLAGS,),
        command=("{app}",),
        path=("cpython3.11",),
        sees=("(3, 11) ['ignore'] 0\n",),
    ),
    Row(
        "a PEX with --sh-boot gets no flags if another program starts it",
        ("sh_boot",),
        sh_boot("{cpython3.11} -W ignore"),
        (FLAGS,),
        sees=("[] 0\n",),
        header=False,
    ),
)
