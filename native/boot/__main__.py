# Every start compiles this file, which costs more than all that it does: so it is short, and leaves the work to
# `warm.py`, whose bytecode it finds in the cache from the second start on. For Python 2.7 and 3.5+, CPython and PyPy.
import marshal
import os
import sys

FINGERPRINT = "@fingerprint@"
PEX_ROOT = "@pex_root@"
WARM = None
try:
    get = os.environ.get
    WARM = get("PEX_ROOT") or PEX_ROOT or get("XDG_CACHE_HOME") or os.environ["HOME"] + "/.cache"
    WARM = get("PEXCZ_ROOT") or WARM + "/czex"
    WARM += "/venvs/%s/warm.%s.%x" % (FINGERPRINT, sys.implementation.cache_tag, sys.hexversion)
    with open(WARM, "rb") as stream:
        code = marshal.loads(stream.read())
except Exception:
    code = compile(__loader__.get_data(os.path.join(".czex", "boot", "warm.py")), "warm.py", "exec")
exec(code)
if __name__ != "czex_main":
    main()
