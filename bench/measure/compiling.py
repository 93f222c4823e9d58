"""Compile the modules that a cold start without bytecode packs compiles, and do nothing else."""

from __future__ import annotations

from typing import List

from bench.forms.artifacts import Artifacts
from bench.measure.setting import Setting

COMPILING = "compiling the cold path"
# A cold start keeps modules in the cache, compiled. This program takes their sources from the CZEX.
_TEXTS = """
import marshal, sys, zipfile, zlib
kept, czex, output = sys.argv[1:]
with open(kept, "rb") as stream:
    names = sorted(marshal.load(stream)["code"])
with zipfile.ZipFile(czex) as file:
    sources = marshal.loads(zlib.decompress(file.read(".czex/boot")))["sources"]
with open(output, "wb") as stream:
    marshal.dump([sources[name] for name in names], stream)
"""
_COMPILE = """
import gc, marshal, sys
gc.disable()
with open(sys.argv[1], "rb") as stream:
    texts = marshal.load(stream)
for text in texts:
    compile(text, "<czex>", "exec", 0, 1)
"""


def command(setting: Setting, artifacts: Artifacts) -> List[str]:
    """Return the command that compiles. A cold start tells first which modules to compile."""
    cache = setting.new_directory(artifacts.app.name, COMPILING)
    python, texts = str(setting.python.executable), str(cache / "texts")
    setting.start([python, str(artifacts.czex), "hi"], cache)
    (kept,) = (cache / "pex" / "czex" / "code").iterdir()
    setting.start([python, "-c", _TEXTS, str(kept), str(artifacts.czex), texts], cache)
    return [python, "-c", _COMPILE, texts]
