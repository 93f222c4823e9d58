"""The `.pth` files of the machine, as far as they change the process that reads them."""

import os
import sys

from boot import interpreter

# All that these change is where modules are found, or how; of that nothing reaches an app.
HARMLESS = (
    "_virtualenv.pth",
    "distutils-precedence.pth",
    "easy-install.pth",
)
HARMLESS_ENDS = ("-nspkg.pth", "_nspkg.pth")
HARMLESS_BEGIN = "__editable__"
# The number of directories that the header looks at. Python of Debian has three, and the user's own.
LOOKED_AT = 4


def site_directories():
    """The directories where this interpreter reads `.pth` files, whether they are there or not."""
    site = sys.modules.get("site")
    if site is None or sys.flags.no_site:
        return []
    # The `site` of an old virtualenv has no function for them.
    directories = [entry for entry in sys.path if entry.endswith("-packages")]
    if hasattr(site, "getsitepackages"):
        directories = site.getsitepackages()
    # Where a variable or a flag keeps it away from this start, it may not from the next.
    if site.ENABLE_USER_SITE or not interpreter.is_virtual_environment():
        directories.append(site.getusersitepackages())
    return directories


def has_effects(directories):
    """Whether a `.pth` file there runs code that may have changed a module of the standard library."""
    if len(directories) > LOOKED_AT:
        return True
    for directory in directories:
        try:
            names = os.listdir(directory)
        except OSError:
            continue
        for name in names:
            is_harmless = name in HARMLESS or name.endswith(HARMLESS_ENDS)
            if not name.endswith(".pth") or is_harmless or name.startswith(HARMLESS_BEGIN):
                continue
            if runs_code(os.path.join(directory, name)):
                return True
    return False


def runs_code(path):
    """Whether `site` would execute a line of a `.pth` file."""
    try:
        with open(path, "rb") as stream:
            lines = stream.read().splitlines()
    except EnvironmentError:
        return False
    return any(line.startswith((b"import ", b"import\t")) for line in lines)


def newest(directories):
    """The time of the last change of any of these directories, to the next second."""
    times = [0]
    for directory in directories:
        try:
            times.append(os.stat(directory).st_mtime)
        except OSError:
            pass
    return int(max(times)) + 1
