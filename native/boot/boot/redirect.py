"""Goes on in the interpreter that an earlier start chose, as long as the choice would be the same again.

Kept as bytecode where the environment of an interpreter that can't run the app would be, and executed in the place of
`activate.py`, so that other starts carry nothing of it. Imports only what Python has loaded.
"""

import os


def run(settings, app):
    """Start over in the interpreter of `settings`. Returns where it has to be chosen again."""
    for name, value in settings["environ"]:
        if os.environ.get(name) != value:
            return
    for path, known in settings["watched"]:
        if signature(path) != known:
            return
    for known in settings["version_file"]:
        if version_file() != known:
            return
    if settings["directory"] in (None, working_directory()):
        activation = {"__name__": "czex_activate"}
        exec(settings["activation"], activation)
        try:
            activation["reexecute"](settings["python"])
        except OSError:
            return


def signature(path):
    """What changes with a file, or with the entries of a directory. None where there is neither."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mode, status.st_size, status.st_mtime


def version_file():
    """The `.python-version` that counts for pyenv here, the nearest from the working directory upwards, or None."""
    directory = working_directory() or os.sep
    while True:
        path = os.path.join(directory, ".python-version")
        if signature(path):
            return path
        if directory == os.path.dirname(directory):
            return None
        directory = os.path.dirname(directory)


def working_directory():
    try:
        return os.getcwd()
    except OSError:
        return None
