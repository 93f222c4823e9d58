# The beginning of a cold start, in the namespace of `quick.py`. `.czex/start` contains this text.
import marshal
import os
import sys

INFLATED = {}
if hasattr(__loader__, "files"):
    # The CZEX is a directory: from now on its loader knows the other entries.
    __loader__.files = ABOUT["files"]  # noqa: F821


# Return the content of an entry of the CZEX below `.czex`.
def carried(name):
    import zlib

    try:
        INFLATED[name] = zlib.decompress(__loader__.get_data(os.path.join(".czex", name)))
        return marshal.loads(INFLATED[name])
    except Exception as error:
        sys.exit(
            "czex: can't start %s: it is damaged: %s; download or build it again"
            % (sys.argv[0], error)
        )


# Return the code of the cold path: from the cache if that has it, otherwise from the CZEX.
def cold_path():
    try:
        with open(KEPT, "rb") as stream:
            found = marshal.loads(stream.read())
        return found["code"]["warm"] and found
    except Exception:
        return carried(COMPILED if TAG in "@precompiled@".split() else "boot")


TAG = sys.implementation.cache_tag if hasattr(sys, "implementation") else ""
COMPILED = "boot." + TAG
# `quick.py` may have failed before it set these. Nothing is read from a cache that others can change.
ROOT = not globals().get("problem") and globals().get("root")
NAME = "%s.%x" % (TAG, sys.hexversion)
# After damage to `quick.py` the root may be no text, which raises an exception here.
KEPT = ROOT and ROOT + "/code/" + "@boot@" + "." + NAME
WARM = ROOT and ROOT + "/venvs/" + FINGERPRINT + "/warm." + NAME  # noqa: F821
if not TAG:
    # In Python 2.7, `quick.py` would not find these files.
    KEPT = WARM = None
COLD_PATH = cold_path()
if "code" not in globals():
    code = COLD_PATH["code"].get("warm")
    code = code or compile(COLD_PATH["sources"]["warm"], "<czex>/warm.py", "exec")
    if hasattr(sys, "exc_clear"):
        sys.exc_clear()
