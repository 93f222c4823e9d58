"""The cold path: installs a CZEX that this machine has not run before. An app's process keeps none of its modules.

The modules come from entries of the CZEX that have a checksum; zipimport would run a damaged file as it is.
`begin` fills in the content of the entries that a cold start has read.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # noqa: F401

# The packages below this one.
PACKAGES = ("boot.tools",)
# The flag of that name. Without it, an import in a function of Python 2 would ask for this package, which is gone by then.
ABSOLUTE_IMPORT = 0x4000 if sys.version_info[0] == 2 else 0


def native(value):
    """Return a value in which all text is this Python's `str`; Python 2 has read `unicode`."""
    if sys.version_info[0] > 2:
        return value
    if isinstance(value, dict):
        return dict((native(key), native(item)) for key, item in value.items())
    if isinstance(value, list):
        return [native(item) for item in value]
    return value.encode("utf-8") if type(value).__name__ == "unicode" else value


class Main(object):
    """The names in the namespace of the CZEX's `__main__.py` that the cold path uses. `quick.py` and `first.py` define them.

    - `carried`: the function that returns the content of an entry below `.czex`.
    - `code`: the code of `warm.py`.
    - `COMPILED`: the name of the entry with the bytecode of the cold path for this Python; the CZEX may lack it.
    - `INFLATED`: name -> content of each entry that was read, before `marshal`.
    - `KEPT`, `WARM`: the files `code/<hash>.<tag>` and `warm.<tag>` of the cache; false if there is no cache to read from.
    """

    __loader__ = __name__ = carried = code = COMPILED = INFLATED = KEPT = WARM = None  # type: Any


main = Main()
# Name -> code of each module. Empty unless the CZEX has bytecode for this Python, or a cold start has kept it in the cache.
code = {}  # type: dict
# Name -> text of each module. With `code` there are few. Modules that few starts need are added on demand.
sources = {}  # type: dict
# Entry -> its file, and the CRC-32 of its content. In a zip file, the file is the entry itself.
files = {}  # type: dict
# Also from `.czex/start`.
has_preamble = False
info = {}  # type: dict
manifest = {}  # type: dict


def begin(namespace):
    """Take over the namespace of the CZEX's `__main__.py`, and register `warm.py`, which ran in it, as `boot.warm`."""
    vars(main).update(namespace)
    code.update(namespace["COLD_PATH"]["code"])
    sources.update(native(namespace["COLD_PATH"]["sources"]))
    globals().update(native(namespace["ABOUT"]))
    module = globals()["warm"] = sys.modules["boot.warm"] = type(sys)("boot.warm")
    vars(module).update((name, namespace[name]) for name in namespace if not name.startswith("__"))
    sys.meta_path.insert(0, importer)


def source(name):
    """Return the text of `boot.NAME`, or `None` if this module does not exist.

    After `forget`, return only text that was read before, because the app owns the namespace of `__main__.py` then.
    """
    if name not in sources and "__init__" not in sources and importer in sys.meta_path:
        sources.update(main.carried("boot")["sources"])
    return sources.get(name)


def code_of(name):
    if name not in code:
        code[name] = compile(source(name), _file("boot." + name), "exec", ABSOLUTE_IMPORT, True)
    return code[name]


class Importer(object):
    """Find and load `boot.X`, by the protocols of Python 3 and of Python 2."""

    def find_spec(self, name, path=None, target=None):
        if not self._has(name):
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, self, origin=_file(name), is_package=name in PACKAGES)  # type: ignore[arg-type]

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__file__ = _file(module.__name__)
        exec(code_of(module.__name__.partition(".")[2]), module.__dict__)

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
        """Return the source, which lets a traceback show lines."""
        return source(name.partition(".")[2])

    @staticmethod
    def _has(name):
        package, _, module = name.partition(".")
        return package == "boot" and (module in code or bool(source(module)))


def _file(name):
    return "<czex>/" + name.replace(".", "/") + ".py"


importer = Importer()


def forget():
    """Remove all traces of the cold path from the app's process. Return its modules, which live as long as this list."""
    sys.meta_path.remove(importer)
    names = [name for name in sys.modules if name.partition(".")[0] == "boot"]
    return [sys.modules.pop(name) for name in names]
