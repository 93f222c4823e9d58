"""Find files that several distributions have with different content."""

import ast
import hashlib
import os

from boot.tools import Failed, wheel_file
from boot.tools.venv_plan import destinations


def check(subject, wanted, collisions_ok):
    """Raise Failed with a list of collisions, or warn about them if they are allowed."""
    owners = {}  # type: dict
    for wheel in subject.wheels:
        for name, source in installed_files(subject, wanted, wheel):
            owners.setdefault(name, []).append(source)
    found = []
    for name, sources in owners.items():
        if len(sources) > 1:
            contents = group(sources)
            if len(contents) > 1 and not is_same_package(name, sources):
                found.append((name, contents))
    if not found:
        return
    lines = [
        "Encountered {0} populating {1} from PEX at {2}:".format(
            "collision" if len(found) == 1 else "collisions", wanted.venv, subject.app
        )
    ]
    for index, (name, contents) in enumerate(sorted(found), start=1):
        lines.append("{0}. {1} was provided by:".format(index, os.path.join(wanted.venv, name)))
        for digest, sources in contents:
            lines.append("\tsha1:{0} -> {1}".format(digest, ", ".join(map(str, sources))))
    if not collisions_ok:
        raise Failed("\n".join(lines))
    subject.warn("\n".join(lines))


def installed_files(subject, wanted, wheel):
    """Find (path in the environment, source) of all files of a wheel."""
    unpacked = subject.directory(wheel)
    for scheme, directory in destinations(wanted, wheel):
        top = os.path.join(unpacked, scheme)
        for path in wheel_file.walk(top):
            yield os.path.normpath(os.path.join(directory, os.path.relpath(path, top))), path
    for group_name in ("console_scripts", "gui_scripts"):
        for name, target in wheel.get("entry_points", {}).get(group_name, {}).items():
            yield os.path.join(wanted.scripts, name), EntryPoint(wheel, name, target)


class EntryPoint(object):
    """A script that is not a file of the wheel, but is generated when the wheel is installed."""

    def __init__(self, wheel, name, target):
        self._text = "{0} of {1} {2}".format(target, wheel["project"], wheel["version"])
        self.content = target.encode("utf-8")

    def __str__(self):
        return self._text


def group(sources):
    """Return (digest, sources) for each different content."""
    contents = []  # type: list
    for source in sources:
        digest = hashlib.sha1(read(source)).hexdigest()
        for known, same in contents:
            if known == digest:
                same.append(source)
                break
        else:
            contents.append((digest, [source]))
    return contents


def read(source):
    if isinstance(source, EntryPoint):
        return source.content
    with open(source, "rb") as stream:
        return stream.read()


def is_same_package(name, sources):
    """Return whether all sources are `__init__.py` files with the same code, apart from layout and comments."""
    if os.path.basename(name) != "__init__.py":
        return False
    try:
        return len(set(ast.dump(ast.parse(read(source))) for source in sources)) == 1
    except (SyntaxError, ValueError):
        return False
