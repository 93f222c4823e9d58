"""Start a script, and write the modules that it imports from source files: `learn.py OUTPUT SCRIPT ARGUMENTS`."""

import atexit
import marshal
import sys

output = sys.argv[1]
del sys.argv[:2]
before = set(sys.modules)


def write():
    rows = []
    for name, module in list(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        if name in before or not spec or spec.name != name:
            continue
        if type(spec.loader).__name__ == "SourceFileLoader":
            is_package = spec.submodule_search_locations is not None
            code = spec.loader.get_code(name)
            rows.append((name, is_package, spec.origin, spec.cached, code))
    with open(output, "wb") as stream:
        marshal.dump(rows, stream)


atexit.register(write)
sys.path[0] = sys.argv[0].rpartition("/")[0]
with open(sys.argv[0]) as stream:
    exec(
        compile(stream.read(), sys.argv[0], "exec"),
        {"__name__": "__main__", "__file__": sys.argv[0]},
    )
