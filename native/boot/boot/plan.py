"""Write plans for the runtime; docs/format.md describes the format."""

import sys


def encode(path):
    """Return a path of the file system as bytes."""
    if isinstance(path, bytes):
        return path
    return path.encode(sys.getfilesystemencoding() or "utf-8", "surrogateescape")


def ascii_repr(text):
    """Return an ASCII literal, which means the same in every encoding of a `.pth` file."""
    return repr(text) if sys.version_info[0] == 2 else ascii(text)


class Plan(object):
    """The records of a plan, as bytes."""

    def __init__(self):
        self._parts = []

    def add(self, *fields):
        for field in fields:
            # Paths are encoded as Python decoded them; content is UTF-8.
            field = encode(field)
            self._parts.append(("%d:" % len(field)).encode("utf-8") + field + b",")

    def add_file(self, mode, path, content):
        if not isinstance(content, bytes):
            content = content.encode("utf-8", "surrogateescape")
        self.add("file", mode, path, content)

    def dump(self):
        return b"".join(self._parts)
