"""Find out whether the machine's `.pth` files change the process that reads them."""

import os
import sys

from boot import interpreter

# These files change only how modules are found, which doesn't affect an app.
HARMLESS = (
    "_virtualenv.pth",
    "distutils-precedence.pth",
    "easy-install.pth",
)
HARMLESS_ENDS = ("-nspkg.pth", "_nspkg.pth")
HARMLESS_BEGIN = "__editable__"
# The number of directories that the header checks. Debian's Python has three, and the user's own.
LOOKED_AT = 4


def site_directories():
    """Return the directories where this interpreter reads `.pth` files; some may not exist."""
    site = sys.modules.get("site")
    if site is None or sys.flags.no_site:
        return []
    # The `site` of an old virtualenv lacks `getsitepackages`.
    directories = [entry for entry in sys.path if entry.endswith("-packages")]
    if hasattr(site, "getsitepackages"):
        directories = site.getsitepackages()
    # A variable or a flag may disable the user's directory for this start, but not for the next.
    if site.ENABLE_USER_SITE or not interpreter.is_virtual_environment():
        directories.append(site.getusersitepackages())
    return directories


def has_effects(directories):
    """Return whether a `.pth` file in these directories runs code that may change modules of the standard library."""
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
    """Return whether `site` would execute a line of a `.pth` file."""
    try:
        with open(path, "rb") as stream:
            lines = stream.read().splitlines()
    except EnvironmentError:
        return False
    return any(line.startswith((b"import ", b"import\t")) for line in lines)


def newest(directories):
    """Return when one of these directories was last changed, rounded up to a second."""
    times = [0]  # type: list
    for directory in directories:
        try:
            times.append(os.stat(directory).st_mtime)
        except OSError:
            pass
    return int(max(times)) + 1
