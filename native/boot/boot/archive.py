"""Reads entries of the CZEX, and checks them. Packs are not read here; the runtime finds them by their offset."""

import os
import zlib

from boot.fail import CannotStart

DAMAGED = "{0} is damaged: {1}; download or build it again"


class Archive(object):
    """A CZEX file, as zipimport sees it."""

    # They are in the file itself.
    pack_directory = None

    def __init__(self, path, loader):
        self.path = path
        self._loader = loader

    def read(self, name):
        """An entry's content. Raises CannotStart if it isn't there or its checksum is wrong."""
        entry = name.replace("/", os.sep)
        try:
            content = self._loader.get_data(entry)
        except (EnvironmentError, ImportError, EOFError, zlib.error, ValueError) as error:
            raise CannotStart(
                DAMAGED.format(self.path, "{0} can't be read ({1})".format(name, error))
            )
        files = getattr(self._loader, "_files", None)
        record = files.get(entry) if files else None
        # (path, method, stored size, size, offset, time, date, CRC-32), in every Python's zipimport.
        if record is not None and record[7] & 0xFFFFFFFF != zlib.crc32(content) & 0xFFFFFFFF:
            raise CannotStart(
                DAMAGED.format(self.path, "the checksum of {0} is wrong".format(name))
            )
        return content
