"""Make interpreters for tests: some can be replaced or removed, others are scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from testing.pythons import Python


def own_python(directory: Path, python: Python) -> Path:
    """Make the interpreter `directory`/bin/python3, with the library of another one and without packages.

    Replace the interpreter that is there.
    """
    shutil.rmtree(directory, ignore_errors=True)
    (directory / "bin").mkdir(parents=True)
    original = Path(python.path()).resolve()
    executable = directory / "bin" / "python3"
    shutil.copy(original, executable)
    library = "python{0}.{1}".format(*python.minor)
    (directory / "lib" / library / "site-packages").mkdir(parents=True)
    for source in (original.parents[1] / "lib", original.parents[1] / "lib" / library):
        for path in source.iterdir():
            target = directory / path.relative_to(original.parents[1])
            if not target.exists():
                target.symlink_to(path)
    return executable


def logging_python(directory: Path, python: Python, log: Path) -> Path:
    """Make a virtual environment whose interpreter adds its version to `log` at each start."""
    options = ["--without-pip", str(directory)]
    subprocess.run([python.path(), "-m", "venv", *options], check=True)
    (packages,) = directory.glob("lib/python*/site-packages")
    line = "{0}.{1}\\n".format(*python.minor)
    (packages / "sitecustomize.py").write_text(f"open({str(log)!r}, 'a').write('{line}')\n")
    return directory / "bin" / "python"


def clean_python(directory: Path, python: Python) -> Path:
    """Make a virtual environment without packages. Return the directory of its Python."""
    options = ["--without-pip", str(directory)]
    subprocess.run([python.path(), "-m", "venv", *options], check=True)
    # The name in the shebang of these tests' PEXes.
    name = "python{}.{}".format(*sys.version_info)
    if not (directory / "bin" / name).exists():
        (directory / "bin" / name).symlink_to("python")
    return directory / "bin"


def script(path: Path, text: str) -> Path:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def links(directory: Path, **pythons: Python) -> Path:
    """Make a directory of links to interpreters. In a name, "_" stands for "."."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, python in pythons.items():
        (directory / name.replace("_", ".")).symlink_to(python.path())
    return directory


SHIM = """\
IFS=:
for version in $PYENV_VERSION; do
  python={versions}/$version/bin/{name}
  [ -x "$python" ] && exec "$python" "$@"
done
echo "pyenv: {name}: command not found" >&2
exit 127"""


def pyenv(root: Path, *pythons: Python) -> Path:
    """Make a root of pyenv, with shims that use PYENV_VERSION."""
    for python in pythons:
        name = os.path.basename(python.path())
        minor = "{0}.{1}".format(*python.minor)
        directory = root / "versions" / f"{minor}.99" / "bin"
        directory.mkdir(parents=True)
        for alias in {"python", "python3", f"python{minor}", name}:
            (directory / alias).symlink_to(python.path())
            script(root / "shims" / alias, SHIM.format(versions=root / "versions", name=alias))
    return root


def free_threaded(directory: Path, python: Python) -> Path:
    """Make the interpreter `directory`/bin/python3.Nt, which looks like a free-threaded build to Python code."""
    own_python(directory, python)
    executable = directory / "bin" / "python{0}.{1}t".format(*python.minor)
    (directory / "bin" / "python3").rename(executable)
    library = directory / "lib" / "python{0}.{1}".format(*python.minor)
    # `site`, which comes later, finds site-packages by `sys.abiflags`.
    encodings = library / "encodings"
    source = encodings.resolve()
    encodings.unlink()
    shutil.copytree(source, encodings, ignore=shutil.ignore_patterns("__pycache__"))
    with open(encodings / "__init__.py", "a") as stream:
        stream.write(
            "sys.abiflags = 't'\n"
            "sys.version = sys.version.replace(' (', ' experimental free-threading build (', 1)\n"
        )
    (variables,) = library.glob("_sysconfigdata__linux_*.py")
    text = variables.read_text() + "build_time_vars['Py_GIL_DISABLED'] = 1\n"
    (library / variables.name.replace("data__", "data_t_")).write_text(text)
    return executable
