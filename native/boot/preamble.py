# The `__main__.py` of an app with a preamble (`pex --preamble-file`): the preamble runs first, in the namespace that the app
# finds as `__main__`, and the boot in another. The import hook runs the boot alone, and so does an interpreter that is
# asked what it is. It is one statement: a file that is cut short must not be a program.
for __czex__ in [
    ("@preamble@", globals()),
    ("@main@", dict(globals()) if __name__ == "__main__" else globals()),
][__name__ != "__main__" or "_CZEX_COLD_PROBE" in __import__("os").environ :]:
    exec(compile(__czex__[0], __file__, "exec", 0, 1), __czex__[1])
