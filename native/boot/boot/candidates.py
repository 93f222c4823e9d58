"""Where interpreters are sought: in directories and files, by the names that interpreters have."""

import os
import re

from boot import redirect

# macOS has a `Python`, Gentoo a `python3.6m`, free-threaded builds a `python3.13t`.
NAME = re.compile(r"(python|pypy)([2-9](\.[0-9]+[a-z]?)?)?(\.exe)?$", re.IGNORECASE)


class Search(object):
    """A search for interpreters, which keeps in mind what its outcome depends on.

    :ivar watched: Path → `redirect.signature` of what was looked at.
    :ivar directory: The working directory, if that has a say.
    :ivar version_file: `redirect.version_file()`, in a list, if that has a say.
    :ivar inactive: The shims of pyenv that lead nowhere here.
    """

    def __init__(self):
        self.watched = {}
        self.directory = None
        self.version_file = []
        self.inactive = []

    def candidates(self, entries, name=None):
        """Every interpreter in `entries`, each a directory or a file, once, in their order.

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
                # Some links start one interpreter or another by the name they are called by.
                identity = real if is_named(real) else python
                if identity not in seen:
                    seen.add(identity)
                    found.append(python)
        return found

    def started_by(self, path):
        """The interpreter itself, where `path` is a shim of pyenv; None where that is not active here."""
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
    """Whether a file has this name, or without one, the name of an interpreter."""
    base = os.path.basename(path)
    return base == name if name else bool(NAME.match(base))


def contain(entries, python):
    """Whether an interpreter is one of the files in `entries`, or in one of the directories."""
    real = os.path.realpath(python)
    return any(os.path.realpath(entry) in (real, os.path.dirname(real)) for entry in entries)
