"""Compile Python sources. The interpreter that the bytecode is for runs this script: CPython or PyPy, 3.7 or newer.

It reads a request from standard input, and writes facts about the interpreter to standard output, both in JSON. The bytecode
depends only on the request and the interpreter. `marshal` stores which objects are referred to more than once; so one
process always compiles the same files in the same order, and loads nothing but Python itself.
"""

import importlib.util
import json
import marshal
import os
import py_compile
import sys
from types import CodeType


def main():
    # type: () -> None
    request = json.load(sys.stdin)
    if "modules" in request:
        write_boot(request["modules"], request["texts"], request["traced"], request["output"])
    if "paths" in request:
        write_cached(request["paths"], request["sources"], request["output"])
    itself = {
        "abiflags": getattr(sys, "abiflags", ""),
        "name": sys.implementation.name,
        "tag": sys.implementation.cache_tag,
        "version": sys.version_info[:2],
    }
    json.dump(itself, sys.stdout)


def write_cached(paths, sources, output):
    # type: (list, str, str) -> None
    """Compile the files at `paths` below `sources` to unchecked `.pyc` files (PEP 552).

    Files that don't compile, such as templates or modules for another Python, get no bytecode, as when pip installs them.
    """
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for path in paths:
        target = os.path.join(output, importlib.util.cache_from_source(path))
        try:
            # Python replaces this path by the real one when it loads the file.
            py_compile.compile(os.path.join(sources, path), target, path, True, -1, mode)
        except (py_compile.PyCompileError, ValueError, RecursionError):
            pass


def write_boot(modules, texts, traced, output):
    # type: (dict, dict, list, str) -> None
    """Compile modules of the boot.

    :param modules: File name → name and text of a module.
    :param texts: Name → text of each module that a start needs as text.
    :param traced: Names of modules that appear in an app's tracebacks. Others need no line numbers.
    """
    code = {}
    for file, (name, text) in sorted(modules.items()):
        compiled = compile(text, file, "exec", 0, True)
        code[name] = compiled if name in traced else without_lines(compiled)
    with open(output, "wb") as stream:
        marshal.dump({"code": code, "sources": texts}, stream)


def without_lines(code):
    # type: (CodeType) -> CodeType
    """Return the code without its line table, which is a third of its size, and without other details of tracebacks."""
    if not hasattr(code, "replace"):
        return code
    constants = [without_lines(c) if isinstance(c, CodeType) else c for c in code.co_consts]
    table = "co_linetable" if hasattr(code, "co_linetable") else "co_lnotab"
    changes = {"co_consts": tuple(constants), "co_firstlineno": 1, table: b""}
    if hasattr(code, "co_qualname"):
        changes["co_qualname"] = code.co_name
    return code.replace(**changes)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
