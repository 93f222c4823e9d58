"""Make a wheel file from the content of a wheel's pack (PEP 427)."""

import base64
import csv
import hashlib
import io
import os
import sys
import time
import zipfile

from boot.tools import metadata, output

EPOCH = (1980, 1, 1, 0, 0, 0)
# Files that an installer adds, and `RECORD`, which is written again.
NOT_IN_WHEELS = ("INSTALLER", "RECORD", "RECORD.jws", "RECORD.p7s", "REQUESTED", "direct_url.json")
# Schemes whose name in a pack differs from a wheel's.
SCHEMES = {"data64": "data/lib64"}


def write(subject, wheel, directory, use_system_time):
    """Write the wheel file into a directory, complete or not at all, and return its path."""
    path = os.path.join(directory, wheel["name"])
    date = time.localtime()[:6] if use_system_time else EPOCH
    dist_info = os.path.basename(metadata.dist_info(subject, wheel))
    with output.whole(path) as temporary:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, True) as archive:
            rows = []
            for name, source in files(subject, wheel):
                # Windows has no modes.
                executable = os.stat(source).st_mode & 0o100 or ".data/scripts/" in name
                with open(source, "rb") as stream:
                    content = stream.read()
                add(archive, name, content, date, executable)
                rows.append((name, digest(content), len(content)))
            add(archive, dist_info + "/RECORD", record(dist_info, rows), date, False)
    return path


def files(subject, wheel):
    """Return (name in the wheel, path) of its files, with the metadata last, as PEP 427 recommends."""
    unpacked = subject.directory(wheel)
    dist_info = os.path.basename(metadata.dist_info(subject, wheel))
    data = dist_info[: -len(".dist-info")] + ".data"
    found = []
    for scheme in sorted(os.listdir(unpacked)):
        top = os.path.join(unpacked, scheme)
        for path in walk(top):
            name = os.path.relpath(path, top).replace(os.sep, "/")
            first, _, rest = name.partition("/")
            if scheme != "lib":
                name = "/".join((data, SCHEMES.get(scheme, scheme), name))
            elif first == dist_info and rest in NOT_IN_WHEELS:
                continue
            found.append((scheme == "lib" and first == dist_info, name, path))
    return [(name, path) for _, name, path in sorted(found)]


def walk(top):
    """Find the files below a directory, except bytecode, which Python adds."""
    for parent, directories, names in os.walk(top):
        directories[:] = sorted(name for name in directories if name != "__pycache__")
        for name in sorted(names):
            if not name.endswith(".pyc"):
                yield os.path.join(parent, name)


def add(archive, name, content, date, executable):
    entry = zipfile.ZipInfo(name, date)
    entry.external_attr = (0o100755 if executable else 0o100644) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    archive.writestr(entry, content)


def digest(content):
    text = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode("ascii")
    return "sha256=" + text.rstrip("=")


def record(dist_info, rows):
    """Return the text of a RECORD (PEP 376) with these rows of (path, hash, size)."""
    # In Python 2, `csv` writes bytes.
    text = io.BytesIO() if sys.version_info[0] == 2 else io.StringIO()
    writer = csv.writer(text, lineterminator="\n")  # type: ignore[arg-type]
    writer.writerows(rows)
    writer.writerow((dist_info + "/RECORD", "", ""))
    return text.getvalue()
