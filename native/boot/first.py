# How a cold start begins, in the namespace of `quick.py`. `.czex/start` has it, as a text.
import marshal
import os
import sys

INFLATED = {}
if hasattr(__loader__, "files"):
    # A directory, which knows its other entries from now on.
    __loader__.files = ABOUT["files"]  # noqa: F821


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


def kept():
    try:
        with open(KEPT, "rb") as stream:
            found = marshal.loads(stream.read())
        return found["code"]["warm"] and found
    except Exception:
        return carried(COMPILED if TAG in "@precompiled@".split() else "boot")


TAG = sys.implementation.cache_tag if hasattr(sys, "implementation") else ""
COMPILED = "boot." + TAG
# `quick.py` may not have got as far. From a cache that others can change, nothing is taken.
ROOT = not globals().get("problem") and globals().get("root")
NAME = "%s.%x" % (TAG, sys.hexversion)
# Of a damaged `quick.py` the root may be no text, which is an error here.
KEPT = ROOT and ROOT + "/boot/" + "@boot@" + "." + NAME
WARM = ROOT and ROOT + "/venvs/" + FINGERPRINT + "/warm." + NAME  # noqa: F821
if not TAG:
    # `quick.py` of Python 2.7 would not find them.
    KEPT = WARM = None
CARRIED = kept()
if "code" not in globals():
    code = CARRIED["code"].get("warm")
    code = code or compile(CARRIED["sources"]["warm"], "<czex>/warm.py", "exec")
    if hasattr(sys, "exc_clear"):
        sys.exc_clear()
