"""Handle a cache that is damaged or can't be written: repair it, or explain the problem."""

import errno
import marshal
import os
import sys

from boot import damage
from boot.fail import CannotStart
from boot.install import NOT_STARTED, unique_name


def runtime_failure(executable, code):
    """Return the error for a runtime that ended without a message of its own.

    :param code: The result of `install.run_runtime`.
    """
    if code == NOT_STARTED:
        return CannotStart(
            "{0} may not be executed; set PEXCZ_ROOT to a directory on a file system that is not "
            "mounted with noexec".format(executable)
        )
    end = "signal {0}".format(-code) if code < 0 else "code {0}".format(code)
    return CannotStart(
        "{0} was ended by {1}; give it more memory, or start again".format(executable, end)
    )


def tell_of_space(app, environment):
    """Print how much space an app needs, if its installation failed and the file system has less."""
    try:
        status = os.statvfs(environment.root)
    except (AttributeError, OSError):
        # Windows has no statvfs.
        return
    needed, free = environment.bytes_to_unpack(), status.f_bavail * status.f_frsize
    if free < needed:
        sys.stderr.write(
            "czex: can't install {0}: it needs {1:,} bytes in {2}, and {3:,} are free there\n".format(
                app, needed, environment.root, free
            )
        )


def discard(venv, is_whole):
    """Remove an environment that can't be read.

    :param is_whole: Tells whether an environment can be read after all: another start may have installed it again.
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
            raise CannotStart(
                "{0} is damaged and can't be renamed: {1}; remove it".format(venv, error.strerror)
            )
    for directory in damaged_packs(aside):
        discard(directory, lambda path: False)
    shutil.rmtree(aside, ignore_errors=True)


def damaged_packs(venv):
    """Return the directories of an environment's wheels and sources in which files are missing."""
    try:
        with open(os.path.join(venv, "packs"), "rb") as stream:
            packs = marshal.loads(stream.read())[0]
    except (EnvironmentError, EOFError, ValueError, TypeError):
        return []
    found = [damage.Found(*pack) for pack in packs]
    return [pack.directory for pack in found if pack.problem]
