"""Reads the small entries of the CZEX: its manifest, its PEX-INFO, its runtimes.

Packs are not read here; the runtime finds them by their offset.
"""

import json
import os
import sys
import zlib

from boot.fail import CannotStart

DAMAGED = "{0} is damaged: {1}; download or build it again"


class Archive(object):
    """A CZEX file, as zipimport sees it."""

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

    def read_json(self, name):
        try:
            return native(json.loads(self.read(name).decode("utf-8")))
        except ValueError as error:
            raise CannotStart(
                DAMAGED.format(self.path, "{0} is not JSON ({1})".format(name, error))
            )


def native(value):
    """JSON with this Python's `str` throughout; Python 2's json gives `unicode`."""
    if sys.version_info[0] > 2:
        return value
    if isinstance(value, dict):
        return dict((native(key), native(item)) for key, item in value.items())
    if isinstance(value, list):
        return [native(item) for item in value]
    return value.encode("utf-8") if not isinstance(value, (str, int, float, type(None))) else value
