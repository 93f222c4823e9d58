"""Rows for the layouts of a PEX, and for an app's surroundings: its files, its child processes, the machine."""

from __future__ import annotations

from parity.apps import (
    COW,
    COW_APP,
    COW_AS_CHILD,
    COW_VENV,
    PLAIN,
    PREPENDING,
)
from parity.row import CPYTHONS, EVERY_PEX, RECENT_PEX, USUAL, App, Row
from support.wheels import Wheel
from testing.differences import HOOKS, MESSAGES, ODD_CACHES, TRACEBACKS, VENV_EVERYWHERE

BITS = """\
import os
def main():
    here = os.path.dirname(os.path.abspath(__file__))
    for name in ('run.sh', 'plain.txt'):
        print(os.access(os.path.join(here, name), os.X_OK))
"""
WORKERS = """\
import multiprocessing
def square(x):
    return x * x
def main():
    for method in ('fork', 'spawn', 'forkserver'):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(pool.map(square, [1, 2, 3]))
"""
AGAIN = """\
import os, sys
def main():
    print(sys.argv[1:])
    sys.stdout.flush()
    if 'again' not in sys.argv:
        os.chdir('/')
        os.execv(sys.argv[0], [sys.argv[0], 'again'])
"""
AGAIN_BY_MAIN = """\
import __main__, os, sys
def main():
    print(sys.argv[1:])
    sys.stdout.flush()
    if 'again' not in sys.argv:
        os.chdir('/')
        os.execv(sys.executable, [sys.executable, __main__.__file__, 'again', 'and', ''])
"""
SUBINTERPRETER = """\
import _interpreters
CODE = '''
try:
    import other
    print('found')
except ImportError as error:
    print(error)
'''
def main():
    _interpreters.run_string(_interpreters.create(), CODE)
"""
HOOK_ON_PYTHONPATH = """\
import sys
class Hook(object):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None
    find_module = find_spec
sys.meta_path.append(Hook)
"""
PYTHON_PATH = """\
from __future__ import print_function
import os, site, sys
def main():
    import cow, mine
    places = [os.path.dirname(module.__file__) for module in (mine, os)]
    print(sys.path.index(places[0]) < sys.path.index(places[1]), os.getcwd() in sys.path)
    print(cow.WHERE, 'sitecustomize' in sys.modules)
    print(mine.__file__.replace('.pyc', '.py'))
    print(site.ENABLE_USER_SITE, sys.flags.no_user_site, sys.flags.ignore_environment)
    print([finder for finder in sys.meta_path if 'Hook' in str(finder)], os.environ['PYTHONPATH'], sys.warnoptions)
"""
HOOK = "import __pex__, cow.say; from __pex__ import cow as same; print(same is cow)"
# The part of setproctitle that Pex uses. The interpreter's path is not compared.
TITLE = """\
titles = []
def setproctitle(title):
    titles.append(title.partition(' ')[2])
"""
CHILD = (
    "import os, subprocess, sys; "
    "os._exit(subprocess.call([sys.executable, '-c', 'import cow; print(cow.__name__)']))"
)
SHADOWS = {
    "shadows/cow/__init__.py": "raise Exception('shadow')\n",
    "shadows/json.py": "raise Exception('shadow')\n",
    "shadows/sitecustomize.py": "import colorsys\n",
}


LAYOUTS = tuple(
    Row(
        f"a {layout} PEX gives the same app{kind}",
        ("layouts",),
        App(("cow",), (COW,), options=("-c", "cow", "--layout", layout, *options)),
        ("x",),
        sees=("moo x\n",),
        code=1,
        versions=versions,
    )
    for layout in ("packed", "loose")
    for kind, options, versions in (
        ("", (), EVERY_PEX),
        (" with wheel files", ("--no-pre-install-wheels",), RECENT_PEX),
        (" in venv mode", ("--venv",), EVERY_PEX[2:]),
    )
)

FILES_AND_CHILDREN = (
    Row(
        "files keep their executable bits",
        ("executable bits",),
        App(
            sources={"bits.py": BITS, "run.sh": "#!/bin/sh\n", "plain.txt": ""},
            options=("-m", "bits:main"),
        ),
        sees=("True\nFalse\n",),
        versions=EVERY_PEX,
    ),
    Row(
        "multiprocessing finds the app's modules",
        ("children",),
        App(sources={"workers.py": WORKERS}, options=("-m", "workers:main")),
        sees=("[1, 4, 9]\n[1, 4, 9]\n[1, 4, 9]\n",),
        pythons=("cpython3.8", "cpython3.11", "cpython3.13"),
    ),
    Row(
        "an app starts itself again by sys.argv[0]",
        ("children", "sys.argv[0]"),
        App(sources={"repeat.py": AGAIN}, options=("-m", "repeat:main")),
        command=("{python}", "../apps/app"),
        sees=("[]\n['again']\n",),
    ),
    *(
        Row(
            f"an app starts itself again by __main__.__file__{kind}",
            ("children",),
            App(
                sources={"repeat.py": AGAIN_BY_MAIN},
                options=("-m", "repeat:main", *options),
                layout=layout,
            ),
            sees=("[]\n['again', 'and', '']\n",),
            pythons=pythons,
            header=layout == "zipapp",
        )
        for kind, options, layout, pythons in (
            ("", (), "zipapp", CPYTHONS),
            (" in venv mode", ("--venv",), "zipapp", USUAL),
            (" in a directory", (), "packed", USUAL),
        )
    ),
    Row(
        "an app in venv mode that starts itself again has the wheels of PEX_PATH",
        ("children", "PEX_PATH", "venv"),
        App(
            sources={"repeat.py": "import cow\n" + AGAIN_BY_MAIN},
            options=("-m", "repeat:main", "--venv"),
        ),
        env={"PEX_PATH": "{apps}/other"},
        beside={"other": COW_APP},
        sees=("[]\n['again', 'and', '']\n",),
        own_pex_root=True,
    ),
    Row(
        "a subinterpreter of an app in venv mode finds its modules",
        ("children", "venv"),
        App(
            sources={"sub.py": SUBINTERPRETER, "other.py": ""},
            options=("-m", "sub:main", "--venv"),
        ),
        sees=("found\n",),
        pythons=("cpython3.13",),
    ),
    Row(
        "a child process of an app in venv mode finds the wheels",
        ("children", "venv"),
        PREPENDING,
        (CHILD,),
        sees=("cow\n",),
        pythons=CPYTHONS,
    ),
    Row(
        "the import hook makes wheels importable",
        ("__pex__",),
        COW_APP,
        command=("{python}", "-c", HOOK),
        env={"PYTHONPATH": "{app}"},
        sees=("True",),
        pythons=("cpython3.8", "cpython3.11", "cpython3.13"),
    ),
)

MACHINES = (
    Row(
        "modules on PYTHONPATH do not reach the app",
        ("inherit_path", "PYTHONPATH"),
        COW_APP,
        ("x",),
        files=SHADOWS,
        env={"PYTHONPATH": "{home}/../shadows"},
        sees=("moo x\n",),
        code=1,
        pythons=CPYTHONS,
    ),
    Row(
        "modules on PYTHONPATH do not reach the app in venv mode",
        ("inherit_path", "PYTHONPATH", "venv"),
        COW_VENV,
        ("x",),
        files=SHADOWS,
        env={"PYTHONPATH": "{home}/../shadows"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "modules on PYTHONPATH reach an app in venv mode that is not hermetic",
        ("venv_hermetic_scripts", "PYTHONPATH", "venv"),
        App(
            ("cow",),
            (COW,),
            sources={"paths.py": PYTHON_PATH},
            options=("-m", "paths:main", "--venv", "--non-hermetic-venv-scripts"),
        ),
        files={
            "mine/mine.py": "",
            "mine/cow.py": "WHERE = 'PYTHONPATH'\n",
            "mine/sitecustomize.py": HOOK_ON_PYTHONPATH,
        },
        env={"PYTHONPATH": "../mine:"},
        sees=("True True\nPYTHONPATH True\n", "Hook", " ../mine:"),
        pythons=CPYTHONS,
    ),
    Row(
        "the user's site-packages do not reach the app",
        ("inherit_path",),
        PLAIN,
        ("import mine",),
        files={"home/.local/lib/python3.11/site-packages/mine.py": ""},
        sees=("No module named 'mine'",),
        code=1,
        differs=(TRACEBACKS,),
    ),
    Row(
        "PYTHON variables take effect",
        ("flags before the file",),
        PLAIN,
        ("import surroundings; surroundings.show()",),
        env={
            "PYTHONOPTIMIZE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONHASHSEED": "1",
            "PYTHONWARNINGS": "ignore",
            "PYTHONIOENCODING": "latin-1",
        },
        sees=("optimize: 1", "warnings: ['ignore']", "latin-1"),
        differs=(VENV_EVERYWHERE, HOOKS),
        pythons=CPYTHONS,
    ),
    Row(
        "the home directory's path contains a space",
        ("PEX_ROOT", "script"),
        COW_VENV,
        ("x",),
        env={"HOME": "{work}/a home"},
        files={"work/a home/file": ""},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "the home directory's path is long",
        ("venv_hermetic_scripts", "script"),
        PREPENDING,
        (COW_AS_CHILD,),
        env={"HOME": "{work}/" + "long/" * 30},
        files={"work/" + "long/" * 30 + "file": ""},
        sees=("moo x\n",),
        code=1,
        differs=(ODD_CACHES,),
    ),
    Row(
        "there is no home directory",
        ("PEX_ROOT",),
        COW_APP,
        ("x",),
        env={"HOME": ""},
        sees=("moo x\n",),
        code=1,
        differs=(MESSAGES,),
    ),
    Row(
        "the temporary directory does not exist",
        ("PEX_ROOT",),
        COW_APP,
        ("x",),
        env={"TMPDIR": "{work}/nowhere"},
        sees=("moo x\n",),
        code=1,
    ),
    Row(
        "a PEX with --sh-boot gives the same app",
        ("layouts",),
        App(("cow",), (COW,), options=("-c", "cow", "--sh-boot")),
        ("x",),
        command=("{app}",),
        sees=("moo x\n",),
        code=1,
    ),
)

TITLES = tuple(
    Row(
        f"the title of the process is the app's command line{kind}",
        ("setproctitle",),
        App(
            ("setproctitle",),
            (Wheel("setproctitle", {"setproctitle.py": TITLE}),),
            sources={"titled.py": "import setproctitle\nprint(setproctitle.titles)\n"},
            options=("-m", "titled", *options),
        ),
        ("one", "t wo"),
        sees=("['{app} one t wo']",),
    )
    for kind, options in (("", ()), (" in venv mode", ("--venv",)))
)

ROWS = (*LAYOUTS, *FILES_AND_CHILDREN, *MACHINES, *TITLES)
