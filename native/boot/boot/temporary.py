"""Provide a temporary cache for one start, if the real cache can't be used.

A start that ends normally removes its temporary cache. After any other end, the next start that needs a temporary cache removes
it. A lock marks a cache that is in use: a start's process holds it until it ends, even if it becomes another program by `exec`.
"""

import errno
import os
import re
import shutil
import stat
import tempfile
import time

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

from boot.fail import CannotStart, tell
from boot.install import make_root

PREFIX = "czex-{0}-"
NAME = re.compile(r"czex-\d+-\w+$")
# The names that a cache can contain.
CONTENT = {"code", "pexes", "runtimes", "sources", "venvs", "wheels"}
# A start opens its files before the app opens any.
DESCRIPTORS_MAX = 64
# A younger cache may not be locked yet.
YOUNG_SECONDS = 60


def temporary_root(root, error, temporary=None):
    """Return a cache for this start, because `root` can't be used. It is removed when the app ends normally.

    :param temporary: The temporary cache that an earlier process of this start has made, or `None`.
    """
    import atexit

    temporary = temporary or inherited() or make_temporary_root(root, error)
    # In Python 2, a module that is removed from `sys.modules` loses its globals, which its functions need.
    getpid, rmtree = os.getpid, shutil.rmtree
    owner = getpid()
    is_windows = os.name == "nt"

    def remove():
        if getpid() == owner:
            if is_windows:
                release(temporary)
            rmtree(temporary, ignore_errors=True)

    atexit.register(remove)
    return temporary


def release(cache):
    """Close the files that this process holds in a temporary cache, because Windows doesn't remove open files."""
    for parent, _, names in os.walk(os.path.join(cache, "venvs")):
        if "record" in names:
            held = os.stat(os.path.join(parent, "record"))
            for descriptor in range(3, DESCRIPTORS_MAX):
                try:
                    if os.path.samestat(os.fstat(descriptor), held):
                        os.close(descriptor)
                except OSError:
                    # It isn't open.
                    pass


def make_temporary_root(root, error):
    reason = error.strerror
    if error.errno == errno.EEXIST:
        reason = "it is a broken symbolic link"
    if error.filename not in (None, root):
        reason = "{0}: {1}".format(error.filename, reason)
    try:
        remove_abandoned(os.path.realpath(tempfile.gettempdir()))
        prefix = PREFIX.format(os.getpid())
        temporary = os.path.realpath(tempfile.mkdtemp(prefix=prefix))
        lock_for_life(temporary)
        make_root(temporary)
    except OSError as second:
        raise CannotStart(
            "the cache {0} can't be used ({1}), and a temporary one can't be made ({2}); set PEXCZ_ROOT to a "
            "directory of your own".format(root, reason, second.strerror or second)
        )
    warning = (
        "czex: can't use the cache {0}: {1}; using {2} for this start only; set PEXCZ_ROOT to a "
        "directory of your own".format(root, reason, temporary)
    )
    tell(warning.replace("\n", "?"))
    return temporary


def lock_for_life(directory):
    """Hold a shared lock on a directory until this process ends, even if it becomes another program by `exec`."""
    if fcntl:
        descriptor = os.open(directory, os.O_RDONLY)
        if hasattr(os, "set_inheritable"):
            os.set_inheritable(descriptor, True)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        except EnvironmentError:
            # On a file system without locks, other starts can't get an exclusive lock either.
            pass


def inherited():
    """Return the temporary cache that this process made before it became this program by `exec`, or `None`."""
    parent = os.path.realpath(tempfile.gettempdir())
    prefix = PREFIX.format(os.getpid())
    for name in listed(parent):
        path = os.path.join(parent, name)
        if name.startswith(prefix) and is_held(path):
            return path
    return None


def is_held(path):
    """Return whether a path is a temporary cache of this user that this process has open."""
    try:
        status = is_own_cache(path) and os.lstat(path)
    except OSError:
        return False
    for descriptor in listed("/dev/fd") if status else ():
        try:
            if os.path.samestat(os.fstat(int(descriptor)), status):
                return True
        except OSError:
            # The descriptor that was open for the listing is closed again.
            pass
    return False


def remove_abandoned(parent):
    """Remove the temporary caches of this user that no process has locked."""
    status = os.stat(parent)
    if os.name != "nt" and status.st_mode & 0o22 and not status.st_mode & stat.S_ISVTX:
        # Other users could replace a directory after it was checked.
        return
    for name in listed(parent):
        path = os.path.join(parent, name)
        try:
            if NAME.match(name) and is_own_cache(path) and is_old(path):
                remove_unlocked(path)
        except EnvironmentError:
            # Another process is removing it, or uses it.
            pass


def is_own_cache(path):
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode) or not CONTENT.issuperset(listed(path)):
        return False
    return os.name == "nt" or status.st_uid == os.geteuid() and status.st_mode & 0o777 == 0o700


def is_old(path):
    return time.time() - os.lstat(path).st_mtime > YOUNG_SECONDS


def remove_unlocked(path):
    """Remove a temporary cache; raise OSError if it is used. After a kill, the next start removes the rest."""
    if not fcntl:
        # Windows refuses to rename a directory if a file in it is open.
        aside = path + "_"
        os.rename(path, aside)
        shutil.rmtree(aside, ignore_errors=True)
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)


def listed(directory):
    """Return the names in a directory; no names if it can't be read."""
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []
