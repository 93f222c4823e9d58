"""Search for interpreters in directories and files, by the names that interpreters have."""

import os
import re

from boot import redirect

# On macOS there is `Python`, on Gentoo `python3.6m`; free-threaded builds are named `python3.13t`.
NAME = re.compile(r"(python|pypy)([2-9](\.[0-9]+[a-z]?)?)?(\.exe)?$", re.IGNORECASE)


class Search(object):
    """A search for interpreters, which records the facts that its result depends on.

    :ivar watched: Path -> `redirect.signature` of each file and directory that was examined.
    :ivar directory: The working directory, if the result depends on it.
    :ivar version_file: A list with `redirect.version_file()`, if the result depends on it.
    :ivar inactive: The shims of pyenv that no active version provides.
    """

    def __init__(self):
        self.watched = {}
        self.directory = None
        self.version_file = []
        self.inactive = []

    def candidates(self, entries, name=None):
        """Return the interpreters in `entries`, which are directories or files, in order and without duplicates.

        :param name: The only name to accept.
        """
        found = []
        seen = set()
        for entry in entries:
            for path in self._files(entry, name):
                python = self.started_by(path)
                if python is None:
                    self.inactive.append(path)
                    continue
                self._watch(python)
                real = os.path.realpath(python)
                # The target of some links chooses the interpreter by the name of the link.
                identity = real if is_named(real) else python
                if identity not in seen:
                    seen.add(identity)
                    found.append(python)
        return found

    def started_by(self, path):
        """Return `path`, or if it is a shim of pyenv, the interpreter behind it; `None` if no active version provides the shim."""
        if os.path.basename(os.path.dirname(path)) == "shims":
            from boot import pyenv

            if pyenv.is_shim(path):
                if not os.environ.get("PYENV_VERSION"):
                    self.version_file = [redirect.version_file()]
                return pyenv.started_by(path, self._watch)
        return path

    def _watch(self, path):
        self.watched[path] = redirect.signature(path)

    def _files(self, entry, name):
        if not os.path.isabs(entry):
            if not entry:
                return []
            self.directory = redirect.working_directory()
            entry = os.path.abspath(entry)
        self._watch(entry)
        if os.path.isfile(entry):
            names = (entry, os.path.realpath(entry))
            return [entry] if any(is_named(path, name) for path in names) else []
        try:
            paths = [os.path.join(entry, found) for found in sorted(os.listdir(entry))]
        except EnvironmentError:
            return []
        return [path for path in paths if is_named(path, name) and not os.path.isdir(path)]


def is_named(path, name=None):
    """Return whether a file has the given name; without one, whether it has the name of an interpreter."""
    base = os.path.basename(path)
    if os.name == "nt" and name:
        # Windows finds `python.exe` by `python`.
        return base.lower() in (name.lower(), name.lower() + ".exe")
    return base == name if name else bool(NAME.match(base))


def contain(entries, python):
    """Return whether an interpreter is one of the files in `entries`, or in one of the directories."""
    real = os.path.realpath(python)
    return any(os.path.realpath(entry) in (real, os.path.dirname(real)) for entry in entries)
