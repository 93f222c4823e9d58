"""Rows for the choice of the wheels, and for their content."""

from __future__ import annotations

from typing import Any

from parity.apps import runner
from parity.row import CORE, CPYTHONS, EVERY_PEX, RECENT_PEX, App, Row
from support.wheels import Wheel
from testing.differences import MESSAGES

TWO = ("cpython3.9", "cpython3.11")
FOR_TWO = tuple(f"--python={{{name}}}" for name in TWO)
IMPORTABLE = """\
import importlib
for name in %r:
    try:
        print(name + ' ' + importlib.import_module(name).VERSION)
    except ImportError:
        print('no ' + name)
"""


def wheel(project: str, version: str = "1.0", *metadata: str, **kwargs: Any) -> Wheel:
    """Return a wheel with one module, which contains its version."""
    files = {f"{project}.py": f"VERSION = {version!r}\n"}
    text = "".join(line + "\n" for line in metadata)
    return Wheel(project, files, version, metadata=text, **kwargs)


def importable(*names: str) -> str:
    return IMPORTABLE % (names,)


PICKED = runner(
    *FOR_TWO,
    requirements=("pick",),
    wheels=(wheel("pick", "1.0", tag="cp39-none-any"), wheel("pick", "2.0", tag="cp311-none-any")),
)
VERSIONED = runner(
    *FOR_TWO,
    requirements=(
        'pick==1.0; python_version < "3.10"',
        'pick==2.0; python_version >= "3.10"',
        'old; python_version < "3.10"',
    ),
    wheels=(
        wheel("pick", "1.0", "Requires-Python: <3.10"),
        wheel("pick", "2.0", "Requires-Python: >=3.10"),
        wheel("old"),
    ),
)
EXTRAS = runner(
    "--resolver-version=pip-2020-resolver",
    requirements=("root[more]", "second"),
    wheels=(
        wheel(
            "root",
            "1.0",
            "Provides-Extra: more",
            "Provides-Extra: most",
            "Provides-Extra: none",
            "Requires-Dist: one; extra == 'more'",
            "Requires-Dist: two; extra == 'most'",
            "Requires-Dist: three; extra == 'none'",
            "Requires-Dist: old; python_version < '3'",
        ),
        wheel("second", "1.0", "Requires-Dist: root[most]"),
        *(wheel("one"), wheel("two"), wheel("three"), wheel("old")),
    ),
)
REQUIRING = (
    wheel("root", "1.0", "Requires-Dist: leaf<2"),
    wheel("leaf", "1.0"),
    wheel("leaf", "2.0"),
)
# Its requirement has a wheel only for another Python.
LACKING_OPTIONS = ("--python={cpython3.9}",)
LACKING = {
    "requirements": ("root",),
    "wheels": (wheel("root", "1.0", "Requires-Dist: pick"), *PICKED.wheels),
}
NAMESPACE = tuple(
    Wheel(name, {f"space/{name}/__init__.py": f"print('{name}')\n"}) for name in ("left", "right")
)
SCHEMES = Wheel(
    "schemes",
    {
        "schemes-1.0.data/scripts/tool": "#!python\nimport sys\nprint(sys.argv[1:])\n",
        "schemes-1.0.data/scripts/native-tool": "#!/bin/sh\necho native $*\nexit 5\n",
        "schemes-1.0.data/data/share/datum.txt": "datum\n",
        "schemes-1.0.data/headers/schemes.h": "// header\n",
    },
    executables=("schemes-1.0.data/scripts/tool", "schemes-1.0.data/scripts/native-tool"),
)
WITH_SCHEMES = {"requirements": ("schemes",), "wheels": (SCHEMES,)}
FIND_DATA = """\
import os, sys
for place, directories, files in os.walk(sys.prefix, followlinks=True):
    for name in files:
        if name in ('datum.txt', 'schemes.h'):
            print(os.path.relpath(os.path.join(place, name), sys.prefix))
"""
METADATA = """\
from importlib import metadata
print(metadata.version('cow'), [entry.value for entry in metadata.distribution('cow').entry_points])
"""
# Files that `site` reads in site-packages.
CUSTOMIZING = {
    "telling.pth": "import telling\n",
    "telling.py": "print('path file')\n",
    "sitecustomize.py": "print('sitecustomize')\n",
    "usercustomize.py": "print('usercustomize')\n",
}
TELLING = Wheel("telling", {key: CUSTOMIZING[key] for key in ("telling.pth", "telling.py")})
ALSO_TELLING = Wheel("also", {"also.pth": "import also\n", "also.py": "print('also')\n"})
SITECUSTOMIZE = Wheel("sitecustomize", {"sitecustomize.py": CUSTOMIZING["sitecustomize.py"]})
# Two files for one module name. Merged into one directory, the package would win.
MODULES = {"both.py": "WHO = 'module'\n", "space/both.py": "WHO = 'module'\n", "also.py": ""}
PACKAGES = {"both/__init__.py": "WHO = 'package'\n", "space/both/__init__.py": "WHO = 'package'\n"}
MODULE, PACKAGE = Wheel("module", MODULES), Wheel("package", PACKAGES)
EARLY = Wheel("early", PACKAGES)
LATE = Wheel("late", {name: "WHO = 'late'\n" for name in PACKAGES})
SOURCE = Wheel("brief", {"compiled.py": "print('source')\n"})
LIBRARY = Wheel("library", {"compiled.so": "no library\n"})
# It comes after both, and shares a module with the second.
SHARING = Wheel("sharing", {"compiled.so": "no library\n", "space/both.py": "", "third.py": ""})
WHO = "import both, space.both; print(both.WHO, space.both.WHO)"
LIB64 = Wheel(
    "lib64", {"lib64-1.0.data/data/lib64/libx.txt": "", "lib64-1.0.data/data/lib/y.txt": ""}
)
FIND_LIB64 = """\
import os, sys
print([os.path.exists(os.path.join(sys.prefix, 'lib64', name)) for name in ('libx.txt', 'y.txt')])
"""
COW = Wheel("cow", {"cow.py": ""}, scripts={"cow": "cow:main"})

ROWS = (
    Row(
        "each interpreter gets the wheel with its tag",
        ("distributions",),
        PICKED,
        (importable("pick"),),
        sees=("pick ",),
        pythons=TWO,
    ),
    Row(
        "each interpreter gets the version that supports it",
        ("distributions", "requirements"),
        VERSIONED,
        (importable("pick", "old"),),
        sees=("pick ", "old"),
        versions=EVERY_PEX,
        pythons=TWO,
    ),
    Row(
        "each interpreter gets the version that supports it in venv mode",
        ("distributions", "requirements", "venv"),
        runner("--venv", *FOR_TWO, requirements=VERSIONED.requirements, wheels=VERSIONED.wheels),
        (importable("pick", "old"),),
        sees=("pick ", "old"),
        pythons=TWO,
    ),
    Row(
        "the extras of several requirements are combined",
        ("requirements",),
        EXTRAS,
        (importable("root", "one", "two", "three", "old"),),
        sees=("root 1.0\none 1.0\ntwo 1.0\nno three\nno old\n",),
        pythons=CPYTHONS[1:],
    ),
    Row(
        "an excluded requirement is not reported as missing",
        ("excluded",),
        runner("--exclude", "leaf", requirements=("root",), wheels=REQUIRING),
        (importable("root", "leaf"),),
        sees=("root 1.0\nno leaf\n",),
        versions=RECENT_PEX,
    ),
    Row(
        "an override replaces a requirement",
        ("overridden",),
        runner("--override", "leaf>=2", requirements=("root",), wheels=REQUIRING),
        (importable("root", "leaf"),),
        sees=("root 1.0\nleaf 2.0\n",),
        versions=RECENT_PEX,
    ),
    Row(
        "a missing wheel is named",
        ("distributions", "requirements"),
        runner("--python={cpython3.9}", requirements=PICKED.requirements, wheels=PICKED.wheels),
        (importable("pick"),),
        path=("cpython3.11",),
        sees=("pick",),
        code=1,
        differs=(MESSAGES,),
    ),
    Row(
        "ignore_errors starts an app without a wheel that another one requires",
        ("ignore_errors",),
        runner("--ignore-errors", *LACKING_OPTIONS, **LACKING),
        (importable("root", "pick"),),
        path=("cpython3.11",),
        sees=("root 1.0\nno pick\n",),
        versions=EVERY_PEX,
    ),
    Row(
        "PEX_IGNORE_ERRORS starts an app without a wheel that another one requires",
        ("PEX_IGNORE_ERRORS",),
        runner(*LACKING_OPTIONS, **LACKING),
        (importable("root", "pick"),),
        path=("cpython3.11",),
        env={"PEX_IGNORE_ERRORS": "1"},
        sees=("root 1.0\nno pick\n",),
    ),
    Row(
        "a missing wheel that another one requires is an error",
        ("ignore_errors",),
        runner(*LACKING_OPTIONS, **LACKING),
        (importable("root", "pick"),),
        path=("cpython3.11",),
        sees=("pick", "root"),
        code=1,
        differs=(MESSAGES,),
    ),
    Row(
        "a missing wheel that the app itself requires is an error even with PEX_IGNORE_ERRORS",
        ("PEX_IGNORE_ERRORS",),
        runner("--python={cpython3.9}", requirements=PICKED.requirements, wheels=PICKED.wheels),
        (importable("pick"),),
        path=("cpython3.11",),
        env={"PEX_IGNORE_ERRORS": "1"},
        sees=("pick",),
        code=1,
        differs=(MESSAGES,),
    ),
    Row(
        "namespace packages of several wheels are merged",
        ("distributions",),
        runner(requirements=("left", "right"), wheels=NAMESPACE),
        ("import space.left, space.right",),
        sees=("left\nright\n",),
    ),
    Row(
        "a wheel's data and headers are in the environment",
        ("venv", ".data"),
        runner("--venv", **WITH_SCHEMES),
        (FIND_DATA,),
        sees=("share/datum.txt\n", "schemes.h\n"),
    ),
    Row(
        "a wheel's script is the entry point",
        ("script", ".data"),
        App(("schemes",), (SCHEMES,), options=("-c", "tool")),
        ("a", "b"),
        sees=("['a', 'b']",),
    ),
    Row(
        "a wheel's script is the entry point in venv mode",
        ("script", ".data", "venv"),
        App(("schemes",), (SCHEMES,), options=("-c", "tool", "--venv")),
        ("a", "b"),
        sees=("['a', 'b']",),
    ),
    Row(
        "a wheel's native program is the entry point",
        ("script", ".data", "executable bits"),
        App(("schemes",), (SCHEMES,), options=("-c", "native-tool", "--venv")),
        ("x",),
        sees=("native x\n",),
        code=5,
    ),
    Row(
        "importlib.metadata finds the distributions",
        ("distributions",),
        runner(requirements=("cow",), wheels=(COW,)),
        (METADATA,),
        sees=("1.0 ['cow:main']",),
    ),
    Row(
        "a .pth file of a wheel takes effect",
        ("distributions",),
        runner(
            "--venv",
            requirements=("dotted",),
            wheels=(Wheel("dotted", {"dotted.pth": "within\n", "within/inner.py": "print(1)\n"}),),
        ),
        ("import inner",),
        sees=("1\n",),
    ),
    Row(
        "the app's own modules come before those of wheels",
        ("distributions",),
        runner(
            requirements=("pick",),
            wheels=(wheel("pick"),),
            sources={"pick.py": "VERSION = 'own'\n"},
        ),
        (importable("pick"),),
        sees=("pick own\n",),
    ),
    Row(
        "the app's own modules come before Python's",
        ("distributions",),
        runner(sources={"colorsys.py": "print('own')\n"}),
        ("import colorsys",),
        sees=("own\n",),
    ),
    Row(
        "Python's modules come before the app's in venv mode",
        ("distributions", "venv"),
        runner("--venv", sources={"colorsys.py": "print('own')\n"}),
        ("import colorsys; print(colorsys.__name__)",),
        sees=("colorsys\n",),
    ),
    Row(
        "site reads none of the app's own files in zipapp mode",
        ("distributions",),
        runner(sources=CUSTOMIZING),
        ("print('runs')",),
        sees=("runs\n",),
        versions=EVERY_PEX,
        pythons=CORE,
    ),
    Row(
        "site reads the app's own files in venv mode",
        ("distributions", "venv"),
        runner("--venv", sources=CUSTOMIZING),
        ("print('runs')",),
        sees=("path file\nsitecustomize\nruns\n",),
        pythons=CPYTHONS,
    ),
    Row(
        ".pth files of wheels are read once, and a wheel's sitecustomize is not run",
        ("distributions",),
        runner(
            requirements=("telling", "also", "sitecustomize"),
            wheels=(TELLING, ALSO_TELLING, SITECUSTOMIZE),
        ),
        ("import sitecustomize",),
        sees=("also\npath file\nsitecustomize\n",),
        pythons=CORE,
    ),
    Row(
        ".pth files of wheels are read once after a restart",
        ("distributions", "inject_python_args"),
        runner(
            "--inject-python-args=-B",
            requirements=("telling", "sitecustomize"),
            wheels=(TELLING, SITECUSTOMIZE),
        ),
        ("import sitecustomize",),
        sees=("path file\nsitecustomize\n",),
    ),
    Row(
        "a module of the app hides a wheel's package with the same name",
        ("distributions",),
        runner(requirements=("package",), wheels=(PACKAGE,), sources=MODULES),
        (WHO,),
        sees=("module module\n",),
        pythons=CORE[1:],
    ),
    Row(
        "a package of the app hides a wheel's module with the same name",
        ("distributions",),
        runner(requirements=("module",), wheels=(MODULE,), sources=PACKAGES),
        (WHO,),
        sees=("package package\n",),
    ),
    Row(
        "a module of a wheel hides a later wheel's package with the same name",
        ("distributions",),
        runner(requirements=("module", "package"), wheels=(MODULE, PACKAGE)),
        (WHO,),
        sees=("module module\n",),
        pythons=CORE[1:],
    ),
    Row(
        "a package of a wheel hides a later wheel's module with the same name",
        ("distributions",),
        runner(requirements=("early", "module"), wheels=(EARLY, MODULE)),
        (WHO + "; import also",),
        sees=("package package\n",),
    ),
    Row(
        "a module hides a later wheel's native library with the same name",
        ("distributions",),
        runner(
            requirements=("brief", "library", "module", "package", "sharing"),
            wheels=(SOURCE, LIBRARY, MODULE, SHARING, PACKAGE),
        ),
        ("import compiled, third; " + WHO,),
        sees=("source\nmodule module\n",),
    ),
    Row(
        "modules and packages keep their order with --inherit-path=fallback",
        ("distributions", "inherit_path"),
        runner(
            "--inherit-path=fallback",
            requirements=("early", "module"),
            wheels=(EARLY, MODULE),
        ),
        (WHO,),
        sees=("module module\n",),
    ),
    Row(
        "the last wheel's file wins with --inherit-path=fallback",
        ("distributions", "inherit_path"),
        runner(
            "--inherit-path=fallback",
            requirements=("early", "late"),
            wheels=(EARLY, LATE),
            sources=PACKAGES,
        ),
        (WHO,),
        sees=("late late\n",),
    ),
    Row(
        "modules and packages keep their order with --inherit-path=prefer",
        ("distributions", "inherit_path"),
        runner(
            "--inherit-path=prefer", requirements=("package",), wheels=(PACKAGE,), sources=MODULES
        ),
        (WHO,),
        sees=("module module\n",),
    ),
    Row(
        "packages win over modules in venv mode",
        ("distributions", "venv"),
        runner(
            "--venv", requirements=("package",), wheels=(PACKAGE,), sources={"both.py": "WHO = 1\n"}
        ),
        ("import both; print(both.WHO)",),
        sees=("package\n",),
    ),
    Row(
        "a wheel's data for lib64 is in lib, which lib64 is a link to",
        ("venv", ".data"),
        runner("--venv", "--venv-site-packages-copies", requirements=("lib64",), wheels=(LIB64,)),
        (FIND_LIB64,),
        sees=("[True, True]\n",),
    ),
)
