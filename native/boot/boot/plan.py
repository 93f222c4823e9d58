"""A plan for the runtime, as docs/format.md has it."""

import sys


def encode(path):
    """A path of the file system as bytes."""
    if isinstance(path, bytes):
        return path
    return path.encode(sys.getfilesystemencoding() or "utf-8", "surrogateescape")


def ascii_repr(text):
    """A literal that every encoding of a `.pth` file leaves alone."""
    return repr(text) if sys.version_info[0] == 2 else ascii(text)


class Plan(object):
    """The records of a plan, as bytes."""

    def __init__(self):
        self._parts = []

    def add(self, *fields):
        for field in fields:
            # Paths of the file system come as Python decoded them, content as UTF-8.
            field = encode(field)
            self._parts.append(("%d:" % len(field)).encode("utf-8") + field + b",")

    def add_file(self, mode, path, content):
        if not isinstance(content, bytes):
            content = content.encode("utf-8", "surrogateescape")
        self.add("file", mode, path, content)

    def dump(self):
        return b"".join(self._parts)
