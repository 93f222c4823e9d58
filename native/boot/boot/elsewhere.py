"""Starts the runtime where the cache's file system lets nothing be executed: from memory, or from another directory.

Only Linux has what this needs. Elsewhere nothing here can be started.
"""

import os
import tempfile

from boot import install


def run_runtime(executable, plan):
    """As `install.run_runtime`, from the first place that allows it."""
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
            # No memfd, no such directory, no room there, no /proc.
            continue
        if code != install.NOT_STARTED:
            return code
    return install.NOT_STARTED


def nameless_file(content, directory=None):
    """A descriptor of an executable file that is gone with this process, in a directory or in memory."""
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
            # What can be written to may not be executed.
            os.close(descriptor)
        return os.open(path, os.O_RDONLY)
    finally:
        os.unlink(path)
