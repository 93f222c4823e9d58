"""The import hook: with the CZEX on PYTHONPATH, `import __pex__` makes its wheels and sources importable.

After that `from __pex__ import cowsay` is the same module as `import cowsay`. See the Pex docs on using a PEX
as a `sys.path` entry.
"""

import os

_app = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_main = {"__name__": "czex_main", "__loader__": __loader__}
exec(
    compile(__loader__.get_data("__main__.py"), "<czex>/__main__.py", "exec"),
    _main,
)
__path__ = []
_main["start_cold_path"]().start_for_import(_app, _main, __name__)
