"""Find out whether the machine's `.pth` and `.start` files change the process that reads them."""

import os
import sys

from boot import interpreter

# Files with these names change only how modules are found, which doesn't affect an app.
HARMLESS = ("_virtualenv", "distutils-precedence", "easy-install")
HARMLESS_ENDS = ("-nspkg", "_nspkg")
HARMLESS_BEGIN = "__editable__"
# Since Python 3.15, `site` also reads `.start` files (PEP 829).
KINDS = ("pth", "start") if sys.version_info >= (3, 15) else ("pth",)
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
    """Return whether a file that `site` reads in these directories runs code that may change modules of the standard library."""
    if len(directories) > LOOKED_AT:
        return True
    for directory in directories:
        try:
            names = os.listdir(directory)
        except OSError:
            continue
        for name in names:
            stem, _, kind = name.rpartition(".")
            is_harmless = stem in HARMLESS or stem.endswith(HARMLESS_ENDS)
            if kind not in KINDS or is_harmless or stem.startswith(HARMLESS_BEGIN):
                continue
            if runs_code(os.path.join(directory, name)):
                return True
    return False


def runs_code(path):
    """Return whether `site` would execute a line of a `.pth` or `.start` file."""
    try:
        with open(path, "rb") as stream:
            lines = stream.read().splitlines()
    except EnvironmentError:
        return False
    # Newer Pythons skip a byte order mark, and the space before a line.
    stripped = [line.lstrip(b"\xef\xbb\xbf \t\f") for line in lines]
    if path.endswith(".start"):
        return any(line and not line.startswith(b"#") for line in stripped)
    return any(line.startswith((b"import ", b"import\t")) for line in stripped)


def newest(directories):
    """Return when one of these directories was last changed, rounded up to a second."""
    times = [0]  # type: list
    for directory in directories:
        try:
            times.append(os.stat(directory).st_mtime)
        except OSError:
            pass
    return int(max(times)) + 1
