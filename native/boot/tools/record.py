"""Writes the RECORD of each distribution that an environment has, by which pip lists and removes it (PEP 376)."""

import csv
import io
import os

from boot.tools import metadata, wheel_file
from boot.tools.venv_plan import destinations

INSTALLER = b"pex\n"


def write(subject, wanted, made):
    """:param made: The directory that the environment is in until it is whole."""
    scripts = {}
    for wheel in subject.wheels:
        dist_info = os.path.basename(metadata.dist_info(subject, wheel))
        library = os.path.join(made, wanted.library)
        known = recorded(os.path.join(library, dist_info, "RECORD"))
        for name, content in (("INSTALLER", INSTALLER), ("REQUESTED", b"")):
            replace(os.path.join(library, dist_info, name), content)
        names = files(subject, wanted, wheel, scripts)
        names += [dist_info + "/INSTALLER", dist_info + "/REQUESTED"]
        rows = []
        for name in sorted(set(names)):
            row = known.get(name)
            if name == dist_info + "/RECORD":
                continue
            if row is None or not row[0] or name.startswith("../") or name.startswith(dist_info):
                with open(os.path.join(library, name), "rb") as stream:
                    content = stream.read()
                row = (wheel_file.digest(content), len(content))
            rows.append((name,) + row)
        text = wheel_file.record(dist_info, rows)
        replace(
            os.path.join(library, dist_info, "RECORD"),
            text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"),
        )


def files(subject, wanted, wheel, scripts):
    """The paths of a wheel's files, relative to site-packages. A script of two wheels belongs to the first.

    :param scripts: Name → project of the console scripts so far.
    """
    content = subject.content(wheel)
    names = []
    for scheme, directory in destinations(wanted, wheel):
        top = os.path.join(content, scheme)
        for path in wheel_file.walk(top):
            path = os.path.join(directory, os.path.relpath(path, top))
            names.append(os.path.relpath(path, wanted.library).replace(os.sep, "/"))
    for group in ("console_scripts", "gui_scripts"):
        for name, target in wheel.get("entry_points", {}).get(group, {}).items():
            if ":" in target and scripts.setdefault(name, wheel["project"]) == wheel["project"]:
                path = os.path.join(wanted.scripts, name)
                names.append(os.path.relpath(path, wanted.library).replace(os.sep, "/"))
    return names


def recorded(path):
    """Path → (hash, size) of a RECORD; both may be empty."""
    try:
        with io.open(path, "rb") as stream:
            content = stream.read()
    except EnvironmentError:
        return {}
    text = content if str is bytes else content.decode("utf-8", "surrogateescape")
    return dict(
        (row[0], (row[1], row[2])) for row in csv.reader(text.splitlines()) if len(row) == 3
    )


def replace(path, content):
    if os.path.lexists(path):
        os.unlink(path)
    with open(path, "wb") as stream:
        stream.write(content)
