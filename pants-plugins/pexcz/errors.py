"""What can be wrong with what a person gave to `pexcz`. Each message names the file and says what to do."""

from __future__ import annotations

from pathlib import Path


class PexczError(Exception):
    """A fault in the input or the machine, for a person to read. Never a bug."""


class NotAPexError(PexczError):
    """The input isn't a PEX, or is one that can't be read."""


class BadArchiveError(PexczError):
    """An archive contradicts itself, or names a path that no archive should."""


class BadPackError(PexczError):
    """A pack isn't one, or is damaged."""


class NotACzexError(PexczError):
    """The input isn't a CZEX, or is one that can't be read."""


class OutputError(PexczError):
    """The output can't be written where it was asked for."""


class CacheError(PexczError):
    """The cache can't be looked at, or not be made smaller."""


def unreadable(path: str | Path, error: OSError, kind: type[PexczError] = PexczError) -> PexczError:
    """What to raise where `error` kept a file from being read."""
    return kind(f"can't read {path}: {error.strerror}")


def message(error: Exception) -> str:
    """What to tell a person of an error that a command ends with."""
    if isinstance(error, OSError):
        return f"can't access {error.filename or 'the disk'}: {error.strerror}"
    return "out of memory" if isinstance(error, MemoryError) else str(error)
