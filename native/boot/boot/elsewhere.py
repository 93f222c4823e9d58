"""Start the runtime from memory or from another directory, because the cache's file system is mounted with noexec.

This works only on Linux. On other systems `run_runtime` returns NOT_STARTED.
"""

import os
import tempfile

from boot import install


def run_runtime(executable, plan):
    """Do the same as `install.run_runtime`, from the first place that allows execution."""
    with open(executable, "rb") as stream:
        content = stream.read()
    directories = [tempfile.gettempdir(), os.environ.get("XDG_RUNTIME_DIR"), "/dev/shm", "/var/tmp"]
    for directory in [None] + [path for path in directories if path]:
        try:
            descriptor = nameless_file(content, directory)
            try:
                code = install.run_program("/proc/self/fd/{0}".format(descriptor), plan)
            finally:
                os.close(descriptor)
        except (AttributeError, OSError):
            # There is no memfd, no such directory, no space in it, or no /proc.
            continue
        if code != install.NOT_STARTED:
            return code
    return install.NOT_STARTED


def nameless_file(content, directory=None):
    """Return a descriptor of an executable file without a name, in a directory or in memory; it vanishes with this process."""
    if directory is None:
        descriptor = os.memfd_create("pexcz")
        install.write_all(descriptor, content)
        return descriptor
    descriptor, path = tempfile.mkstemp(prefix="czex-", dir=directory)
    try:
        try:
            install.write_all(descriptor, content)
            os.fchmod(descriptor, 0o700)
        finally:
            # A file that is open for writing can't be executed.
            os.close(descriptor)
        return os.open(path, os.O_RDONLY)
    finally:
        os.unlink(path)
