"""Reads a CZEX that is a directory, and checks what it reads. docs/format.md says what is in it."""

import os
import zlib

import boot
from boot.fail import CannotStart

INCOMPLETE = "{0} is incomplete or damaged: {1}; copy or build it again"


class Directory(object):
    """A CZEX whose entries and packs are files. To what starts it, the same as an `Archive`.

    :param files: Entry → its file, relative to the directory, and the CRC-32 of that.
    """

    def __init__(self, path, files):
        self.path = path
        self.pack_directory = pack_directory(path)
        self._files = files
        # It may be what was started, and not `__main__.py`.
        self.read("pex")

    def read(self, name):
        """An entry's content. Raises CannotStart if it isn't there or its checksum is wrong."""
        file, checksum = self._files[name]
        try:
            with open(os.path.join(self.path, *file.split("/")), "rb") as stream:
                content = stream.read()
        except EnvironmentError as error:
            problem = "{0} can't be read ({1})".format(file, error.strerror)
            raise CannotStart(INCOMPLETE.format(self.path, problem))
        if zlib.crc32(content) & 0xFFFFFFFF != checksum:
            problem = "the checksum of {0} is wrong".format(file)
            raise CannotStart(INCOMPLETE.format(self.path, problem))
        return content


def pack_directory(path):
    return os.path.join(path, ".czex", "packs")


def pack_file(directory, pack):
    """The path of a pack. Raises CannotStart if not all of it is there; the runtime checks its content."""
    path = os.path.join(directory, pack["sha256"][:40] + ".pack")
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
    """The manifest of the directory at `path`, or None where it isn't a CZEX."""
    import json

    try:
        with open(os.path.join(path, ".czex", "manifest.json"), "rb") as stream:
            return boot.native(json.loads(stream.read().decode("utf-8")))
    except EnvironmentError:
        return None
