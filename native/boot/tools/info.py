"""Prints the PEX-INFO of a PEX file."""

import json
import os
import sys

import boot
from boot.tools import arguments, output

SORTED = ("requirements", "excluded", "overridden", "interpreter_constraints")


def add_arguments(parser):
    arguments.add_output(parser, "PEX-INFO")
    arguments.add_indent(parser, "PEX-INFO")
    arguments.add_global(parser)


def run(subject, options):
    with output.opened(options) as stream:
        output.dump_json(options, effective(subject), stream)


def effective(subject):
    """PEX-INFO, with what variables put in the place of it."""
    info = boot.native(json.loads(subject.archive.read("PEX-INFO").decode("utf-8")))
    variables = subject.variables
    given = {
        "pex_root": pex_root(variables),
        "entry_point": variables.text("MODULE"),
        "script": variables.text("SCRIPT"),
        "inherit_path": variables.text("INHERIT_PATH"),
        "max_install_jobs": variables.number("MAX_INSTALL_JOBS", None),
    }
    for name in ("VENV", "IGNORE_ERRORS"):
        given[name.lower()] = variables.flag(name, None)
    info.update((name, value) for name, value in given.items() if value is not None)
    info.setdefault("inherit_path", "false")
    for name in SORTED:
        info[name] = sorted(info.get(name) or ())
    info.setdefault("interpreter_selection_strategy", "oldest")
    info.setdefault("distributions", {})
    return info


def pex_root(variables):
    """Pex's cache, below which that of CZEXes is if it was asked for."""
    root = os.environ.get("PEX_ROOT") or variables.text("ROOT")
    if not root:
        caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        if sys.platform == "darwin":
            caches = "~/Library/Caches"
        elif sys.platform == "win32":
            caches = os.environ.get("LOCALAPPDATA") or "~\\AppData\\Local"
        root = os.path.join(caches, "pex")
    return os.path.abspath(os.path.expanduser(root))
