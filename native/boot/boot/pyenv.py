"""Find the interpreter that a shim of pyenv would start in this directory, without running the shim.

https://github.com/pyenv/pyenv#choosing-the-python-version
"""

import os
import re

from boot import redirect

NAME = re.compile(r"(python|pypy)(?:([2-9])(\.[0-9]+)?[a-z]?)?$")


def is_shim(path):
    directory, name = os.path.split(path)
    root, shims = os.path.split(directory)
    return shims == "shims" and bool(NAME.match(name)) and os.path.isdir(root + "/versions")


def started_by(shim, watch):
    """Return the interpreter that a shim would start, or `None` if no active version has it.

    :param watch: Called with each path that the answer depends on.
    """
    root, name = os.path.dirname(os.path.dirname(shim)), os.path.basename(shim)
    stem, major, minor = NAME.match(name).groups()  # type: ignore[union-attr]
    prefix = ("pypy" if stem == "pypy" else "") + (major or "")
    for version in active_versions(root, watch):
        # The name `python` means CPython. A name with a minor version exists only in versions that it fits.
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
    path = redirect.version_file() or os.path.join(root, "version")
    watch(path)
    try:
        with open(path) as stream:
            return stream.read().split()
    except EnvironmentError:
        return []


def callers_path():
    """Return the directories of PATH, without the ones that a shim of pyenv has put first to start this process."""
    entries = os.environ.get("PATH", "").split(os.pathsep)
    # Only `pyenv exec` sets this.
    if "PYENV_DIR" in os.environ:
        roots = [os.environ.get(name) for name in ("PYENV_ROOT", "_PYENV_INSTALL_PREFIX")]
        added = "|".join(re.escape(root) for root in roots if root)
        while added and re.match(
            "({0})/(libexec|(versions|plugins)/[^/]+/bin)$".format(added), entries[0]
        ):
            del entries[0]
    return entries
