"""Read the metadata of a wheel in the cache."""

import os

from boot.fail import CannotStart


def dist_info(subject, wheel):
    """Return the path of the wheel's `*.dist-info` directory."""
    library = os.path.join(subject.directory(wheel), "lib")
    project = canonical(wheel["name"].partition("-")[0])
    for name in sorted(os.listdir(library)):
        if name.endswith(".dist-info") and canonical(name.partition("-")[0]) == project:
            return os.path.join(library, name)
    raise CannotStart("{0} has no *.dist-info; remove it and start again".format(library))


def canonical(name):
    """Return a project's name as PEP 503 normalises it, if it has no two separators in a row."""
    return name.lower().replace("_", "-").replace(".", "-")


def name(subject, wheel):
    """Return the project's name as its author writes it."""
    return header(subject, wheel, "METADATA", "Name") or wheel["project"]


def header(subject, wheel, file_name, key):
    """Return the value of the first header with this name, or `None`."""
    path = os.path.join(dist_info(subject, wheel), file_name)
    wanted = key.lower() + ":"
    with open(path, "rb") as stream:
        for line in stream.read().decode("utf-8", "replace").splitlines():
            if not line.strip():
                return None
            if line.lower().startswith(wanted):
                return str(line[len(wanted) :].strip())
    return None
