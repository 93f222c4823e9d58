"""Finds out whether a start has failed because of its cache, and says what is wrong there.

Each environment keeps this text beside a list of what was unpacked for it, in its file `packs`. A start that fails
executes it in the app's process, so it imports nothing but what Python has loaded.
"""

import marshal
import os
import sys

# Of Linux.
ST_NOEXEC = 8
NATIVE = (".so", ".pyd", ".dylib")
PYCACHE = "__pycache__"
BYTECODE = (".pyc", ".pyo")
# What the C libraries of Linux say where they may not map a library into memory.
REFUSALS = ("failed to map segment", "Error loading shared library")


def stop(packs, settings, app, error):
    """Say what `explain` does, and end the start where something can't be imported or executed.

    Other errors may have other reasons. After the message about the cache, the app's own traceback follows.
    """
    message = explain(packs, settings, app, error)
    entry = settings["entry"]
    is_program = entry and entry[0] == "binary"
    if is_program and not message:
        message = (
            "czex: can't start {0}: {1}: {2}; set PEXCZ_ROOT to a directory where it may be executed"
        ).format(app, entry[1], error.strerror)
    if message and (is_program or isinstance(error, (ImportError, SyntaxError, EOFError))):
        sys.exit(message)
    if message:
        sys.stderr.write(message + "\n")


def explain(packs, settings, app, error):
    """Why the cache has made a start fail, as a message; None where the cache has no part in it.

    Damage is made good by the next start: this one sees to that.

    :param packs: Of each pack its directory, its name, and how many files and bytes are in it beside bytecode.
    :param error: What importing the app has ended in.
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
            os.unlink(os.path.join(settings["venv"], "boot"))
        except OSError:
            hint = "remove it and start again"
    elif isinstance(error, (EOFError, TypeError, ValueError)):
        paths = [path for pack in found for path in pack.bytecode]
        # A module that is a link to a file has its bytecode beside the link.
        for parent, _, names in os.walk(settings["venv"]):
            paths += [os.path.join(parent, name) for name in names if name.endswith(BYTECODE)]
        for path in unreadable_bytecode(paths):
            problems.append("{0} is damaged in the cache".format(path))
            try:
                # Python makes it again.
                os.unlink(path)
            except OSError:
                hint = "remove it and start again"
    if problems:
        return "czex: can't start {0}: {1}; {2}".format(app, problems[0], hint)


class Found(object):
    """What is left of a pack in the cache.

    `problem` is None where nothing is missing, or that can't be told.
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
        """How many files and bytes are there, beside bytecode: Python adds to that. OSError where that can't be told."""
        files = size = 0
        for parent, names, found in os.walk(self.directory, onerror=fail):
            if any([os.path.islink(os.path.join(parent, name)) for name in names]):
                # Somebody has put a part of it elsewhere.
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
    """What to say where a native library can't be loaded because of the file system that the cache is on."""
    texts = []
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
    """Whether nothing on a directory's file system may be executed, nor loaded."""
    try:
        return bool(os.statvfs(directory).f_flag & ST_NOEXEC)
    except (AttributeError, OSError):
        return False


def unreadable_bytecode(paths):
    """Those files of bytecode that this Python would read, could make again from the source, and can't read."""
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
