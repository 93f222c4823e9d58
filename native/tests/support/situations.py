"""The machines and command lines for `probe_test.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Sequence

from testing.pythons import EVERY_PYTHON, Python

SHADOW = {"shadow.py": "WHERE = 'outside'\n", "hidden.py": "", "cow/__init__.py": ""}
# Files that setuptools, virtualenv and editable installs put into site-packages.
HOOKS = {
    "distutils-precedence.pth": "import os; __import__('_distutils_hack').add_shim()\n",
    "_distutils_hack/__init__.py": """\
import sys

class DistutilsMetaFinder(object):
    def find_spec(self, name, path=None, target=None):
        return None

    find_module = find_spec

def add_shim():
    sys.meta_path.insert(0, DistutilsMetaFinder())
""",
    "_virtualenv.pth": "import _virtualenv\n",
    "_virtualenv.py": """\
import sys

if sys.version_info < (3, 12):
    import distutils.dist

class _Finder(object):
    fullname = None

    def find_spec(self, name, path=None, target=None):
        return None

    find_module = find_spec

sys.meta_path.insert(0, _Finder())
""",
    "__editable__.path.pth": "{outside}\n",
    "__editable__.finder.pth": "import __editable___finder; __editable___finder.install()\n",
    "__editable___finder.py": """\
import sys

class _EditableFinder(object):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == "editable":
            from importlib.util import spec_from_file_location
            return spec_from_file_location(name, "{outside}/hidden.py")

    @classmethod
    def find_module(cls, name, path=None):
        return None

class _EditableNamespaceFinder(object):
    @classmethod
    def _path_hook(cls, path):
        raise ImportError

def install():
    sys.meta_path.append(_EditableFinder)
    sys.path_hooks.append(_EditableNamespaceFinder._path_hook)
    sys.path.append("__editable__.finder.__path_hook__")
""",
    "nspkg.pth": (
        "import sys, types, os; m = sys.modules.setdefault('space', types.ModuleType('space')); "
        "m.__dict__.setdefault('__path__', []).append('{outside}')\n"
    ),
}
SITECUSTOMIZE = """\
import sys, shadow, sysconfig

def hook(*ignored):
    pass

sys.excepthook = sys.displayhook = hook
sysconfig.get_paths()
"""
VARIABLES = {
    "PYTHONASYNCIODEBUG": "1",
    "PYTHONBREAKPOINT": "0",
    "PYTHONCASEOK": "1",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONDEBUG": "1",
    "PYTHONFAULTHANDLER": "1",
    "PYTHONHASHSEED": "7",
    "PYTHONINTMAXSTRDIGITS": "5000",
    "PYTHONIOENCODING": "latin-1:replace",
    "PYTHONMALLOC": "malloc",
    "PYTHONNODEBUGRANGES": "1",
    "PYTHONNOUSERSITE": "1",
    "PYTHONSTARTUP": "/nowhere/startup.py",
    "PYTHONTRACEMALLOC": "2",
    "PYTHONUNBUFFERED": "1",
    "PYTHONUSERBASE": "/nowhere/user",
    "PYTHONUTF8": "1",
    "PYTHONWARNINGS": "ignore::UserWarning",
    "PYTHON_COLORS": "0",
    "PYTHON_CPU_COUNT": "3",
    "PYTHON_FROZEN_MODULES": "off",
    "PYTHON_GIL": "1",
    "PYTHON_HISTORY": "/nowhere/history",
}
# These variables write to stderr, or cause warnings.
LOUD = {
    "PYTHONDEVMODE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONINSPECT": "1",
    "PYTHONMALLOCSTATS": "1",
    "PYTHONPROFILEIMPORTTIME": "1",
    "PYTHONSAFEPATH": "1",
    "PYTHONVERBOSE": "1",
    "PYTHONWARNDEFAULTENCODING": "1",
}
# These variables change the paths of Python itself and of bytecode.
LIBRARY = {
    "PYTHONEXECUTABLE": "{base}/bin/another",
    "PYTHONOPTIMIZE": "1",
    "PYTHONPLATLIBDIR": "lib",
    "PYTHONPYCACHEPREFIX": "{outside}",
}
FEW = tuple(Python(f"cpython{version}") for version in ("2.7", "3.9", "3.11", "3.13"))
FEW_AND_PYPY = (*FEW, Python("pypy3"))
PYTHON_3 = tuple(python for python in EVERY_PYTHON if python.name != "cpython2.7")
NEW = (Python("cpython3.11"), Python("cpython3.13"))


@dataclass(frozen=True)
class Situation:
    """A machine and a command line. In its texts, `{outside}` is a directory and `{base}` is the interpreter's prefix.

    :param flags: Arguments before the file name.
    :param site_packages: The files, by path, of the user's site-packages, or of a virtual environment's with `in_venv`.
    :param pythonpath: The files, by path, of the directory `{outside}`, which is on PYTHONPATH.
    :param app: One of the apps of `probe_test.py`.
    :param ways: The ways of starting to compare with a start by the environment's own interpreter.
    """

    name: str
    pythons: Sequence[Python] = tuple(EVERY_PYTHON)
    flags: Sequence[str] = ()
    variables: Dict[str, str] = field(default_factory=dict)
    site_packages: Dict[str, str] = field(default_factory=dict)
    pythonpath: Dict[str, str] = field(default_factory=dict)
    in_venv: bool = False
    app: str = "function"
    ways: Sequence[str] = ("in process",)
    is_loud: bool = False


OVER = "in process", "started over"
HEADER = "in process", "by the sh header"
SITUATIONS = (
    Situation("clean", ways=("cold", *OVER, "by the sh header")),
    Situation("user-site", site_packages={**HOOKS, **SHADOW}, ways=OVER),
    Situation("venv", PYTHON_3, in_venv=True, site_packages={**HOOKS, **SHADOW}),
    Situation("sitecustomize", pythonpath={**SHADOW, "sitecustomize.py": SITECUSTOMIZE}),
    Situation("site-files", app="site-files", pythonpath={**SHADOW, "extra/late.py": ""}),
    Situation("flags", flags=["-B", "-d", "-u", "-b", "-W", "error::UserWarning"], ways=OVER),
    Situation("module", FEW, app="module"),
    Situation("variables", FEW_AND_PYPY, variables=VARIABLES, ways=HEADER),
    Situation("loud-variables", FEW, variables=LOUD, is_loud=True),
    Situation("home", FEW, variables={"PYTHONHOME": "{base}"}, ways=HEADER),
    Situation("library", NEW, variables=LIBRARY),
    Situation("isolated", FEW[1:], flags=["-I"]),
    Situation("hermetic", FEW, flags=["-s", "-E"], pythonpath=SHADOW),
    Situation("no-site", FEW[1:], flags=["-S"]),
    Situation(
        "options", NEW, flags=["-P", "-X", "dev", "-X", "utf8", "-W", "error::ImportWarning"]
    ),
)
