# Every start compiles this text, which takes longer than its execution. Therefore it is short: it executes `warm.py`, whose
# bytecode is in the cache from the second start on, together with the record of the environment that is most likely needed.
# pexcz replaces the imports by the texts of `place.py` and `trust.py`. It runs on Python 2.7 and 3.5+, CPython and PyPy.
import marshal, os, sys  # noqa: E401, I001

from place import cache_root
from trust import distrusted

FINGERPRINT = "@fingerprint@"
# Only a cold start needs the rest, `first.py`, which is in an entry with a checksum.
COLD = """
import zlib
ABOUT = marshal.loads(zlib.decompress(__loader__.get_data(os.path.join(".czex", "start"))))
exec(ABOUT["first"])
"""
try:
    get = os.environ.get
    root = cache_root(get, "@pex_root@")
    problem = distrusted(root)
    if problem:
        raise OSError
    name = FINGERPRINT, sys.implementation.cache_tag, sys.hexversion
    with open(root + "/venvs/%s/warm.%s.%x" % name, "rb") as stream:
        code, LIKELY = marshal.loads(stream.read())
except Exception:
    exec(COLD)
exec(code)
