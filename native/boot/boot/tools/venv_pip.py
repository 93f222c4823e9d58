"""Install pip by `ensurepip` into an environment that is being made."""

import os
import subprocess
import sys

from boot import interpreter
from boot.plan import encode
from boot.tools import Failed, record, staging
from boot.tools.metadata import canonical

PROJECTS = ("pip", "setuptools")


SCRIPTS = ("pip", "easy_install")


def is_in(directory):
    """Return whether an environment has pip."""
    library = os.path.join(directory, interpreter.site_packages())
    return os.path.isdir(library) and "pip" in versions(library)


def leave_alone(base, wanted):
    """Remove all files of an environment except pip's, before it is merged into another one."""
    for parent, names in (
        (base, [name for name in os.listdir(base) if name not in ("lib", "Lib", wanted.scripts)]),
        (os.path.join(base, wanted.scripts), os.listdir(os.path.join(base, wanted.scripts))),
    ):
        for name in names:
            if parent == base or not name.startswith(SCRIPTS):
                staging.remove(os.path.join(parent, name))


def install(subject, base, wanted, options):
    """Install pip. Raises Failed if the app has another version of pip or setuptools, unless collisions are allowed."""
    ensure_pip(base, wanted)
    library = os.path.join(base, interpreter.site_packages())
    ours = versions(library)
    theirs = dict((wheel["project"], wheel["version"]) for wheel in subject.wheels)
    conflicts = [
        project
        for project in PROJECTS
        if project in ours and theirs.get(project, ours[project]) != ours[project]
    ]
    if options.scope == "srcs":
        conflicts = []
    if conflicts:
        message = "You asked for --pip to be installed in the venv at {0},\nbut the PEX at {1} already contains:\n{2}".format(
            wanted.venv,
            subject.app,
            "\n".join("{0} {1}".format(project, theirs[project]) for project in conflicts),
        )
        if not options.collisions_ok:
            raise Failed(
                message + "\nConsider re-running either without --pip or with --collisions-ok."
            )
        subject.warn(message + "\nUninstalling venv versions and using versions from the PEX.")
        for project in conflicts:
            uninstall(library, project)
    point_scripts(base, wanted)


def ensure_pip(base, wanted):
    python = os.path.join(base, wanted.scripts, os.path.basename(wanted.python))
    flags = "-sE" if sys.version_info < (3, 4) else "-I"
    environ = dict(
        (name, value)
        for name, value in os.environ.items()
        if not name.startswith(("PEX_", "PIP_", "PYTHON"))
    )
    argv = [python, flags, "-m", "ensurepip", "-U", "--default-pip"]
    process = subprocess.Popen(
        argv, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=base
    )
    text = process.communicate()[0].decode("utf-8", "replace")
    if process.returncode:
        raise Failed(
            "czex: can't install pip: {0} has no working ensurepip module; install that, or omit --pip:\n"
            "{1}".format(interpreter.base_executable(), text.strip())
        )


def versions(library):
    """Return project -> version for all installed distributions."""
    found = {}
    for name in os.listdir(library):
        if name.endswith((".dist-info", ".egg-info")):
            project, _, version = name.rpartition(".")[0].partition("-")
            found[canonical(project)] = version.partition("-")[0]
    return found


def uninstall(library, project):
    """Remove the files of an installed project."""
    for name in os.listdir(library):
        if name.endswith(".dist-info") and canonical(name.partition("-")[0]) == project:
            for path in record.recorded(os.path.join(library, name, "RECORD")):
                path = os.path.normpath(os.path.join(library, path))
                if os.path.lexists(path):
                    os.unlink(path)
    for parent, _, _ in os.walk(library, topdown=False):
        if parent != library and not os.listdir(parent):
            os.rmdir(parent)


def point_scripts(base, wanted):
    """Change pip's scripts to start the interpreter at its final place."""
    directory = os.path.join(base, wanted.scripts)
    if interpreter.IS_WINDOWS:
        replace_launchers(directory, wanted)
        return
    place = encode(base)
    for name in os.listdir(directory):
        path = os.path.join(directory, name)
        if os.path.islink(path) or not name.startswith(SCRIPTS):
            continue
        with open(path, "rb") as stream:
            lines = stream.read().split(b"\n")
        # Such a script starts by `sh` if the interpreter's path is too long or contains spaces.
        head = 3 if lines[0] == b"#!/bin/sh" else 1
        if not lines[0].startswith(b"#!") or place not in b"\n".join(lines[:head]):
            continue
        lines[:head] = [encode("#!" + wanted.shebang())]
        with open(path, "wb") as stream:
            stream.write(b"\n".join(lines))


def replace_launchers(directory, wanted):
    """Replace pip's launchers for Windows, which have a path of the interpreter and a zip file with a script behind them."""
    import shutil
    import zipfile

    for name in os.listdir(directory):
        path, extension = os.path.splitext(os.path.join(directory, name))
        if name.startswith(SCRIPTS) and extension == ".exe":
            with zipfile.ZipFile(path + extension) as archive:
                script = archive.read("__main__.py")
            with open(path, "wb") as stream:
                stream.write(encode("#!{0}\n".format(wanted.shebang())) + script)
            shutil.copy(wanted.runtime, path + extension)
