"""Write the RECORD of each distribution in an environment. pip needs it to list and remove distributions (PEP 376)."""

import csv
import io
import os
import sys

from boot.tools import metadata, wheel_file

INSTALLER = b"pex\n"


def write(subject, wanted, made):
    """Add the generated files and missing digests to the RECORDs that the runtime has written.

    :param made: The directory of the environment until it is complete.
    """
    library = os.path.join(made, wanted.library)
    scripts = os.path.relpath(wanted.scripts, wanted.library).replace(os.sep, "/") + "/"
    owned = set()
    for wheel in subject.wheels:
        dist_info = os.path.basename(metadata.dist_info(subject, wheel))
        known = recorded(os.path.join(library, dist_info, "RECORD"))
        for name, content in (("INSTALLER", INSTALLER), ("REQUESTED", b"")):
            replace(os.path.join(library, dist_info, name), content)
            known[dist_info + "/" + name] = ("", "")
        known.pop(dist_info + "/RECORD", None)
        rows = []
        for name, (digest, size) in sorted(known.items()):
            # A script that two wheels have belongs to the first.
            if name in owned:
                continue
            if name.startswith(scripts):
                owned.add(name)
            if not digest:
                with open(os.path.join(library, name), "rb") as stream:
                    content = stream.read()
                digest, size = wheel_file.digest(content), len(content)
            rows.append((name, digest, size))
        text = wheel_file.record(dist_info, rows)
        replace(
            os.path.join(library, dist_info, "RECORD"),
            text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"),
        )


def recorded(path):
    """Read a RECORD: path -> (hash, size). Both may be empty."""
    try:
        with io.open(path, "rb") as stream:
            content = stream.read()
    except EnvironmentError:
        return {}
    text = content if sys.version_info[0] == 2 else content.decode("utf-8", "surrogateescape")
    return dict(
        (row[0], (row[1], row[2]))
        for row in csv.reader(text.splitlines())  # type: ignore[arg-type]
        if len(row) == 3
    )


def replace(path, content):
    if os.path.lexists(path):
        os.unlink(path)
    with open(path, "wb") as stream:
        stream.write(content)
