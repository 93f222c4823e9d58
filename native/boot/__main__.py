try:
    try:
        # Python runs this file without a look at its checksum. All of it but these lines is a text, `quick.py`: whatever
        # damage there is becomes an exception, and so one message, and not a SyntaxError.
        exec("@quick@")
    except Exception:
        exec("@damaged@")

    # This runs the app, whose exceptions are its own. Few flipped bits make another name of it.
    _()  # noqa: F821
finally:
    # A file that is cut short, or at a NUL by a Python before 3.8, lacks this, and so is no program at all.
    """"""
