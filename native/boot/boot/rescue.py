"""What to do where the cache is not as it should be: a temporary one, or a damaged environment out of the way."""

import errno
import os
import sys

from boot.fail import CannotStart
from boot.install import NOT_STARTED, make_root, unique_name


def temporary_root(root, error, temporary=None):
    """A cache for this start alone, where `root` can't be used, removed when the app ends.

    :param temporary: The one that an earlier process of this start has made.
    """
    import atexit
    import shutil

    temporary = temporary or make_temporary_root(root, error)
    # Python 2 takes a module's names away from its functions when it is gone from `sys.modules`.
    getpid = os.getpid
    owner = getpid()

    def remove():
        if getpid() == owner:
            shutil.rmtree(temporary, ignore_errors=True)

    atexit.register(remove)
    return temporary


def make_temporary_root(root, error):
    import tempfile

    reason = error.strerror
    if error.errno == errno.EEXIST:
        reason = "it is a symbolic link that leads nowhere"
    if error.filename not in (None, root):
        reason = "{0}: {1}".format(error.filename, reason)
    try:
        temporary = os.path.realpath(tempfile.mkdtemp(prefix="czex-"))
        make_root(temporary)
    except OSError as second:
        raise CannotStart(
            "the cache {0} can't be used ({1}), nor can a temporary one ({2}); set PEXCZ_ROOT to a "
            "directory that can".format(root, reason, second.strerror or second)
        )
    warning = (
        "czex: the cache {0} can't be used ({1}); using {2} for this start alone; set PEXCZ_ROOT to a "
        "directory of your own".format(root, reason, temporary)
    )
    sys.stderr.write(warning.replace("\n", "?") + "\n")
    return temporary


def without_runtime(app, executable, code):
    """The error of a runtime that could say nothing itself.

    :param code: What `install.run_runtime` has returned.
    """
    if code == NOT_STARTED:
        return CannotStart(
            "{0} can't be installed: {1} may not be executed; set PEXCZ_ROOT to a directory on a file system that "
            "is not mounted with noexec".format(app, executable)
        )
    end = "signal {0}".format(-code) if code < 0 else "code {0}".format(code)
    return CannotStart(
        "{0} can't be installed: {1} was ended by {2}; give it more memory, or start again".format(
            app, executable, end
        )
    )


def discard(venv, is_whole):
    """Take an environment that can't be read out of the way.

    :param is_whole: Tells whether an environment can be read after all: another start may have made it anew.
    """
    if not os.path.lexists(venv) or is_whole(venv):
        return
    import shutil

    aside = "{0}.{1}.discarded".format(venv, unique_name())
    try:
        os.rename(venv, aside)
        if is_whole(aside):
            os.rename(aside, venv)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY):
            raise CannotStart("{0} is damaged; remove it ({1})".format(venv, error.strerror))
    for pack in incomplete_packs(aside):
        discard(pack, lambda path: False)
    shutil.rmtree(aside, ignore_errors=True)


def incomplete_packs(venv):
    """The directories of wheels and sources in which an environment's links find something no more."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(venv)))
    packs = set()
    for directory, names, files in os.walk(venv):
        for name in names + files:
            link = os.path.join(directory, name)
            if os.path.islink(link) and not os.path.exists(link):
                target = os.path.normpath(os.path.join(directory, os.readlink(link)))
                parts = target[len(root) + 1 :].split(os.sep)
                if target.startswith(root + os.sep) and parts[0] in ("wheels", "sources"):
                    packs.add(os.path.join(root, *parts[:2]))
    return packs
