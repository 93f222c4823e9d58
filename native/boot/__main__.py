try:
    # Every start compiles this file, which costs more than all that it does: so it is short, and leaves the work to
    # `warm.py`, whose bytecode it finds in the cache from the second start on, and beside it the environment that it will
    # most likely want. What only a cold start needs is a string until then. From a cache that another user has made, or
    # can write to, nothing is taken. For Python 2.7 and 3.5+, CPython and PyPy. It all stands behind `try`, without
    # which a file that is cut short, or at a NUL by a Python before 3.8, would be a program that does nothing.
    import marshal
    import os
    import sys

    FINGERPRINT = "@fingerprint@"
    PEX_ROOT = "@pex_root@"
    BOOT = """
INFLATED = {}


def carried(name):
    import zlib

    try:
        INFLATED[name] = zlib.decompress(__loader__.get_data(os.path.join(".czex", name)))
        return marshal.loads(INFLATED[name])
    except Exception as error:
        sys.exit("czex: %s is damaged: %s; download or build it again" % (sys.argv[0], error))


def kept():
    try:
        with open(KEPT, "rb") as stream:
            found = marshal.loads(stream.read())
        return found["code"]["warm"] and found
    except Exception:
        return carried(COMPILED if TAG in "@precompiled@".split() else "boot")


TAG = sys.implementation.cache_tag if hasattr(sys, "implementation") else ""
COMPILED = "boot." + TAG
ROOT = globals().get("ROOT")
KEPT = TAG and ROOT and ROOT + "/boot/" + "@boot@" + ".%s.%x" % (TAG, sys.hexversion)
CARRIED = kept()
if "code" not in globals():
    code = CARRIED["code"].get("warm")
    code = code or compile(CARRIED["sources"]["warm"], "<czex>/warm.py", "exec")
    if hasattr(sys, "exc_clear"):
        sys.exc_clear()
"""
    get = os.environ.get
    ROOT = get("PEX_ROOT") or PEX_ROOT or get("LOCALAPPDATA") or get("XDG_CACHE_HOME")
    ROOT = ROOT or get("HOME") + ("/Library/Caches" if sys.platform == "darwin" else "/.cache")
    ROOT = get("PEXCZ_ROOT") or ROOT + "/czex"
    WARM = "/venvs/%s/warm.%s.%x" % (FINGERPRINT, sys.implementation.cache_tag, sys.hexversion)
    WARM = ROOT + WARM
    found = os.stat(ROOT)
    if os.name != "nt" and (found.st_mode & 18 or found.st_uid not in (0, os.geteuid())):
        ROOT = WARM = ""
    with open(WARM, "rb") as stream:
        code, LIKELY = marshal.loads(stream.read())
except Exception:
    exec(BOOT)

exec(code)
