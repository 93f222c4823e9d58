"""Compiles Python sources. Run by the interpreter that the bytecode is for, CPython 3.7 or PyPy 3.7 and newer; never imported.

It reads a request from standard input, and says what it is on standard output, both in JSON. What it writes
depends on the request and the interpreter alone: `marshal` notes which objects others refer to, so one process always
compiles the same files in the same order, and nothing but Python itself is loaded.
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
    """Compile the files at `paths` below `sources` to what Python would cache, without a check (PEP 552).

    What doesn't compile, such as a template or a module for another Python, has no bytecode, as when it is installed.
    """
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for path in paths:
        target = os.path.join(output, importlib.util.cache_from_source(path))
        try:
            # Python puts the real path there when it loads it.
            py_compile.compile(os.path.join(sources, path), target, path, True, -1, mode)
        except (py_compile.PyCompileError, ValueError, RecursionError):
            pass


def write_boot(modules, texts, traced, output):
    # type: (dict, dict, list, str) -> None
    """Compile modules of the boot: by the name of its file, the name and text of each.

    :param texts: Those that a start needs as they are: by its name, the text of each.
    :param traced: Those that appear in an app's tracebacks; the others need no line numbers.
    """
    code = {}
    for file, (name, text) in sorted(modules.items()):
        compiled = compile(text, file, "exec", 0, True)
        code[name] = compiled if name in traced else without_lines(compiled)
    with open(output, "wb") as stream:
        marshal.dump({"code": code, "sources": texts}, stream)


def without_lines(code):
    # type: (CodeType) -> CodeType
    """The same code without its line table, a third of its size."""
    if not hasattr(code, "replace"):
        return code
    constants = [without_lines(c) if isinstance(c, CodeType) else c for c in code.co_consts]
    code = code.replace(co_consts=tuple(constants))
    if hasattr(code, "co_linetable"):
        return code.replace(co_linetable=b"")  # type: ignore[call-arg]
    return code.replace(co_lnotab=b"")


if __name__ == "__main__":
    main()
