"""Continue the start in the interpreter that an earlier start chose, if the same choice would be made again.

`choose.py` writes the file `redirect` for an interpreter that can't run the app. The file lies in the directory where the
environment of that interpreter would be. It holds the choice and the bytecode of this module, so that other starts
don't load it. This module imports only modules that Python has loaded.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boot import activate  # noqa: F401


def follow(redirect):
    """Start over in the interpreter of a redirect. Return if the interpreter has to be chosen again.

    :param redirect: The record that `choose.Choice.record` wrote.
    """
    for name, value in redirect["environ"]:
        if os.environ.get(name) != value:
            return
    for path, known in redirect["watched"]:
        if signature(path) != known:
            return
    for known in redirect["version_file"]:
        if version_file() != known:
            return
    if redirect["directory"] in (None, working_directory()):
        global activate
        activate = type(os)("czex_activate")
        exec(redirect["activate"], activate.__dict__)
        try:
            activate.reexecute(redirect["python"])
        except OSError:
            return


def signature(path):
    """Return values that change with a file, or with the entries of a directory; `None` if the path doesn't exist."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mode, status.st_size, status.st_mtime


def version_file():
    """Return the `.python-version` that pyenv obeys here: the nearest from the working directory upwards, or `None`."""
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
