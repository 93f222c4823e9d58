"""An app sees the same with its import table as without it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any, Dict

from support.crowd import WITH_TABLE, start_until_learnt
from testing.machine import Machine
from testing.missing import missing
from testing.pythons import PYTHON, Python, on

# Each text sets `seen`. None of these modules is in the module that runs it.
SPECS = """
import types

def state(value):
    return sorted((name, repr(item)) for name, item in vars(value).items())

seen = {}
for name, module in sorted(sys.modules.items()):
    spec = getattr(module, "__spec__", None)
    if name.partition("_")[0].partition(".")[0] == "crowd" or name in ("json", "json.decoder", "asyncio.events"):
        names = "__file__", "__cached__", "__package__", "__path__", "__name__", "__doc__"
        seen[name] = [repr(getattr(module, one, None)) for one in names], list(vars(module))
        seen[name] += repr(type(spec)), repr(type(spec.loader)), state(spec), state(spec.loader)
        seen[name] += repr(spec), spec.loader.get_source(name), spec.loader is module.__loader__
        seen[name] += spec == importlib.util.find_spec(name), repr(spec.loader.get_code(name))
        for function in vars(module).values():
            if isinstance(function, types.FunctionType):
                seen[name] += function.__code__.co_filename, function.__code__.co_firstlineno
"""
NOT_IMPORTED = """
import copy, pickle
spec = importlib.util.find_spec("crowd.late")
seen = [repr(type(spec)), repr(type(spec.loader)), repr(spec), spec.cached, spec.has_location]
seen += [repr(pickle.loads(pickle.dumps(spec))), repr(copy.deepcopy(spec)), "crowd.late" in sys.modules]
seen += [repr(spec.loader.get_code("crowd.late")), spec.loader.get_source("crowd.late")]
seen += [spec.loader.is_package("crowd.late"), repr(spec.loader.get_data(spec.origin))]
clone = pickle.loads(pickle.dumps(spec)).loader
seen += [repr(clone.get_code("crowd.late")), sorted(vars(clone))]
module = importlib.util.module_from_spec(importlib.util.find_spec("crowd.late.late_00"))
seen += [repr(module), repr(type(module.__spec__))]
lazy = importlib.util.find_spec("portion.crowd")
lazy.loader = importlib.util.LazyLoader(lazy.loader)
module = sys.modules["portion.crowd"] = importlib.util.module_from_spec(lazy)
lazy.loader.exec_module(module)
seen += [module.__file__, repr(type(lazy)), repr(type(lazy.loader))]
"""
PACKAGES = """
import pkgutil
import crowd, portion.crowd
seen = [list(map(repr, pkgutil.walk_packages(crowd.__path__, "crowd.")))]
seen += [sorted(one.name for one in pkgutil.iter_modules() if one.name.startswith("crowd"))]
seen += [repr(pkgutil.get_data("crowd.parts", "data.txt")), repr(list(portion.__path__)), repr(portion)]
seen += sorted(map(repr, sys.path_importer_cache.items())), list(map(repr, sys.meta_path))
seen += [list(map(repr, sys.path_hooks)), repr(pkgutil.get_importer(crowd.__path__[0]))]
if sys.version_info >= (3, 9):
    from importlib import resources
    seen += [resources.files("crowd.parts").joinpath("data.txt").read_text()]
if sys.version_info >= (3, 8):
    from importlib import metadata
    seen += [metadata.version("crowd"), len(metadata.files("crowd"))]
importlib.invalidate_caches()
import crowd.late
seen += [sorted(name for name in sys.modules if name.startswith("crowd.late"))]
sys.path_importer_cache.clear()
for name in [name for name in sys.modules if name.startswith("crowd.")]:
    del sys.modules[name]
import crowd.late
seen += [sorted(name for name in sys.modules if name.startswith("crowd.late"))]
"""
RELOADED = """
import crowd_00
first = crowd_00
crowd_00.NAME = None
seen = [importlib.reload(crowd_00) is first, crowd_00.NAME, repr(crowd_00.__spec__), sorted(vars(crowd_00.__spec__.loader))]
del sys.modules["crowd_00"]
import crowd_00
seen += [crowd_00 is first, crowd_00.NAME, repr(crowd_00.__spec__)]
"""
FAILED = """
import traceback
seen = []
for text in ("import crowd.missing", "from crowd.late import missing", "import crowd_00.missing"):
    try:
        exec(text)
    except ImportError:
        seen.append(traceback.format_exc())
"""
OWN_FINDER = """
from importlib.machinery import PathFinder
seen = []
class Finder(object):
    @staticmethod
    def find_spec(name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target)
        if name.startswith("crowd.late"):
            seen.append([name, repr(type(spec)), repr(type(spec.loader)), spec.origin, spec.cached])
        return spec
sys.meta_path.insert(0, Finder)
import crowd.late
"""
OWN_LOADER = """
from importlib.machinery import SourceFileLoader
seen = []
original = SourceFileLoader.get_data
def get_data(self, path):
    seen.append(path)
    return original(self, path)
SourceFileLoader.get_data = get_data
import crowd.late
"""
OWN_HOOK = """
from importlib.machinery import FileFinder, SourceFileLoader
seen = []
class Loader(SourceFileLoader):
    def get_code(self, name):
        seen.append(name)
        return super().get_code(name)
sys.path_hooks.insert(0, FileFinder.path_hook((Loader, [".py"])))
import crowd.late
"""
COLLECTOR = """
import gc
seen = [AT_IMPORT]
if hasattr(gc, "get_threshold"):
    seen = [gc.get_threshold(), gc.isenabled(), gc.get_debug(), gc.callbacks, gc.get_freeze_count() if hasattr(gc, "get_freeze_count") else 0]
    gc.set_threshold(123, 4, 5)
    import crowd.late
    seen += [gc.get_threshold()]
"""
RUN = """
import runpy
seen = [sorted(runpy.run_module("crowd_01"))]
seen += [repr(runpy.run_module("portion.crowd")["__spec__"].loader)]
"""
THREADS = """
import threading
# Some versions of Python fail to import modules in threads if their package imports them, too.
names = ["crowd.late", "portion.crowd", "wave", "filecmp", "sched"] * 24
threads = [threading.Thread(target=importlib.import_module, args=[name]) for name in names]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
seen = sorted(name for name in sys.modules if name.startswith("crowd."))
"""
VIEWS: Dict[str, str] = {
    "specs": SPECS,
    "not imported": NOT_IMPORTED,
    "packages": PACKAGES,
    "reloaded": RELOADED,
    "failed": FAILED,
    "own finder": OWN_FINDER,
    "own loader": OWN_LOADER,
    "own hook": OWN_HOOK,
    "collector": COLLECTOR,
    "run": RUN,
    "threads": THREADS,
}
# A child process for each text has the state that the text expects.
ALL = """
import asyncio, importlib, importlib.util, json, os, sys

result = {}
for name, text in sorted(json.loads(sys.argv[2]).items()):
    reader, writer = os.pipe()
    if not os.fork():
        os.close(reader)
        namespace = {"importlib": importlib, "sys": sys, "AT_IMPORT": AT_IMPORT}
        try:
            exec(text, namespace)
            seen = namespace["seen"]
        except BaseException:
            import traceback
            seen = traceback.format_exc()
        with os.fdopen(writer, "w") as stream:
            json.dump(seen, stream)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        result[name] = json.load(stream)
    os.wait()
print(json.dumps(result))
"""
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def views(machine: Machine, python: Python, app: Path) -> Dict[str, Any]:
    outcome = machine.run(python.path(), app, ALL, json.dumps(VIEWS))
    assert (outcome.stderr, outcome.code) == ("", 0), outcome
    found: Dict[str, Any] = json.loads(ADDRESS.sub("", outcome.stdout))
    return found


@on(*WITH_TABLE)
def test_an_app_sees_the_same_with_and_without_a_table(
    crowd: Path, machine: Machine, python: Python
) -> None:
    text = (
        "import crowd.late, portion.crowd, importlib.util, asyncio, json, runpy, pkgutil, inspect"
    )
    for _ in range(2):
        machine.run(python.path(), crowd, text)
    start_until_learnt(machine, python.path(), crowd, text)
    plain = views(machine.with_(PEXCZ_IMPORTS="0"), python, crowd)
    found = views(machine, python, crowd)
    for name in VIEWS:
        assert not isinstance(plain[name], str), plain[name]
        assert found[name] == plain[name], name
    assert found.keys() == plain.keys() == VIEWS.keys()


def test_collections_are_rare_only_during_an_import(crowd: Path, machine: Machine) -> None:
    text = "import gc; print(AT_IMPORT, gc.get_threshold())"
    outcome = start_until_learnt(machine, PYTHON.path(), crowd, text)
    assert outcome.stdout == "(200000, 10, 10) (700, 10, 10)\n"


def test_an_app_that_closes_the_table_imports_without_it(crowd: Path, machine: Machine) -> None:
    start_until_learnt(machine, PYTHON.path(), crowd, "import crowd.late")
    text = (
        "import os\nos.closerange(3, 100)\nfiles = [open(__import__('sys').executable, 'rb') for _ in range(9)]\n"
        "import crowd.late\nprint(len(vars(crowd.late)) > 40)"
    )
    outcome = machine.run(PYTHON.path(), crowd, text)
    assert (outcome.stdout, outcome.stderr) == ("True\n", "")


def test_a_start_with_a_table_makes_fewer_system_calls(
    crowd: Path, machine: Machine, tmp_path: Path
) -> None:
    if not shutil.which("strace"):
        missing("strace")
    start_until_learnt(machine, PYTHON.path(), crowd, "")
    summary = tmp_path / "summary"
    counts = []
    for variables in ({}, {"PEXCZ_IMPORTS": "0"}):
        command = ["strace", "-f", "-c", "-o", summary, "-e", "trace=file,read,pread64,fstat,close"]
        machine.with_(**variables).run(*command, PYTHON.path(), crowd, "")
        total = summary.read_text().splitlines()[-1].split()
        counts.append(int(total[3]))
    with_table, without = counts
    # Fifty modules at least, each of which is opened, examined, read and closed without a table.
    assert with_table < without - 4 * 50, counts
