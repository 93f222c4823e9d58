"""Rank wheel tags for the running interpreter, in the order of PEP 425 and its successors.

`packaging.tags` generates all supported tags, some two thousand, and searches them for a wheel's tags. A CZEX has few wheels.
Therefore this module parses and ranks each tag of a wheel. A lower rank is better.
"""

import os
import sys

from boot import interpreter

# The oldest glibc that a manylinux tag can name (PEP 600).
GLIBC_MINOR_MIN = {"x86_64": 5, "i686": 5}
GLIBC_MINOR_MIN_DEFAULT = 17
MANYLINUX_ALIASES = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
THIRTY_TWO_BIT = {
    "x86_64": ("i686",),
    "aarch64": ("armv8l", "armv7l"),
    "armv8l": ("armv8l", "armv7l"),
}
MACOS_FORMATS = {
    "arm64": ("arm64", "universal2"),
    "x86_64": ("x86_64", "intel", "fat64", "fat3", "universal2", "universal"),
}


class Ranker(object):
    """Rank tags for the running interpreter; query the machine only for the facts that a given tag needs."""

    def __init__(self):
        self._pairs = interpreter_abi_pairs()
        self._platforms = {}
        self._glibc = None
        self._musl = None

    def rank(self, tags):
        """Return the best rank of a wheel's tags, or `None` if no tag fits.

        :param tags: Tags of the form `interpreter-abi-platform`, as in a wheel's file name.
        """
        ranks = [rank for rank in (self._rank(tag) for tag in tags) if rank is not None]
        return min(ranks) if ranks else None

    def _rank(self, tag):
        python, abi, platform = tag.split("-", 2)
        pair = self._pairs.get((python, abi, platform == "any"))
        if pair is None:
            return None
        if platform == "any":
            return pair, 0
        if platform not in self._platforms:
            self._platforms[platform] = self._platform_rank(platform)
        rank = self._platforms[platform]
        return None if rank is None else (pair, rank)

    def _platform_rank(self, platform):
        if interpreter.IS_WINDOWS:
            return 0 if platform == windows_platform() else None
        if sys.platform == "darwin":
            return macos_rank(platform)
        return self._linux_rank(platform)

    def _linux_rank(self, platform):
        for index, machine in enumerate(linux_machines()):
            if not platform.endswith("_" + machine):
                continue
            name = platform[: -len(machine) - 1]
            if name == "linux":
                return 100000 + index
            if name.startswith("musllinux_"):
                wanted = _numbers(name[len("musllinux_") :])
                self._musl = self._musl or musl_version()
            else:
                wanted = MANYLINUX_ALIASES.get(name)
                alias = 1 if wanted else 0
                if name.startswith("manylinux_"):
                    wanted = _numbers(name[len("manylinux_") :])
                self._glibc = self._glibc or glibc_version()
                minimum = GLIBC_MINOR_MIN.get(machine, GLIBC_MINOR_MIN_DEFAULT)
                if not wanted or wanted[1] < minimum:
                    return None
                return _distance(wanted, self._glibc, index, alias)
            return _distance(wanted, self._musl, index, 0)
        return None


def _distance(wanted, have, machine_index, alias):
    """Return how much older a wheel's C library is than the machine's, as a rank; `None` if the wheel needs a newer one."""
    if not wanted or not have or wanted[0] != have[0] or wanted[1] > have[1]:
        return None
    return machine_index * 10000 + (have[1] - wanted[1]) * 2 + alias


def _numbers(text):
    parts = text.split("_")
    if len(parts) == 2 and parts[0].isdigit() and parts[1].isdigit():
        return int(parts[0]), int(parts[1])
    return None


def interpreter_abi_pairs():
    """Return a dict of ranks, by (interpreter, abi, whether the platform is `any`)."""
    major, minor = sys.version_info[:2]
    ordered = []
    if interpreter.IS_PYPY:
        own = "pp{0}{1}".format(major, minor)
        generic = "pp{0}".format(major)
        ordered += [(own, abi, False) for abi in _pypy_abis()] + [(own, "none", False)]
    else:
        own = generic = "cp{0}{1}".format(major, minor)
        ordered += [(own, abi, False) for abi in _cpython_abis()]
        stable = "abi3t" if interpreter.is_free_threaded() else "abi3"
        older = range(minor - 1, 1, -1) if major == 3 else ()
        ordered += [(own, stable, False)] if major == 3 else []
        ordered.append((own, "none", False))
        ordered += [("cp3{0}".format(n), stable, False) for n in older]
    pure = ["py{0}{1}".format(major, minor), "py{0}".format(major)]
    pure += ["py{0}{1}".format(major, n) for n in range(minor - 1, -1, -1)]
    ordered += [(name, "none", False) for name in pure]
    ordered += [(generic, "none", True)] + [(name, "none", True) for name in pure]
    return dict((pair, rank) for rank, pair in reversed(list(enumerate(ordered))))


def _cpython_abis():
    """Return the ABI tags of a CPython; `_cpython_abis` in packaging explains each letter."""
    version = "cp{0}{1}".format(*sys.version_info[:2])
    if sys.version_info[0] == 2:
        debug = "d" if hasattr(sys, "gettotalrefcount") else ""
        wide = "u" if sys.maxunicode == 0x10FFFF else ""
        return [version + debug + "m" + wide]
    flags = getattr(sys, "abiflags", "")
    if interpreter.IS_WINDOWS:
        flags = "m" if sys.version_info < (3, 8) else "t" * interpreter.is_free_threaded()
    abis = [version + flags]
    if "d" in flags and sys.version_info >= (3, 8):
        abis.append(version + flags.replace("d", ""))
    return abis


def _pypy_abis():
    """Return `pypy39_pp73` for the suffix `.pypy39-pp73-x86_64-linux-gnu.so`."""
    if sys.version_info[0] == 2:
        import imp

        suffixes = [suffix for suffix, _, kind in imp.get_suffixes() if kind == imp.C_EXTENSION]
    else:
        import _imp

        suffixes = _imp.extension_suffixes()
    for suffix in suffixes:
        parts = suffix.split(".")[1].split("-")
        if len(parts) >= 2 and parts[0].startswith("pypy"):
            return ["_".join(parts[:2])]
    return []


def windows_platform():
    version = sys.version.lower()
    if "amd64" in version:
        return "win_amd64"
    return "win_arm64" if "arm64" in version else "win32"


def linux_machines():
    machine = os.uname()[4]
    if sys.maxsize > 2**32:
        return (machine,)
    return THIRTY_TWO_BIT.get(machine, (machine,))


def glibc_version():
    try:
        # The number of CS_GNU_LIBC_VERSION in glibc's <bits/confname.h>: Python 2.7 doesn't know the name.
        text = os.confstr(2) or ""
    except (AttributeError, OSError, ValueError):
        text = _glibc_by_itself()
    parts = text.split()
    return _numbers("_".join(parts[1].split(".")[:2])) if len(parts) == 2 else None


def _glibc_by_itself():
    """Ask the C library itself: in some builds of Python 2.7, `confstr` fails."""
    try:
        import ctypes

        version = ctypes.CDLL(None).gnu_get_libc_version
    except (ImportError, AttributeError, OSError):
        return ""
    version.restype = ctypes.c_char_p
    return "glibc " + version().decode("utf-8")


def musl_version():
    """Return the version that musl's loader prints, or `None` if the machine has no musl."""
    import glob
    import subprocess

    for loader in sorted(glob.glob("/lib/ld-musl-*.so.1")):
        process = subprocess.Popen([loader], stderr=subprocess.PIPE)
        for line in process.communicate()[1].decode("utf-8", "replace").splitlines():
            if line.startswith("Version "):
                return _numbers("_".join(line.split()[1].split(".")[:2]))
    return None


def macos_rank(platform):
    import platform as stdlib_platform

    machine = os.uname()[4]
    have = tuple(int(part) for part in stdlib_platform.mac_ver()[0].split(".")[:2])
    if have == (10, 16):
        have = (11, 0)
    parts = platform.split("_", 3)
    if len(parts) != 4 or parts[0] != "macosx" or not (parts[1] + parts[2]).isdigit():
        return None
    wanted, binary = (int(parts[1]), int(parts[2])), parts[3]
    formats = MACOS_FORMATS.get(machine, (machine,))
    if wanted > have or binary not in formats:
        return None
    if machine == "arm64" and wanted < (11, 0) and binary != "universal2":
        return None
    return (have[0] - wanted[0]) * 10000 + (have[1] - wanted[1] + 100) * 10 + formats.index(binary)
