"""Rows for the fields of PEX-INFO."""

from __future__ import annotations

from parity.apps import COW, COW_APP, COW_AS_CHILD, COW_VENV, PLAIN, PREPENDING, VENV, runner
from parity.row import CORE, CPYTHONS, EVERY, EVERY_PEX, RECENT_PEX, App, Row
from support.wheels import Wheel
from testing.differences import FLAGS, HOOKS, MESSAGES, TRACEBACKS, VENV_EVERYWHERE

SURROUNDINGS = ("import surroundings; surroundings.show()", "an argument")
DATUM = Wheel("datum", {"datum/__init__.py": "", "datum/file.txt": "read\n"})
OUTSIDE = {"outside/outside.py": "print('from outside')\n"}
SHADOW = {**OUTSIDE, "outside/surroundings.py": "def show(): print('shadow')\n"}
PYTHONPATH = {"PYTHONPATH": "{home}/../outside"}
OTHER = App(
    ("other",),
    (Wheel("other", {"other.py": "WHERE = 'the other app'\n"}),),
    options=("-m", "other"),
)
INJECTED = """\
import os, sys
def main():
    print(' '.join([os.environ['FOO'], os.environ['BAR']] + sys.argv[1:]))
"""
INJECTING = App(
    sources={"show.py": INJECTED},
    options=(
        *("-m", "show:main", "--inject-args", "--home {pex.env.HOME} -v{pex.env.FOO}"),
        *("--inject-env", "FOO=bar", "--inject-env", "BAR=bar"),
    ),
)
# One build for several options, which don't affect each other.
LEFT_ALONE = runner("--no-strip-pex-env", "--no-emit-warnings", "--runtime-pex-root", "~/here")
AT_HOME_WITH_TOOLS = runner(
    *("--include-tools", "--runtime-pex-root", "~/here"),
    *("--interpreter-constraint", "CPython>=2.7,<4", "--interpreter-constraint", ">=2.7"),
)
COPYING = runner(
    *("--venv", "append", "--venv-copies", "--venv-site-packages-copies"),
    "--non-hermetic-venv-scripts",
    requirements=("cow",),
    wheels=(COW,),
)

ROWS = (
    Row(
        "a script is the entry point",
        ("script", "distributions", "requirements"),
        COW_APP,
        ("a", "b c"),
        sees=("moo a b c\n",),
        code=2,
        versions=EVERY_PEX,
        pythons=EVERY,
    ),
    Row(
        "a script is the entry point in venv mode",
        ("script", "venv"),
        COW_VENV,
        ("a", "b c"),
        sees=("moo a b c\n",),
        code=2,
        versions=EVERY_PEX,
        pythons=CORE,
    ),
    Row(
        "the surroundings of an app are the same",
        ("entry_point", "PEX"),
        PLAIN,
        SURROUNDINGS,
        env={"FROM_OUTSIDE": "kept"},
        sees=("environment FROM_OUTSIDE: kept", "environment PEX: {app}\n"),
        versions=EVERY_PEX,
        pythons=EVERY,
        differs=(VENV_EVERYWHERE, HOOKS),
    ),
    Row(
        "the surroundings of an app are the same in venv mode",
        ("entry_point", "venv", "VIRTUAL_ENV"),
        VENV,
        SURROUNDINGS,
        env={"FROM_OUTSIDE": "kept"},
        sees=("environment VIRTUAL_ENV: /",),
        versions=EVERY_PEX,
        pythons=CPYTHONS,
        differs=(FLAGS,),
    ),
    Row(
        "arguments and variables are injected",
        ("inject_args", "inject_env"),
        INJECTING,
        ("x",),
        env={"BAR": "given"},
        sees=("bar given --home ", " x\n"),
        versions=EVERY_PEX,
        pythons=CPYTHONS,
    ),
    Row(
        "interpreter flags are injected",
        ("inject_python_args",),
        runner("--inject-python-args=-O", "--inject-python-args=-W ignore"),
        ("import sys; print([sys.flags.optimize, sys.warnoptions, sys.argv[1:]])", "x"),
        sees=("[1, ['ignore'], ['x']]",),
        versions=RECENT_PEX,
        pythons=CPYTHONS,
    ),
    Row(
        "injected interpreter flags come before the given ones",
        ("inject_python_args",),
        runner(
            "--inject-python-args=-W ignore",
            "--inject-python-args=-X one",
            "--inject-python-args=-u",
        ),
        ("import sys; print(sys.warnoptions, list(sys._xoptions.items()), sys.flags)", "x"),
        command=("{python}", "-W", "always::UserWarning", "-X", "one=two", "-X", "three", "{app}"),
        sees=("['ignore', 'always::UserWarning'] [('one', 'two'), ('three', True)]",),
    ),
    Row(
        "a variable is bound to a resource",
        ("bind_resource_paths",),
        runner(
            "--bind-resource-path", "DATUM=datum/file.txt", requirements=("datum",), wheels=(DATUM,)
        ),
        ("import os; print(open(os.environ['DATUM']).read())",),
        sees=("read",),
    ),
    Row(
        "a missing resource is an error",
        ("bind_resource_paths",),
        runner("--bind-resource-path", "DATUM=nowhere.txt"),
        sees=("DATUM", "nowhere.txt"),
        code=1,
        differs=(MESSAGES,),
    ),
    Row(
        "PEX variables are removed from the environment",
        ("strip_pex_env",),
        PLAIN,
        ("import os; print(sorted(n for n in os.environ if n.startswith('PEX')))",),
        env={"PEX_IGNORE_ERRORS": "1", "PEX_ROOT": "{home}/root"},
        sees=("['PEX']",),
        versions=EVERY_PEX,
    ),
    Row(
        "PEX variables are kept for an app with --no-strip-pex-env",
        ("strip_pex_env",),
        LEFT_ALONE,
        ("import os; print(sorted(n for n in os.environ if n.startswith('PEX')))",),
        env={"PEX_IGNORE_ERRORS": "1"},
        sees=("PEX_IGNORE_ERRORS",),
        versions=EVERY_PEX,
    ),
    Row(
        "the cache is in the pex_root of the build",
        ("pex_root",),
        LEFT_ALONE,
        ("import os; print(sorted(os.listdir(os.path.expanduser('~'))))",),
        sees=("'here'",),
        versions=EVERY_PEX,
    ),
    Row(
        "the tools show the pex_root of the build",
        ("pex_root", "PEX_TOOLS"),
        AT_HOME_WITH_TOOLS,
        ("info",),
        env={"PEX_TOOLS": "1"},
        sees=('home/here"',),
        own_pex_root=True,
    ),
    Row(
        "the tools show PEX_ROOT and the values of other variables",
        ("pex_root", "PEX_ROOT", "PEX_TOOLS"),
        AT_HOME_WITH_TOOLS,
        ("info", "-i", "1"),
        env={
            "PEX_INHERIT_PATH": "prefer",
            "PEX_MAX_INSTALL_JOBS": "2",
            "PEX_MODULE": "",
            "PEX_PATH": "{apps}/other",
            "PEX_ROOT": "~/there",
            "PEX_TOOLS": "1",
        },
        beside={"other": OTHER},
        sees=('home/there"', '"entry_point": ""', 'apps/other"', '"max_install_jobs": 2'),
    ),
    Row(
        "PYTHONPATH does not reach an app by default",
        ("inherit_path",),
        PLAIN,
        ("import outside",),
        files=OUTSIDE,
        env=PYTHONPATH,
        sees=("No module named",),
        code=1,
        differs=(TRACEBACKS,),
        versions=EVERY_PEX,
        pythons=CPYTHONS,
    ),
    Row(
        "PYTHONPATH comes after the app with --inherit-path=fallback",
        ("inherit_path",),
        runner("--inherit-path=fallback"),
        ("import surroundings, outside; surroundings.show()",),
        files=SHADOW,
        env=PYTHONPATH,
        sees=("from outside", "argv: "),
        differs=(VENV_EVERYWHERE,),
    ),
    Row(
        "PYTHONPATH comes before the app with --inherit-path=prefer",
        ("inherit_path",),
        runner("--inherit-path=prefer"),
        ("import surroundings, outside; surroundings.show()",),
        files=SHADOW,
        env=PYTHONPATH,
        sees=("from outside", "shadow"),
    ),
    Row(
        "--pex-path adds another PEX",
        ("pex_path", "pex_paths"),
        runner("--pex-path", "../apps/other"),
        ("import other; print(other.WHERE)",),
        beside={"other": OTHER},
        sees=("the other app",),
        versions=EVERY_PEX,
    ),
    Row(
        "--venv prepend puts scripts of the app first on PATH",
        ("venv_bin_path",),
        PREPENDING,
        (COW_AS_CHILD,),
        files={"bin/cow": "#!/bin/sh\necho another cow\n"},
        sees=("moo x\n",),
        code=1,
        versions=EVERY_PEX,
        pythons=CPYTHONS,
    ),
    Row(
        "--venv append puts scripts of the app last on PATH",
        ("venv_bin_path",),
        COPYING,
        ("import os; print(os.environ['PATH'])",),
        versions=EVERY_PEX,
    ),
    Row(
        "--venv-copies copies the interpreter",
        ("venv_copies",),
        COPYING,
        ("import os, sys; print(os.path.islink(os.path.dirname(sys.executable) + '/python'))",),
        versions=EVERY_PEX,
    ),
    Row(
        "--venv-site-packages-copies copies files of wheels",
        ("venv_site_packages_copies",),
        COPYING,
        ("import os, cow.say; print(os.path.islink(cow.say.__file__))",),
        sees=("False",),
        versions=EVERY_PEX,
    ),
    Row(
        "--venv-system-site-packages makes the machine's packages importable",
        ("venv_system_site_packages",),
        runner("--venv", "--venv-system-site-packages"),
        ("import pip; print(pip.__name__)",),
        sees=("pip",),
    ),
    Row(
        "scripts of the app ignore PYTHONPATH",
        ("venv_hermetic_scripts",),
        PREPENDING,
        (COW_AS_CHILD,),
        files={"outside/cow/__init__.py": "raise Exception('shadow')\n"},
        env=PYTHONPATH,
        sees=("moo x\n",),
        code=1,
        versions=EVERY_PEX,
        pythons=CPYTHONS,
    ),
    Row(
        "scripts of the app see PYTHONPATH if they are not hermetic",
        ("venv_hermetic_scripts",),
        COPYING,
        (COW_AS_CHILD,),
        files={"outside/cow/__init__.py": "print('from PYTHONPATH'); raise SystemExit(3)\n"},
        env=PYTHONPATH,
        sees=("from PYTHONPATH",),
        code=3,
        versions=EVERY_PEX,
    ),
    Row(
        "an app without tools refuses PEX_TOOLS",
        ("includes_tools", "PEX_TOOLS"),
        PLAIN,
        ("info",),
        env={"PEX_TOOLS": "1"},
        sees=("PEX_TOOLS",),
        code=1,
        differs=(MESSAGES,),
        versions=EVERY_PEX,
    ),
    Row(
        "an app in venv mode has tools",
        ("includes_tools", "PEX_TOOLS"),
        VENV,
        ("info",),
        env={"PEX_TOOLS": "1"},
        sees=('"venv": true',),
        own_pex_root=True,
    ),
    Row(
        "the app's own warnings are printed with --no-emit-warnings",
        ("emit_warnings",),
        LEFT_ALONE,
        ("import warnings; warnings.warn('a warning'); print('on')",),
        sees=("on\n", "a warning"),
        versions=EVERY_PEX,
    ),
    Row(
        "wheels that the PEX contains as files are installed",
        ("deps_are_wheel_files", "max_install_jobs"),
        App(
            ("cow",),
            COW_APP.wheels,
            options=("-c", "cow", "--no-pre-install-wheels", "--max-install-jobs", "0"),
        ),
        ("x",),
        sees=("moo x\n",),
        code=1,
        versions=RECENT_PEX,
        pythons=CPYTHONS,
    ),
)
