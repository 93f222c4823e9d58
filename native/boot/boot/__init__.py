"""The cold path: installs a CZEX that this machine has not run before. Nothing of it is loaded after.

Its modules come from one entry of the CZEX, which has a checksum; zipimport would run a damaged file as it is.
`warm.py` has put them here as `sources` (name → text), and `manifest` and `info`, PEX-INFO, beside them. What few
starts need is in further entries, whose sources are added to these when it is wanted.
"""

import sys

# Those below this one.
PACKAGES = ("boot.tools",)


def native(value):
    """The value with this Python's `str` throughout; Python 2 has read `unicode`."""
    if sys.version_info[0] > 2:
        return value
    if isinstance(value, dict):
        return dict((native(key), native(item)) for key, item in value.items())
    if isinstance(value, list):
        return [native(item) for item in value]
    return value if value is None or isinstance(value, (int, float)) else value.encode("utf-8")


sources = native(globals()["sources"])
manifest = native(globals()["manifest"])
info = native(globals()["info"])


class Importer(object):
    """Finds and loads `boot.X`, by the protocols of Python 3 and of Python 2."""

    def find_spec(self, name, path=None, target=None):
        if not self._has(name):
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, self, origin=_file(name), is_package=name in PACKAGES)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__file__ = _file(module.__name__)
        exec(
            compile(self.get_source(module.__name__), module.__file__, "exec", 0, 1),
            module.__dict__,
        )

    def find_module(self, name, path=None):
        return self if self._has(name) else None

    def load_module(self, name):
        module = sys.modules[name] = type(sys)(name)
        module.__loader__ = self
        if name in PACKAGES:
            module.__path__ = []
        self.exec_module(module)
        return module

    def get_source(self, name):
        """Lets a traceback show lines."""
        return sources[name.partition(".")[2]]

    @staticmethod
    def _has(name):
        package, _, module = name.partition(".")
        return package == "boot" and module in sources


def _file(name):
    return "<czex>/" + name.replace(".", "/") + ".py"


importer = Importer()
sys.meta_path.insert(0, importer)


def forget():
    """Leave no trace of the cold path in the app's process. Returns its modules: they last as long as the list."""
    sys.meta_path.remove(importer)
    names = [name for name in sys.modules if name.partition(".")[0] == "boot"]
    return [sys.modules.pop(name) for name in names]
