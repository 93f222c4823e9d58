"""Read and check entries of the CZEX. The runtime reads the packs, which it finds by their offsets."""

import os
import zlib

from boot.fail import CannotStart


class Archive(object):
    """A CZEX file, as zipimport sees it.

    :param loader: Reads an entry. Not every version of zipimport checks the checksum.
    :param files: Entry -> its file, and the CRC-32 of its content, from `.czex/start`, which has a checksum of its own.
    """

    # The packs are in the file itself.
    pack_directory = None
    damaged = "{0} is damaged: {1}; download or build it again"

    def __init__(self, path, loader, files):
        self.path = path
        self._loader = loader
        self._files = files

    def is_content(self, name, content):
        """Whether an entry has the checksum of this content."""
        return zlib.crc32(content) & 0xFFFFFFFF == self._files.get(name, [0, None])[1]

    def read(self, name):
        """Return an entry's content. Raises CannotStart if it can't be read or its checksum is wrong."""
        file = self._files.get(name, [name])[0]
        problem = None
        try:
            content = self._loader.get_data(name.replace("/", os.sep))
            if not self.is_content(name, content):
                problem = "the checksum of {0} is wrong".format(file)
        except (
            EnvironmentError,
            ImportError,
            LookupError,
            EOFError,
            zlib.error,
            ValueError,
        ) as error:
            reason = getattr(error, "strerror", None) or error
            problem = "{0} can't be read ({1})".format(file, reason)
        if problem:
            raise CannotStart(self.damaged.format("it", problem))
        return content
