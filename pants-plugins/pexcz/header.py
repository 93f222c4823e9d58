"""What stands before the zip file: the `sh` header, or the shebang that the PEX had."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath
from typing import Any, Dict, List, Tuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet

DEFAULT_SHEBANG = "/usr/bin/env python3"
# The Pythons that Pex supports, and how far a patch number is looked for in a constraint.
MINORS = tuple((3, minor) for minor in range(5, 16))
PYTHONS = ((2, 7), *MINORS)
PATCHES = range(0, 40)
GENERIC_NAMES = ("python3", "python", "pypy3", "python2", "pypy")
# Variables that ask for more than running the app as it is; with one set, the header leaves it to the boot.
VARIABLES = (
    "PEX_ALWAYS_CACHE",
    "PEX_COVERAGE",
    "PEX_COVERAGE_FILENAME",
    "PEX_DISABLE_VARIABLES",
    "PEX_EMIT_WARNINGS",
    "PEX_EXTRA_SYS_PATH",
    "PEX_FORCE_LOCAL",
    "PEX_IGNORE_ERRORS",
    "PEX_IGNORE_RCFILES",
    "PEX_INHERIT_PATH",
    "PEX_INTERPRETER",
    "PEX_INTERPRETER_HISTORY",
    "PEX_INTERPRETER_HISTORY_FILE",
    "PEX_MAX_INSTALL_JOBS",
    "PEX_MODULE",
    "PEX_MULTIPROCESSING_START_METHOD",
    "PEX_PATH",
    "PEX_PROFILE",
    "PEX_PROFILE_FILENAME",
    "PEX_PROFILE_SORT",
    "PEX_PYTHON",
    "PEX_PYTHON_PATH",
    "PEX_SCRIPT",
    "PEX_TEARDOWN_VERBOSE",
    "PEX_TOOLS",
    "PEX_UNZIP",
    "PEX_VENV",
    "PEX_VENV_BIN_PATH",
    "PEX_VERBOSE",
    "PYTHONEXECUTABLE",
    "PYTHONHOME",
    "PYTHONPLATLIBDIR",
)
# Letters, digits, "-", "." and "_" may be in the name of an encoding.
INCOMPLETE = "czex-this-file-is-incomplete.copy-or-download-it-again"
_PYTHON_NAME = re.compile(r"(python|pypy)[0-9.]*t?")


def split_shebang(shebang: str) -> Tuple[str, List[str]]:
    """The interpreter that a shebang names, as a path or a name to look up on PATH, and its arguments.

    ("", []) where it names none: there is no shebang, or it is the `sh` of Pex's `--sh-boot`.
    """
    try:
        words = shlex.split(shebang)
    except ValueError:
        return "", []
    for index, word in enumerate(words):
        if _PYTHON_NAME.fullmatch(PurePosixPath(word).name):
            return word, words[index + 1 :]
    return "", []


def python_names(interpreter: str, constraints: List[Dict[str, Any]]) -> List[str]:
    """The interpreters that the header looks for, in order: the PEX's own, the constraints', any."""
    names = [interpreter] if interpreter else []
    names += [f"python{major}.{minor}" for major, minor in _versions(constraints)]
    names += GENERIC_NAMES
    return list(dict.fromkeys(names))


def _versions(constraints: List[Dict[str, Any]]) -> List[Tuple[int, int]]:
    """The Python versions that constraints allow, oldest first; without any, newest first."""
    if not constraints:
        return sorted(MINORS, reverse=True)
    allowed = []
    for version in PYTHONS:
        for constraint in constraints:
            try:
                specifiers = SpecifierSet(",".join(map("".join, constraint["specifiers"])))
            except InvalidSpecifier:
                continue
            if any(specifiers.contains("{}.{}.{}".format(*version, patch)) for patch in PATCHES):
                allowed.append(version)
                break
    return allowed


def sh_header(
    template: str, fingerprint: str, shebang: str, pex_root: str, constraints: List[Dict[str, Any]]
) -> str:
    """Fill in `header.sh`."""
    interpreter, arguments = split_shebang(shebang)
    names = python_names(interpreter, constraints)
    values = {
        "fingerprint": fingerprint,
        "names": " ".join(map(shlex.quote, names)),
        "pex_root": _sh_path(pex_root),
        "python_args": "".join(" " + shlex.quote(argument) for argument in arguments),
        "set_variables": "".join(f"${{{name}+x}}" for name in VARIABLES),
    }
    return re.sub("@([a-z_]+)@", lambda match: values[match.group(1)], template)


def before_zip(header: str) -> str:
    """A header with what Python shows of a zip file whose end is missing, which it takes for source: an encoding that isn't one.

    Python looks for it in the first two lines (PEP 263), before it reads anything else; in a whole zip file it doesn't look.
    """
    shebang, text = header.split("\n", 1)
    return f"{shebang}\n# coding: {INCOMPLETE}\n{text}"


def polyglot(header: str) -> str:
    """A header behind which Python code may follow, whoever reads the file: `sh` or Python."""
    shebang, text = header.split("\n", 1)
    if not text:
        return header
    # To `sh` the first line is a command that does nothing. To Python all but the comments is one string.
    assert "'''" not in text, text
    return f"{shebang}\n# -*- coding: utf-8 -*-\n\":\" r''':'\n{text}'''\n"


def _sh_path(path: str) -> str:
    """A path for `sh`, in which `~/` is the home directory."""
    if path.startswith("~/"):
        return '"$HOME"' + shlex.quote(path[1:])
    return shlex.quote(path)


def plain_header(shebang: str) -> str:
    """The line with which the PEX itself begins."""
    interpreter, _ = split_shebang(shebang)
    return f"#!{shebang if interpreter else DEFAULT_SHEBANG}\n"
