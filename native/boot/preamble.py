# The `__main__.py` of an app with a preamble (`pex --preamble-file`). The preamble runs first, in the namespace that the app
# finds as `__main__`; the boot runs in another. The import hook runs only the boot, as does an interpreter that is only
# examined. All code is one statement, so that a truncated file is not a valid program.
for __czex__ in [
    ("@preamble@", globals()),
    ("@main@", dict(globals()) if __name__ == "__main__" else globals()),
][__name__ != "__main__" or "_CZEX_COLD_PROBE" in __import__("os").environ :]:
    exec(compile(__czex__[0], __file__, "exec", 0, 1), __czex__[1])
