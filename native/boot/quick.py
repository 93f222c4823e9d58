# Every start compiles this text, which costs more than all that it does. So it is short, and leaves the work to `warm.py`,
# whose bytecode it finds in the cache from the second start on, and beside it the environment that it will most likely want.
# What `place.py` and `trust.py` say stands here in the place of their names. For Python 2.7 and 3.5+, CPython and PyPy.
import marshal, os, sys  # noqa: E401, I001

from place import cache_root
from trust import distrusted

FINGERPRINT = "@fingerprint@"
# Only a cold start needs the rest, which is in an entry with a checksum: `first.py`.
BOOT = """
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
    exec(BOOT)
exec(code)
