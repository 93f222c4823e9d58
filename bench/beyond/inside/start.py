"""Start a script in another way: `start.py MODES FILE SCRIPT ARGUMENTS`. MODES is a list of the following, separated by commas.

- `quiet`: without collections of garbage
- `table`: with the modules of a file, whose code is read when it is needed, and which is never checked
- `stream`: the same, with all code read at once
"""

import _frozen_importlib as bootstrap
import _frozen_importlib_external as external
import gc
import marshal
import sys

modes, file = sys.argv[1].split(","), sys.argv[2]
del sys.argv[:3]
sys.path[0] = sys.argv[0].rpartition("/")[0]
if "quiet" in modes:
    gc.disable()
if "table" in modes or "stream" in modes:
    with open(file, "rb") as stream:
        facts = {row[0]: row for row in marshal.loads(stream.read())}
    read = marshal.loads if "table" in modes else lambda code: code

    class Loader(external.SourceFileLoader):
        def get_code(self, name):
            return read(facts.pop(name)[4])

    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            row = facts.get(name)
            if row is None:
                return None
            _, is_package, origin, cached, _ = row
            loader = Loader(name, origin)
            spec = bootstrap.ModuleSpec(name, loader, origin=origin, is_package=is_package)
            spec._set_fileattr = True
            spec.cached = cached
            if is_package:
                spec.submodule_search_locations = [origin.rpartition("/")[0]]
            return spec

    sys.meta_path.insert(0, Finder)
with open(sys.argv[0]) as stream:
    exec(
        compile(stream.read(), sys.argv[0], "exec"),
        {"__name__": "__main__", "__file__": sys.argv[0]},
    )
