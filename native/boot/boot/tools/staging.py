"""Make a directory that is complete or absent, even if the process is killed or the disk is full.

The stage is a directory beside it, or inside it if it exists already; renames move the finished content to its place. The
process holds a lock, which ends with it. The next process removes the files that a killed one left behind.
"""

import os
import shutil

from boot.fail import CannotStart
from boot.install import make_directory, unique_name

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

SUFFIX = ".czex-venv.tmp"


class Stage(object):
    """The place where `directory` is made, as a context manager."""

    def __init__(self, directory, force):
        self._directory = directory
        self._force = force
        parent = os.path.dirname(directory)
        self._is_inside = os.path.isdir(directory) and not (
            force and not os.path.ismount(directory) and os.access(parent, os.W_OK)
        )
        if self._is_inside:
            self.path = os.path.join(directory, SUFFIX)
        else:
            make_directory(parent)
            self.path = os.path.join(parent, "." + os.path.basename(directory) + SUFFIX)
        if fcntl is None:
            self.path += "." + unique_name()
        self._lock = None

    def __enter__(self):
        while self._lock is None:
            self._lock = self._locked()
        for name in os.listdir(self.path):
            remove(os.path.join(self.path, name))
        return self

    def _locked(self):
        """Make and lock the stage. Return its descriptor, or `None` to try again."""
        try:
            os.mkdir(self.path, 0o700)
        except OSError:
            status = os.lstat(self.path)
            if os.path.islink(self.path) or fcntl and status.st_uid != os.geteuid():
                raise CannotStart("{0} belongs to another user; remove it".format(self.path))
        if fcntl is None:
            return -1
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_ino == os.stat(self.path).st_ino:
                return descriptor
        except (IOError, OSError) as error:
            os.close(descriptor)
            if os.path.isdir(self.path):
                raise CannotStart(
                    "another process is making {0} ({1})".format(self._directory, error.strerror)
                )
            return None
        os.close(descriptor)
        return None

    def __exit__(self, *_):
        remove(self.path)
        if self._lock is not None and self._lock >= 0:
            os.close(self._lock)

    def publish(self, made):
        """Move a finished directory from the stage to its place."""
        os.chmod(made, 0o777 & ~umask())
        if self._is_inside:
            if self._force:
                self._put_aside()
            check_room(made, self._directory)
            merge(made, self._directory)
            return
        if os.path.lexists(self._directory):
            os.rename(self._directory, os.path.join(self.path, "replaced"))
        os.rename(made, self._directory)

    def _put_aside(self):
        aside = os.path.join(self.path, "replaced")
        os.mkdir(aside)
        for name in os.listdir(self._directory):
            if name != os.path.basename(self.path):
                os.rename(os.path.join(self._directory, name), os.path.join(aside, name))


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def merge(source, target):
    """Move the content of a directory into another. A file replaces one with its name.

    The files that make the target look like an environment come last.
    """
    last = ("pyvenv.cfg", "bin", "Scripts", "__main__.py", "pex", ".pex-venv-scope")
    names = os.listdir(source)
    for name in sorted(names, key=lambda name: last.index(name) if name in last else -1):
        old, new = os.path.join(source, name), os.path.join(target, name)
        if is_directory(old) and is_directory(new):
            merge(old, new)
        else:
            getattr(os, "replace", os.rename)(old, new)


def check_room(source, target):
    """Raise CannotStart if a file would replace a directory, or a directory a file."""
    for name in os.listdir(source):
        old, new = os.path.join(source, name), os.path.join(target, name)
        if os.path.lexists(new) and is_directory(old) != is_directory(new):
            raise CannotStart(
                "{0} exists already; remove it, or use --force to overwrite everything".format(new)
            )
        if is_directory(old) and is_directory(new):
            check_room(old, new)


def is_directory(path):
    return os.path.isdir(path) and not os.path.islink(path)


def remove(path):
    if is_directory(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)
