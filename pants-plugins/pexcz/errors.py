"""Errors in the input of `pexcz`. Each message names the file and a remedy."""

from __future__ import annotations

from pathlib import Path


class PexczError(Exception):
    """A problem with the input or the machine, with a message for the user. Never a bug."""


class NotAPexError(PexczError):
    """The input is not a PEX, or can't be read."""


class BadArchiveError(PexczError):
    """An archive is damaged, or contains a path that is not allowed."""


class BadPackError(PexczError):
    """A file is not a pack, or is damaged."""


class NotACzexError(PexczError):
    """The input is not a CZEX, or can't be read."""


class OutputError(PexczError):
    """The output can't be written to its path."""


class CacheError(PexczError):
    """The cache can't be read or pruned."""


def unreadable(path: str | Path, error: OSError, kind: type[PexczError] = PexczError) -> PexczError:
    """Return the error to raise for a file that can't be read because of `error`."""
    return kind(f"can't read {path}: {error.strerror}")


def message(error: Exception) -> str:
    """Return the message for an error that ends a command."""
    if isinstance(error, OSError):
        lost = "stdout" if isinstance(error, BrokenPipeError) else "the disk"
        return f"can't access {error.filename or lost}: {error.strerror}"
    return "out of memory" if isinstance(error, MemoryError) else str(error)


def printable(text: str) -> str:
    """Escape characters that a terminal would take for a command, such as those of a hostile file name."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
