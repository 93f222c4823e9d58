"""Find out whether a start has failed because its cache is damaged, and explain the damage.

Each environment keeps this text in its file `packs`, beside a list of the packs that were unpacked for it. A start that fails
executes the text in the app's process. Therefore it imports only modules that Python has loaded already.
"""

import marshal
import os
import sys

# A flag of Linux.
ST_NOEXEC = 8
NATIVE = (".so", ".pyd", ".dylib")
PYCACHE = "__pycache__"
BYTECODE = (".pyc", ".pyo")
# The C libraries of Linux print this if they may not map a library into memory.
REFUSALS = ("failed to map segment", "Error loading shared library")


def stop(packs, settings, app, error):
    """Print the message of `explain`. End the start if a module can't be imported or a program can't be executed.

    Other errors may have other reasons: after the message, the app's own traceback follows.
    """
    message = explain(packs, settings, app, error)
    entry = settings["entry"]
    is_program = entry and entry["kind"] == "binary"
    if is_program and not message:
        message = (
            "czex: can't start {0}: {1}: {2}; set PEXCZ_ROOT to a directory where it may be executed"
        ).format(app, entry["target"], error.strerror)
    if message and (is_program or isinstance(error, (ImportError, SyntaxError, EOFError))):
        sys.exit(message)
    if message:
        sys.stderr.write(message + "\n")


def explain(packs, settings, app, error):
    """Return a message that explains the failure of a start by damage in the cache; `None` if the cache is not the reason.

    Mark the damage, so that the next start repairs it.

    :param packs: (directory, name, number of files, number of bytes) of each pack, without bytecode.
    :param error: The exception that the import of the app has raised.
    """
    found = [Found(*pack) for pack in packs]
    problem = refused_library(found, error)
    if problem:
        return "czex: can't start {0}: {1}".format(app, problem)
    problems = [pack.problem for pack in found if pack.problem]
    if not os.path.isdir(settings["site_packages"]):
        problems.append("{0} is missing from the cache".format(settings["site_packages"]))
    hint = "start again to install it again"
    if problems:
        try:
            # Windows doesn't remove open files.
            os.close(settings["held"])
            os.unlink(os.path.join(settings["venv"], "record"))
        except (LookupError, OSError):
            hint = "remove it and start again"
    elif isinstance(error, (EOFError, TypeError, ValueError)):
        paths = [path for pack in found for path in pack.bytecode]
        # A module that is a link to a file has its bytecode beside the link.
        for parent, _, names in os.walk(settings["venv"]):
            paths += [os.path.join(parent, name) for name in names if name.endswith(BYTECODE)]
        for path in unreadable_bytecode(paths):
            problems.append("{0} is damaged in the cache".format(path))
            try:
                # Python compiles it again.
                os.unlink(path)
            except OSError:
                hint = "remove it and start again"
    if problems:
        return "czex: can't start {0}: {1}; {2}".format(app, problems[0], hint)


class Found(object):
    """The state of a pack in the cache.

    `problem` is `None` if no file is missing, or if the directory can't be examined.
    """

    def __init__(self, directory, name, files, size):
        self.directory = directory
        self.name = name
        self.problem = None
        self.is_native = False
        self.bytecode = []
        try:
            if not os.path.lexists(directory):
                self.problem = "{0} is missing from the cache".format(directory)
                return
            files_left, size_left = self._count()
        except OSError:
            return
        counts = ((files - files_left, files, "files"), (size - size_left, size, "bytes"))
        for missing, all_of_them, unit in counts:
            if missing > 0:
                self.problem = "{0} is damaged in the cache: {1} of {2} {3} are missing".format(
                    directory, missing, all_of_them, unit
                )
                return

    def _count(self):
        """Count files and bytes, without bytecode, which Python adds. Raise OSError if the directory can't be examined."""
        files = size = 0
        for parent, names, found in os.walk(self.directory, onerror=fail):
            if any([os.path.islink(os.path.join(parent, name)) for name in names]):
                # A part of the pack was moved elsewhere, so the count would be wrong.
                raise OSError
            for name in found:
                path = os.path.join(parent, name)
                if name.endswith(BYTECODE):
                    self.bytecode.append(path)
                elif os.path.basename(parent) != PYCACHE:
                    files += 1
                    size += os.stat(path).st_size
                    self.is_native = self.is_native or name.endswith(NATIVE) or ".so." in name
        return files, size


def fail(error):
    raise error


def refused_library(packs, error):
    """Return a reason if a native library can't be loaded because the cache's file system is mounted with noexec."""
    texts = []  # type: list
    while error is not None and len(texts) < 100:
        texts.append(str(error))
        error = getattr(error, "__cause__", None) or getattr(error, "__context__", None)
    if not any([refusal in text for text in texts for refusal in REFUSALS]):
        return None
    names = [pack.name for pack in packs if pack.is_native and is_noexec(pack.directory)]
    if names:
        return (
            "{0} has native libraries, which can't be loaded from {1}: its file system is mounted with "
            "noexec; set PEXCZ_ROOT to a directory on another one"
        ).format(", ".join(names), os.path.dirname(os.path.dirname(packs[0].directory)))


def is_noexec(directory):
    """Return whether a directory is on a file system that is mounted with noexec."""
    try:
        return bool(os.statvfs(directory).f_flag & ST_NOEXEC)
    except (AttributeError, OSError):
        return False


def unreadable_bytecode(paths):
    """Find the bytecode files that this Python would read but can't, and that it can compile again from a source."""
    header = 8 if sys.version_info[0] == 2 else 16 if sys.version_info >= (3, 7) else 12
    for path in paths:
        directory, name = os.path.split(path)
        stem, _, tag = name.rpartition(".")[0].partition(".")
        if os.path.basename(directory) == PYCACHE:
            if tag.split(".")[0] != sys.implementation.cache_tag:
                continue
            directory = os.path.dirname(directory)
        if not os.path.exists(os.path.join(directory, stem + ".py")):
            continue
        try:
            with open(path, "rb") as stream:
                content = stream.read()
            marshal.loads(content[header:])
        except (EOFError, TypeError, ValueError):
            if len(content) > header:
                yield path
        except EnvironmentError:
            pass
