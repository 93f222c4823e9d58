"""Import hook: with the CZEX on PYTHONPATH, `import __pex__` makes its wheels and sources importable.

After that, `from __pex__ import cowsay` is the same module as `import cowsay`. See the Pex docs on using a PEX
as a `sys.path` entry.
"""

import os

_place = os.path.dirname(os.path.dirname(__file__))
_app = os.path.abspath(_place)
_main = {"__name__": "czex_main", "__file__": os.path.join(_place, "__main__.py")}
if os.path.isdir(_place):
    _app = os.path.join(_app, "pex")
    with open(_main["__file__"], "rb") as _stream:
        _source = _stream.read()
else:
    _main["__loader__"] = __loader__
    _source = __loader__.get_data("__main__.py")
exec(compile(_source, "<czex>/__main__.py", "exec"), _main)
__path__ = []
_main["start_cold_path"]().start_for_import(_app, __name__)
