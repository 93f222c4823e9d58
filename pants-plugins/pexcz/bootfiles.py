"""Read the boot's files from `native/boot`, and convert them to the texts that a CZEX carries."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Dict, NamedTuple

from pexcz.comments import without_comments
from pexcz.errors import PexczError, unreadable

# Checked because a directory seems to have fewer files if it is removed while it is read.
_ONE_OF_EACH_DIRECTORY = (
    "__main__.py",
    "__pex__/__init__.py",
    "boot/__init__.py",
    "boot/tools/__init__.py",
    "damaged.py",
    "directory.py",
    "first.py",
    "header.sh",
    "place.py",
    "preamble.py",
    "quick.py",
    "room.py",
    "trust.py",
)
# Blank lines, and the empty strings that `without_comments` leaves of docstrings.
_EMPTY_LINES = re.compile(r'^ *(?:"")?\n', re.M)
# Module → its function, whose text becomes a part of other files.
_SHARED = {"place": "cache_root", "trust": "distrusted"}
# Modules of `boot` whose text is put into that of `activate.py`, since each start executes that, and no import finds them.
_PARTS = ("enter", "restart")
# An import of these is where their text goes.
_IMPORT = re.compile(
    r"^from (?:boot\.)?(place|room|trust|enter|restart) import (?:\([^)]*\)|.*)\n", re.M
)
_IMPORTS = re.compile(r"^(?:from|import) .*\n", re.M)
_NAMES = re.compile(r"\w+")
_CALL = re.compile(r"^( *)(\w+) = (\w+)\((.*)\)\n", re.M)


class BootCode(NamedTuple):
    """The boot as bytecode: the interpreter's cache tag (PEP 3147), and marshalled `code` and `sources` by name."""

    tag: str
    content: bytes

    def dump(self) -> bytes:
        return self.tag.encode("ascii") + b"\n" + self.content

    @staticmethod
    def load(content: bytes) -> BootCode:
        tag, _, rest = content.partition(b"\n")
        return BootCode(tag.decode("ascii"), rest)


def boot_files(directory: Path) -> Dict[str, bytes]:
    """Return path → content of the boot's files."""

    def fail(error: OSError) -> None:
        raise unreadable(error.filename or directory, error)

    found = {}
    # `rglob` would silently skip unreadable directories.
    for parent, _, names in os.walk(directory, onerror=fail):
        for name in names:
            path = Path(parent, name)
            if path.suffix in (".py", ".sh") and not name.endswith("_test.py"):
                try:
                    found[path.relative_to(directory).as_posix()] = path.read_bytes()
                except OSError as e:
                    raise unreadable(path, e) from e
    for name in _ONE_OF_EACH_DIRECTORY:
        if name not in found:
            raise PexczError(f"can't read {directory / name}: it is missing; install pexcz again")
    return dict(sorted(found.items()))


def boot_sources(boot: Dict[str, bytes]) -> Dict[str, str]:
    """Return name → text of the boot's modules, as a CZEX carries them."""
    texts = {
        # It is on the stack below the app, so tracebacks show its line numbers.
        name: without_comments(text, keep_lines=name == "warm")
        for name, text in module_sources(boot, "boot").items()
    }

    def body(match: re.Match[str]) -> str:
        return (
            _IMPORTS.split(texts[match[1]])[-1] if match[1] in _PARTS else _function(boot, match[1])
        )

    return {name: _IMPORT.sub(body, text) for name, text in texts.items() if name not in _PARTS}


def source_text(boot: Dict[str, bytes], file: str) -> str:
    """Return the text of a boot file without comments and empty lines, and with shared functions inlined.

    It is for files in which every byte counts. The body of a shared function replaces its call, and the arguments replace
    its parameters.
    """
    bodies = {function: _function(boot, module) for module, function in _SHARED.items()}

    def body(call: re.Match[str]) -> str:
        indent, name, function, arguments = call.groups()
        if function not in bodies:
            return call[0]
        first, *lines = _EMPTY_LINES.sub("", bodies[function]).splitlines()
        text = "".join(f"{indent}{line[1:]}\n" for line in lines).replace("return", f"{name} =")
        for parameter, argument in zip(_NAMES.findall(first)[2:], arguments.split(", ")):
            text = re.sub(rf"\b{parameter}\b", argument, text)
        return text

    text = _IMPORT.sub("", without_comments(boot[file].decode("utf-8")))
    return _EMPTY_LINES.sub("", _CALL.sub(body, text))


def _function(boot: Dict[str, bytes], module: str) -> str:
    """Return the text of a shared function. The text around it must import the modules that the function uses."""
    text = without_comments(boot[f"{module}.py"].decode("utf-8"))
    return text[text.index("\ndef ") + 1 :]


def module_sources(boot: Dict[str, bytes], directory: str) -> Dict[str, str]:
    """Return name → text of the modules that are directly in a directory of the boot."""
    return {
        PurePosixPath(name).stem: content.decode("utf-8")
        for name, content in boot.items()
        if str(PurePosixPath(name).parent) == directory
    }
