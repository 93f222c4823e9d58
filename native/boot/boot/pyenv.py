"""pyenv's shims: the interpreter that each of them would start in this directory, found without starting it.

https://github.com/pyenv/pyenv#choosing-the-python-version
"""

import os
import re

NAME = re.compile(r"(python|pypy)(?:([2-9])(\.[0-9]+)?[a-z]?)?$")


def is_shim(path):
    directory, name = os.path.split(path)
    root, shims = os.path.split(directory)
    return shims == "shims" and bool(NAME.match(name)) and os.path.isdir(root + "/versions")


def started_by(shim, watch):
    """The interpreter that a shim would start, or None where no active version has it.

    :param watch: Is called with each path that the answer depends on.
    """
    root, name = os.path.dirname(os.path.dirname(shim)), os.path.basename(shim)
    stem, major, minor = NAME.match(name).groups()
    prefix = ("pypy" if stem == "pypy" else "") + (major or "")
    for version in active_versions(root, watch):
        # `python` alone is CPython. A name with a minor version is only where it belongs.
        if minor or version.startswith(prefix) and (prefix or version[:1].isdigit()):
            python = os.path.join(root, "versions", version, "bin", name)
            watch(python)
            if os.access(python, os.X_OK):
                return os.path.realpath(python)
    return None


def active_versions(root, watch):
    versions = os.environ.get("PYENV_VERSION")
    if versions:
        return versions.split(":")
    try:
        with open(version_file(root, watch)) as stream:
            return stream.read().split()
    except EnvironmentError:
        return []


def version_file(root, watch):
    """The nearest `.python-version`, from the working directory upwards, else the global one."""
    try:
        directory = os.getcwd()
    except OSError:
        directory = os.sep
    while True:
        path = os.path.join(directory, ".python-version")
        watch(path)
        if os.path.exists(path):
            return path
        if directory == os.path.dirname(directory):
            break
        directory = os.path.dirname(directory)
    path = os.path.join(root, "version")
    watch(path)
    return path
