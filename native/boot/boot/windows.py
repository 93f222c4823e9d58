"""Give an environment launchers on Windows, which has no links and no `#!` lines.

A copy of the runtime under another name is a launcher (docs/runtime.md, "Launchers").
"""

import os
import sys

from boot.plan import encode

EXTENSION = ".exe"
# Where a program has the offset of its header, and where the header says whether the program opens a console.
HEADER_OFFSET = 0x3C
SUBSYSTEM = 0x5C
WITHOUT_CONSOLE = 2
# A start opens its files before the app opens any.
DESCRIPTORS_MAX = 64


def add_interpreter(plan, environment):
    for name, content in interpreters(environment.runtime):
        plan.add_file("755", "{0}/{1}".format(environment.bin, name), content)


def interpreters(runtime):
    """Return the name and the content of each launcher of the interpreter: Python's own, or else the runtime."""
    directory = os.path.join(sys.base_prefix, "Lib", "venv", "scripts", "nt")
    for name, other in (("python", "venvlauncher"), ("pythonw", "venvwlauncher")):
        sources = [os.path.join(directory, one + EXTENSION) for one in (other, name)]
        sources = [source for source in sources if os.path.isfile(source)]
        if sources:
            yield name + EXTENSION, read(sources[0])
        else:
            yield name + EXTENSION, launcher(runtime, name == "pythonw")


def launcher(runtime, is_gui):
    """Return the runtime as a launcher, which opens no console for a program with windows."""
    content = bytearray(read(runtime))
    if is_gui:
        header = content[HEADER_OFFSET] + 256 * content[HEADER_OFFSET + 1]
        content[header + SUBSYSTEM] = WITHOUT_CONSOLE
    return bytes(content)


def add_launcher(plan, path, environment, is_gui=False):
    """Add a launcher for the script `path`."""
    if is_gui:
        plan.add_file("755", path + EXTENSION, launcher(environment.runtime, True))
    else:
        plan.add("link", path + EXTENSION, environment.runtime)


def replace_launchers(directory, names, shebang, runtime):
    """Replace the launchers of pip, which have the path of an interpreter and a script behind them."""
    import zipfile

    for name in os.listdir(directory):
        path, extension = os.path.splitext(os.path.join(directory, name))
        if name.startswith(names) and extension == EXTENSION:
            with zipfile.ZipFile(path + EXTENSION) as archive:
                script = archive.read("__main__.py")
            write(path, encode("#!{0}\n".format(shebang)) + script)
            write(path + EXTENSION, read(runtime))


def check_writable(directory):
    """Raise OSError if nothing can be made in a directory. On Windows, `os.access` only knows an attribute of files."""
    from boot.install import unique_name

    probe = os.path.join(directory, unique_name() + ".tmp")
    try:
        os.mkdir(probe)
        os.rmdir(probe)
    except OSError as error:
        raise OSError(error.errno, error.strerror, directory)


def release(cache):
    """Close the files that this process holds in a temporary cache, because Windows doesn't remove open files."""
    for parent, _, names in os.walk(os.path.join(cache, "venvs")):
        if "boot" in names:
            held = os.stat(os.path.join(parent, "boot"))
            for descriptor in range(3, DESCRIPTORS_MAX):
                try:
                    if os.path.samestat(os.fstat(descriptor), held):
                        os.close(descriptor)
                except OSError:
                    # It isn't open.
                    pass


def read(path):
    with open(path, "rb") as stream:
        return stream.read()


def write(path, content):
    with open(path, "wb") as stream:
        stream.write(content)
