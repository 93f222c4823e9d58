try:
    try:
        # Python runs this file without a check of its checksum. All but these lines is a text, `quick.py`. Damage to the text
        # raises an exception, which gives one message instead of a SyntaxError.
        exec("@quick@")
    except Exception:
        exec("@damaged@")

    # This runs the app, whose exceptions are its own. The name is short, so that few flipped bits can change it.
    _()  # noqa: F821
finally:
    # A truncated file, or one that Python before 3.8 cuts at a NUL, lacks this block, and is therefore not a valid program.
    """"""
