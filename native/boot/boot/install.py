"""Write the runtime into the cache, and start it with a plan. docs/runtime.md describes its work."""

import errno
import os
import stat
import sys

from trust import distrusted

from boot import interpreter

MACHINES = {
    "AMD64": "x86_64",
    "ARM64": "arm64",
    "armv7l": "armv7",
    "armv8l": "armv7",
}
# The exit code of a shell for a program that can't be executed.
NOT_STARTED = 126
# The exit code of the runtime if the cache refuses a write.
CACHE_REFUSED = 73
SYSTEMS = {"darwin": "macos", "win32": "windows"}


def platform():
    """Return this machine's platform, by its name in native/platforms.json."""
    system = SYSTEMS.get(
        sys.platform, "linux" if sys.platform.startswith("linux") else sys.platform
    )
    if interpreter.IS_WINDOWS:
        machine = os.environ.get("PROCESSOR_ARCHITEW6432") or os.environ["PROCESSOR_ARCHITECTURE"]
    else:
        machine = os.uname()[4]
        if machine == "aarch64" and sys.maxsize < 2**32:
            machine = "armv7l"
    return "{0}-{1}".format(system, MACHINES.get(machine, machine))


def check_root(root):
    """Raise OSError if `root` is `distrusted`, or can't be examined."""
    problem = distrusted(root)
    if isinstance(problem, set):
        raise OSError(errno.EPERM, "it belongs to another user, {0}".format(*problem), root)
    if problem:
        raise OSError(errno.EPERM, "others can write to it", root)


def make_root(root):
    """Prepare `root` for environments; raise OSError if that is impossible."""
    for name in ("runtimes", "sources", "venvs", "wheels"):
        path = os.path.join(root, name)
        make_directory(path)
        if interpreter.IS_WINDOWS:
            check_writable(path)
        elif not os.access(path, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES), path)


def check_writable(directory):
    """Raise OSError if nothing can be made in a directory. On Windows, `os.access` only knows an attribute of files."""
    probe = os.path.join(directory, unique_name() + ".tmp")
    try:
        os.mkdir(probe)
        os.rmdir(probe)
    except OSError as error:
        raise OSError(error.errno, error.strerror, directory)


def runtime(archive, manifest, root):
    """Write the runtime executable into the cache if it is missing, and return its path."""
    name = platform()
    sha256 = manifest["runtimes"].get(name)
    if not sha256:
        from boot import unresolved

        raise unresolved.built_elsewhere(archive.path, manifest)
    executable = "pexcz.exe" if interpreter.IS_WINDOWS else "pexcz"
    entry = ".czex/runtime/{0}/{1}".format(name, executable)
    path = os.path.join(root, "runtimes", sha256, executable)
    try:
        with open(path, "rb") as stream:
            if archive.is_content(entry, stream.read()):
                return path
    except EnvironmentError:
        pass
    write_whole(path, archive.read(entry), 0o755)
    return path


def unique_name():
    """Return a name that no other process uses, even one with the same process id in a container."""
    try:
        return "".join("%02x" % byte for byte in bytearray(os.urandom(8)))
    except NotImplementedError:
        # Python 2.7 and PyPy have no random bytes if /dev is missing.
        import time

        return "%08x%08x" % (os.getpid(), int(time.time() * 1000000) & 0xFFFFFFFF)


def make_directory(path):
    """Make a directory and its parents, if they are missing. Only this user can write to them, with any umask."""
    missing = []
    while not is_directory(path):
        missing.append(path)
        parent = os.path.dirname(path)
        if parent == path:
            break
        path = parent
    for directory in reversed(missing):
        try:
            os.mkdir(directory, 0o755)
        except OSError:
            # Another process may have made it meanwhile.
            if not is_directory(directory):
                raise


def is_directory(path):
    """Return whether a directory exists. Raise OSError if it can't be made, because a file is there or the path is too long."""
    try:
        found = os.stat(path)
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise
        return False
    if not stat.S_ISDIR(found.st_mode):
        raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    return True


def write_whole(path, content, mode=0o644):
    """Write a file that other processes see complete or not at all, and make its directory if need be."""
    make_directory(os.path.dirname(path))
    temporary = "{0}.{1}.tmp".format(path, unique_name())
    try:
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode
        )
        try:
            write_all(descriptor, content)
        finally:
            os.close(descriptor)
        replace = getattr(os, "replace", os.rename)
        replace(temporary, path)
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise


def link(path, target):
    """Make a symbolic link, which replaces an existing one."""
    temporary = "{0}.{1}.tmp".format(path, unique_name())
    os.symlink(target, temporary)
    try:
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def write_all(descriptor, content):
    while content:
        try:
            content = content[os.write(descriptor, content) :]
        except OSError as error:
            # Python 2.7 doesn't repeat an interrupted call.
            if error.errno != errno.EINTR:
                raise


def run_runtime(executable, plan):
    """Start the runtime with a plan on its standard input, and return its exit code: NOT_STARTED if it can't be executed,
    a negative number for a signal.
    """
    code = run_program(executable, plan)
    if code == NOT_STARTED:
        from boot import elsewhere

        code = elsewhere.run_runtime(executable, plan)
    return code


def run_program(executable, plan):
    """Do the same as `run_runtime`, but only from the path of the executable.

    `subprocess` would cost more than the runtime's own work on a small app.
    """
    argv = [executable, "install", "-"]
    if interpreter.IS_WINDOWS:
        import subprocess

        process = subprocess.Popen(argv, stdin=subprocess.PIPE)
        process.communicate(plan)
        return process.returncode
    reader, writer = os.pipe()
    try:
        if hasattr(os, "posix_spawn"):
            actions = [
                (os.POSIX_SPAWN_CLOSE, writer),
                (os.POSIX_SPAWN_DUP2, reader, 0),
            ]
            pid = os.posix_spawn(executable, argv, os.environ, file_actions=actions)
        else:
            pid = os.fork()
            if pid == 0:
                try:
                    os.close(writer)
                    os.dup2(reader, 0)
                    os.execv(executable, argv)
                finally:
                    os._exit(NOT_STARTED)
    except OSError as error:
        os.close(writer)
        if error.errno not in (errno.EACCES, errno.EPERM):
            raise
        return NOT_STARTED
    finally:
        os.close(reader)
    try:
        write_all(writer, plan)
    except OSError as error:
        if error.errno != errno.EPIPE:
            raise
    finally:
        os.close(writer)
    status = os.waitpid(pid, 0)[1]
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
