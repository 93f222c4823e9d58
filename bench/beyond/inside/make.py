"""Make a file for one way to import: `make.py KIND VARIANT LEARNT OUTPUT`, or `make.py bytecode DIRECTORY`."""

import marshal
import os
import sys
import zipfile
from importlib.util import MAGIC_NUMBER


def without_lines(code):
    constants = tuple(
        without_lines(item) if hasattr(item, "co_code") else item for item in code.co_consts
    )
    return code.replace(co_consts=constants, co_linetable=b"")


def table(variant, rows):
    if variant == "modules":
        rows = [row[:4] + (marshal.dumps(row[4]),) for row in rows]
    elif variant == "bare":
        rows = [row[:4] + (without_lines(row[4]),) for row in rows]
    return marshal.dumps(rows)


def movable(rows):
    """Return the modules, without those of packages that have extension modules: these packages stay in their directories."""
    directories = {row[2][: -len("/__init__.py")] for row in rows if row[1] and "." not in row[0]}
    fixed = {
        os.path.basename(directory)
        for directory in directories
        for _, _, names in os.walk(directory)
        if any(name.endswith(".so") for name in names)
    }
    return [row for row in rows if row[0].partition(".")[0] not in fixed]


def zip_file(variant, rows, output):
    """Write a zip with the packages and the other files of their directories, such as data."""
    method = zipfile.ZIP_STORED if variant == "stored" else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(output, "w", method) as archive:
        for name, is_package, origin, _, code in movable(rows):
            path = name.replace(".", "/") + ("/__init__.pyc" if is_package else ".pyc")
            archive.writestr(path, MAGIC_NUMBER + bytes(12) + marshal.dumps(code))
            if is_package and "." not in name:
                add_others(archive, os.path.dirname(origin), {row[2] for row in rows})


def add_others(archive, directory, learnt):
    root = os.path.dirname(directory)
    for parent, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(parent, name)
            if path not in learnt and "__pycache__" not in parent:
                archive.write(path, os.path.relpath(path, root))


def strip(directory):
    for parent, _, names in os.walk(directory):
        for name in names:
            with open(os.path.join(parent, name), "r+b") as stream:
                stream.seek(16)
                code = marshal.loads(stream.read())
                stream.seek(16)
                marshal.dump(without_lines(code), stream)
                stream.truncate()


kind = sys.argv[1]
if kind == "bytecode":
    strip(sys.argv[2])
else:
    variant, learnt, output = sys.argv[2:]
    with open(learnt, "rb") as stream:
        rows = marshal.load(stream)
    if kind == "table":
        with open(output, "wb") as stream:
            stream.write(table(variant, rows))
    else:
        zip_file(variant, rows, output)
