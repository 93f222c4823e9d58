"""Prints the PEX-INFO of a PEX file."""

import json
import os
import sys

import boot
from boot.composition import built_in_path
from boot.settings import inherit_path
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
    """Return PEX-INFO with the values of the variables. The keys have the same order as in Pex."""
    info = boot.native(json.loads(subject.archive.read("PEX-INFO").decode("utf-8")))
    variables = subject.variables
    info["inherit_path"] = inherit_path(info)
    for name in SORTED:
        info[name] = sorted(set(info.get(name) or ()))
    info["interpreter_selection_strategy"] = info.get("interpreter_selection_strategy") or "oldest"
    info.setdefault("distributions", {})
    info["pex_root"] = pex_root(variables, info)
    for name, key in (("MODULE", "entry_point"), ("SCRIPT", "script")):
        if variables.has(name):
            # An empty variable counts as set.
            info[key] = variables.text(name) or ""
    given = (
        ("venv", variables.flag("VENV", None)),
        ("inherit_path", variables.text("INHERIT_PATH")),
        ("ignore_errors", variables.flag("IGNORE_ERRORS", None)),
        ("max_install_jobs", variables.number("MAX_INSTALL_JOBS", None)),
    )
    info.update((name, value) for name, value in given if value is not None)
    others = variables.paths("PATH", empty_is_here=False)
    if others:
        own = built_in_path(info)
        paths = own + [path for path in others if path not in own]
        if sys.platform != "win32":
            info["pex_path"] = ":".join(paths)
        info["pex_paths"] = paths
    return info


def pex_root(variables, info):
    """Return the directory of Pex's cache."""
    root = os.environ.get("PEX_ROOT") or variables.text("ROOT") or info.get("pex_root")
    if not root:
        caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        if sys.platform == "darwin":
            caches = "~/Library/Caches"
        elif sys.platform == "win32":
            caches = os.environ.get("LOCALAPPDATA") or "~\\AppData\\Local"
        root = os.path.join(caches, "pex", *["Cache"] * (sys.platform == "win32"))
    return os.path.realpath(os.path.expanduser(root))
