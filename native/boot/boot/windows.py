"""Give an environment launchers on Windows, which has no links and no `#!` lines.

Only a CZEX with a runtime for Windows carries this module. A copy of the runtime under another name is a launcher (docs/runtime.md, "Launchers").
"""

import os
import sys

EXTENSION = ".exe"
# Where a program has the offset of its header, and where the header says whether the program opens a console.
HEADER_OFFSET = 0x3C
SUBSYSTEM = 0x5C
WITHOUT_CONSOLE = 2


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


def read(path):
    with open(path, "rb") as stream:
        return stream.read()
