"""Make an sdist of the app's own sources, which pip can build with setuptools."""

import io
import os
import sys
import tarfile
import time

from boot.tools import output
from boot.tools.wheel_file import walk

SETUP_CFG = """\
[metadata]
name = {name}
version = {version}

[options]
zip_safe = False
{modules}{packages}package_dir =
    =src
include_package_data = True
{python}{requirements}
[options.entry_points]
{scripts}"""
PKG_INFO = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
PYPROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
"""
# 1980, as in the wheel files.
EPOCH = 315532800


def write(subject, directory, use_system_time):
    """Write `<name>-0.0.0+<hash>.tar.gz`, whole or not at all."""
    import gzip

    name = os.path.splitext(os.path.basename(subject.app))[0]
    version = "0.0.0+{0}".format(subject.info.get("code_hash") or "unknown")
    stem = "{0}-{1}".format(name, version)
    path = os.path.join(directory, stem + ".tar.gz")
    date = int(time.time()) if use_system_time else EPOCH
    source = os.path.join(subject.directory(subject.packs[0]), "lib")
    texts = {
        "MANIFEST.in": "recursive-include src *\n",
        "PKG-INFO": PKG_INFO.format(name=name, version=version),
        "pyproject.toml": PYPROJECT,
        "setup.cfg": setup_cfg(subject, name, version, source),
        "setup.py": "import setuptools\n\nsetuptools.setup()\n",
    }
    with output.whole(path) as temporary, open(temporary, "wb") as raw:
        with gzip.GzipFile("", "wb", fileobj=raw, mtime=date) as packed:
            with tarfile.open(None, "w", packed, format=tarfile.PAX_FORMAT) as archive:
                for file_name, text in sorted(texts.items()):
                    content = text if isinstance(text, bytes) else text.encode("utf-8")
                    add(archive, stem + "/" + file_name, content, date, False)
                for file_path in walk(source):
                    relative = os.path.relpath(file_path, source).replace(os.sep, "/")
                    with open(file_path, "rb") as stream:
                        content = stream.read()
                    executable = os.stat(file_path).st_mode & 0o100
                    add(archive, stem + "/src/" + relative, content, date, executable)
    return path


def add(archive, name, content, date, executable):
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mtime = date
    entry.mode = 0o755 if executable else 0o644
    archive.addfile(entry, io.BytesIO(content))


def setup_cfg(subject, name, version, source):
    info = subject.info
    modules, packages = [], []
    if os.path.isdir(source):
        modules = sorted(entry[:-3] for entry in os.listdir(source) if entry.endswith(".py"))
        for parent, directories, _ in os.walk(source):
            directories[:] = sorted(entry for entry in directories if entry != "__pycache__")
            packages += [
                os.path.relpath(os.path.join(parent, entry), source).replace(os.sep, ".")
                for entry in directories
            ]
    entry_point = info.get("entry_point") or ""
    scripts = ["{0} = {1}".format(name, entry_point)] if ":" in entry_point else []
    return SETUP_CFG.format(
        name=name,
        version=version,
        modules=option("py_modules", modules),
        packages=option("packages", sorted(packages)),
        python=python_requires(info, name),
        requirements=option("install_requires", sorted(info.get("requirements") or ())),
        scripts=option("console_scripts", scripts),
    )


def option(name, values):
    return (
        "".join(["{0} =\n".format(name)] + ["    {0}\n".format(v) for v in values])
        if values
        else ""
    )


def python_requires(info, name):
    constraints = info.get("interpreter_constraints") or []
    if len(constraints) == 1:
        text = constraints[0].lstrip("+-_.ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        text = text.partition("]")[2] if text.startswith("[") else text
        return "python_requires = {0}\n".format(text) if text else ""
    if constraints:
        sys.stderr.write(
            "WARNING: Omitting `python_requires` for {0} sdist since there are several interpreter "
            "constraints: {1}\n".format(name, ", ".join(constraints))
        )
    return ""
