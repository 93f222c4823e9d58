"""Find the modules that a wheel needs soon: the ones that are imported with its packages and its commands.

A search for import statements finds them. It doesn't parse a text, so the result is the same with every Python that runs pexcz.
The search misses a module whose name is known only at run time; that module is compiled when it is first imported.
"""

from __future__ import annotations

import re
from typing import Iterable, Iterator, List, Mapping, Set

# The indentation of a line, and then: the beginning of a function or of a block for type checkers; or `from` with dots, a
# module and names; or `import` with modules. A line that begins with a closing bracket continues a statement.
_LINE = re.compile(
    r"^([ \t]*)(?:(?:async[ \t]+)?(def\b|if[ \t]+[\w.]*\bTYPE_CHECKING\b)"
    r"|from[ \t]+(\.*)([\w.]*)[ \t]+import\b[ \t]*(\([^)]*\)|.*)"
    r"|import[ \t]+(.*)"
    r"|(?=[^\s)\]}]))",
    re.M,
)
_NAMES = re.compile(r"[\w.]+")
_MAIN = "__main__"


def needed(texts: Mapping[str, str], entry_points: Iterable[str]) -> Set[str]:
    """Return the paths of the modules that are imported with the packages and the commands of a wheel.

    :param texts: Path → text of each module, such as "foo/__init__.py".
    :param entry_points: The values of the wheel's entry points, `module:function` or `module`.
    """
    paths = {_module(path): path for path in texts}
    commands = {value.partition(":")[0].strip() for value in entry_points}
    commands.update(name for name in paths if name.rpartition(".")[2] == _MAIN)
    # A directory of a namespace package has no module.
    todo = [name for name in paths if name.rpartition(".")[0] not in paths]
    todo += commands
    found: Set[str] = set()
    while todo:
        for name in _with_parents(todo.pop()):
            if name in paths and name not in found:
                found.add(name)
                path = paths[name]
                todo += _imports(path, texts[path], with_functions=name in commands)
    return {paths[name] for name in found}


def _module(path: str) -> str:
    """Return the name of the module in a file."""
    name = path[: -len(".py")].replace("/", ".")
    return name[: -len(".__init__")] if name.endswith(".__init__") else name


def _with_parents(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def _imports(path: str, text: str, with_functions: bool) -> List[str]:
    """Return the names of the modules that a module imports, and of members that may be modules.

    An `__init__.py` may import its modules lazily (PEP 562). It then names them for type checkers, so such a block counts there.

    :param with_functions: Whether to include the imports in functions.
    """
    *package, file = path.split("/")
    names: List[str] = []
    block = ""
    block_indent = 0
    for line in _LINE.finditer(text):
        indent, begins, dots, module, members, modules = line.groups()
        if block and len(indent) <= block_indent:
            block = ""
        if begins and not block and (begins == "def" or file != "__init__.py"):
            block, block_indent = begins, len(indent)
        if block and not (with_functions and block == "def"):
            continue
        if modules:
            names += _NAMES.findall(modules)
        elif members:
            above = package[: len(package) + 1 - len(dots)] if dots else []
            base = ".".join([*above, *filter(None, [module])])
            names += [base, *(f"{base}.{member}" for member in _NAMES.findall(members))]
    return names
