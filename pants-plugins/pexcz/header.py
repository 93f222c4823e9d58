"""What stands before the zip file: the `sh` header, or the shebang that the PEX had.

A PEX of `pex --sh-boot` begins with a header of Pex's own, of which the interpreters and their flags are kept.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Dict, List, Sequence, Tuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet

DEFAULT_SHEBANG = "/usr/bin/env python3"
# The Pythons that Pex supports, and how far a patch number is looked for in a constraint.
MINORS = tuple((3, minor) for minor in range(5, 17))
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
_COMMENT = re.compile(r"^ *#.*\n", re.M)
_PYTHON_NAME = re.compile(r"(python|pypy)[0-9.]*t?")
# Of Pex's own header: `None` and `DEFAULT_PYTHON_ARGS` are Pex 2.1's.
_SH_PYTHON = re.compile(r'^DEFAULT_PYTHON="(.*)"$', re.M)
_SH_ARGUMENTS = re.compile(r'^(?:DEFAULT_)?PYTHON_ARGS="(.*)"$', re.M)
_SH_NAMES = re.compile(r'^ *for python in \\\n((?: *"[\w.]+" *\\\n)+)', re.M)
# What a supported interpreter answers to `-V`, and how that ends: PyPy's with a bracket.
_ANSWERS = '*"Python 2.7."* | *"Python 3."[5-9]* | *"Python 3."[1-9][0-9]*'
_ENDS = {"CPython": "[!]]", "PyPy": "]"}


@dataclass(frozen=True)
class Beginning:
    """What the text before a PEX says of the interpreters that are to run it.

    :param shebang: Without `#!`; "" where there is none for Python.
    :param interpreter: That of the shebang, a path or a name to look up on PATH.
    :param arguments: Its flags.
    :param names: The interpreters that Pex's `sh` header tries, in order.
    """

    shebang: str = ""
    interpreter: str = ""
    arguments: Tuple[str, ...] = ()
    names: Tuple[str, ...] = ()


def read_beginning(text: str, inject_python_args: Sequence[str] = ()) -> Beginning:
    """Read the text before a PEX. What can't be made out in it is left out.

    :param inject_python_args: Of PEX-INFO. Pex's header has them, too, and the boot adds them by itself.
    """
    if not text.startswith("#!"):
        return Beginning()
    shebang = text.split("\n", 1)[0][2:].strip()
    interpreter, arguments = split_shebang(shebang)
    names = _SH_NAMES.search(text)
    if interpreter or not names:
        return Beginning(shebang if interpreter else "", interpreter, tuple(arguments))
    python, given = (_first(pattern, text) for pattern in (_SH_PYTHON, _SH_ARGUMENTS))
    interpreter, arguments = split_shebang(f"{python} {given}")
    injected = list(inject_python_args)
    if arguments[: len(injected)] == injected:
        arguments = arguments[len(injected) :]
    listed = tuple(re.findall(r'"(.+?)"', names.group(1)))
    if not interpreter:
        return Beginning(names=listed)
    env = ["/usr/bin/env"] if "/" not in interpreter else []
    env += ["-S"] if env and arguments else []
    shebang = " ".join(map(shlex.quote, [*env, interpreter, *arguments]))
    # Pex looks for a path there, but not for a name, unless `env` does.
    if "/" not in interpreter and interpreter == python:
        interpreter = ""
    return Beginning(shebang, interpreter, tuple(arguments), listed)


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found.group(1) if found else ""


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


def python_names(beginning: Beginning, constraints: List[Dict[str, Any]]) -> List[str]:
    """The interpreters that the header looks for, in order: the PEX's own, the constraints', any."""
    names = [beginning.interpreter] if beginning.interpreter else []
    names += beginning.names
    names += [f"python{major}.{minor}" for major, minor in _versions(constraints)]
    names += GENERIC_NAMES
    return list(dict.fromkeys(names))


def _fitting(constraints: List[Dict[str, Any]]) -> str:
    """The `sh` patterns for what interpreters that constraints allow answer to `-V`."""
    patterns = [
        f'*"Python {major}.{minor}."*{_ENDS.get(constraint["implementation"], "")}'
        for constraint in constraints
        for major, minor in _versions([constraint])
    ]
    return " | ".join(dict.fromkeys(patterns)) or _ANSWERS


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
    template: str,
    fingerprint: str,
    beginning: Beginning,
    pex_root: str,
    constraints: List[Dict[str, Any]],
) -> str:
    """Fill in `header.sh`."""
    names = python_names(beginning, constraints)
    needed = " or ".join(constraint["text"] for constraint in constraints) or "Python 3"
    values = {
        "answering": _ANSWERS,
        "fingerprint": fingerprint,
        "fitting": _fitting(constraints),
        "names": shlex.quote(":".join(names)),
        "needed": shlex.quote(needed),
        "pex_root": _sh_path(pex_root),
        "python_args": "".join(" " + shlex.quote(argument) for argument in beginning.arguments),
        "set_variables": "".join(f"${{{name}+x}}" for name in VARIABLES),
    }
    # A start reads comments, too. The first two stay, for a person who looks into the file.
    *head, rest = template.split("\n", 3)
    text = "\n".join((*head, _COMMENT.sub("", rest)))
    return re.sub("@([a-z_]+)@", lambda match: values[match.group(1)], text)


def before_zip(header: str) -> str:
    """Return a header that names an encoding which doesn't exist. Python shows that name where the end of the file is missing.

    It takes such a file for source, and looks for an encoding in its first two lines (PEP 263) before it reads anything else.
    In a whole zip file it doesn't look.
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


def plain_header(beginning: Beginning) -> str:
    """The line with which the PEX itself begins."""
    return f"#!{beginning.shebang or DEFAULT_SHEBANG}\n"
