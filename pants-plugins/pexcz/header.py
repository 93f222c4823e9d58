"""Write the text before the zip file: the `sh` header, or the shebang of the PEX.

A PEX of `pex --sh-boot` begins with Pex's own header. The CZEX keeps the interpreters and flags that it names.
"""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from pexcz import plain

DEFAULT_SHEBANG = "/usr/bin/env python3"
# The Pythons that Pex supports, and the patch numbers that are tried with a constraint.
MINORS = tuple((3, minor) for minor in range(5, 17))
PYTHONS = ((2, 7), *MINORS)
PATCHES = range(0, 40)
GENERIC_NAMES = ("python3", "python", "pypy3", "python2", "pypy")
# Variables that change how the app runs. If one of them is set, the header leaves the start to the boot.
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
# The name of an encoding: it may contain letters, digits, "-", "." and "_".
INCOMPLETE = "czex-this-file-is-incomplete.copy-or-download-it-again"
_COMMENT = re.compile(r"^ *#.*\n", re.M)
_PYTHON_NAME = re.compile(r"(python|pypy)[0-9.]*t?")
# Parts of Pex's own header. Pex 2.1 writes `None` and `DEFAULT_PYTHON_ARGS`.
_SH_PYTHON = re.compile(r'^DEFAULT_PYTHON="(.*)"$', re.M)
_SH_ARGUMENTS = re.compile(r'^(?:DEFAULT_)?PYTHON_ARGS="(.*)"$', re.M)
_SH_NAMES = re.compile(r'^ *for python in \\\n((?: *"[\w.]+" *\\\n)+)', re.M)
# Patterns for the answer of a supported interpreter to `-V`, and for its end: PyPy's answer ends with a bracket.
_ANSWERS = '*"Python 2.7."* | *"Python 3."[5-9]* | *"Python 3."[1-9][0-9]*'
_ENDS = {"CPython": "[!]]", "PyPy": "]"}


class Beginning(NamedTuple):
    """The interpreters that the text before a PEX names.

    :param shebang: Without `#!`; "" if there is no shebang for Python.
    :param interpreter: The interpreter of the shebang, a path or a name to look up on PATH.
    :param arguments: The flags of the shebang.
    :param names: The interpreters that Pex's `sh` header tries, in order.
    """

    shebang: str = ""
    interpreter: str = ""
    arguments: Tuple[str, ...] = ()
    names: Tuple[str, ...] = ()


def read_beginning(text: str, inject_python_args: Sequence[str] = ()) -> Beginning:
    """Read the text before a PEX. Ignore parts of an unknown form.

    :param inject_python_args: From PEX-INFO. Pex's header has them, too, but the boot adds them itself.
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
    # Pex's header tries a path, but looks up a name on PATH only by `env`.
    if "/" not in interpreter and interpreter == python:
        interpreter = ""
    return Beginning(shebang, interpreter, tuple(arguments), listed)


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found.group(1) if found else ""


def split_shebang(shebang: str) -> Tuple[str, List[str]]:
    """Return the interpreter of a shebang, as a path or a name to look up on PATH, and its arguments.

    Return ("", []) if there is no shebang, or if it is the `sh` of Pex's `--sh-boot`.
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
    """Return the names that the header looks for, in order: from the PEX, from the constraints, any Python."""
    names = [beginning.interpreter] if beginning.interpreter else []
    names += beginning.names
    name, flag = "python", ""
    if constraints:
        name = "pypy" if all(one["implementation"] == "PyPy" for one in constraints) else name
        flag = "t" if all(one["free_threaded"] for one in constraints) else flag
    names += [f"{name}{major}.{minor}{flag}" for major, minor in _versions(constraints)]
    names += GENERIC_NAMES
    return list(dict.fromkeys(names))


def _fitting(constraints: List[Dict[str, Any]]) -> str:
    """Return `sh` patterns that match the answers to `-V` of the interpreters that constraints allow."""
    patterns = [
        f'*"Python {major}.{minor}."*{_ENDS.get(constraint["implementation"], "")}'
        for constraint in constraints
        for major, minor in _versions([constraint])
    ]
    return " | ".join(dict.fromkeys(patterns)) or _ANSWERS


def _versions(constraints: List[Dict[str, Any]]) -> List[Tuple[int, int]]:
    """Return the Python versions that constraints allow, oldest first. Without constraints, return all, newest first."""
    if not constraints:
        return sorted(MINORS, reverse=True)
    allowed = []
    for version in PYTHONS:
        for constraint in constraints:
            patches = ("{}.{}.{}".format(*version, patch) for patch in PATCHES)
            if any(_allows(constraint["specifiers"], patch) for patch in patches):
                allowed.append(version)
                break
    return allowed


def _allows(specifiers: List[List[str]], version: str) -> bool:
    found = plain.satisfies(version, specifiers)
    if found is None:
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        try:
            return SpecifierSet(",".join(map("".join, specifiers))).contains(version)
        except InvalidSpecifier:
            return False
    return found


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
    # Remove comments, because a start has to read them. The first two lines stay, for a person who opens the file.
    *head, rest = template.split("\n", 3)
    text = "\n".join((*head, _COMMENT.sub("", rest)))
    return re.sub("@([a-z_]+)@", lambda match: values[match.group(1)], text)


def before_zip(header: str) -> str:
    """Return a header that names an encoding which doesn't exist. Python prints that name if the file is truncated.

    Python takes a truncated zip file for source, and first looks for an encoding in two lines (PEP 263). It doesn't look for one
    in a whole zip file.
    """
    shebang, text = header.split("\n", 1)
    return f"{shebang}\n# coding: {INCOMPLETE}\n{text}"


def polyglot(header: str) -> str:
    """Return a header for a file of Python code, which `sh` and Python can both run."""
    shebang, text = header.split("\n", 1)
    if not text:
        return header
    # For `sh`, the line after the comments is a command that does nothing. For Python, the whole header is one string.
    assert "'''" not in text, text
    return f"{shebang}\n# -*- coding: utf-8 -*-\n\":\" r''':'\n{text}'''\n"


def _sh_path(path: str) -> str:
    """Quote a path for `sh`. A leading `~/` stands for the home directory."""
    if path.startswith("~/"):
        return '"$HOME"' + shlex.quote(path[1:])
    return shlex.quote(path)


def plain_header(beginning: Beginning) -> str:
    """Return a header that is only the shebang of the PEX, or a default one."""
    return f"#!{beginning.shebang or DEFAULT_SHEBANG}\n"
