"""Read and check a CZEX that is a directory. docs/format.md describes its content."""

import os

import boot
from boot.archive import Archive
from boot.fail import CannotStart

INCOMPLETE = "{0} is incomplete or damaged: {1}; copy or build it again"


class Directory(Archive):
    """A CZEX whose entries and packs are files."""

    damaged = INCOMPLETE

    def __init__(self, path, loader, files):
        Archive.__init__(self, path, loader, files)
        self.pack_directory = pack_directory(path)
        # The start may have executed `pex` instead of `__main__.py`.
        self.read("pex")


def pack_directory(path):
    return os.path.join(path, ".czex", "packs")


def pack_file(directory, pack):
    """Return the path of a pack. Raises CannotStart if its file is missing or too short; the runtime checks its content."""
    path = os.path.join(directory, pack["fingerprint"] + ".pack")
    try:
        problem = None
        size = os.stat(path).st_size
        if size != pack["size"]:
            problem = "it has {0} bytes instead of {1}".format(size, pack["size"])
    except OSError as error:
        problem = error.strerror
    if problem:
        app = os.path.dirname(os.path.dirname(directory))
        raise CannotStart(INCOMPLETE.format(app, "{0}: {1}".format(path, problem)))
    return path


def manifest(path):
    """Return the manifest of the directory at `path`, or `None` if it isn't a CZEX."""
    import json

    try:
        with open(os.path.join(path, ".czex", "manifest.json"), "rb") as stream:
            return boot.native(json.loads(stream.read().decode("utf-8")))
    except EnvironmentError:
        return None
