"""List all tags that the running interpreter supports, the best first, as `packaging.tags` does."""

import os
import sys

from boot import interpreter, tags

# The minor versions of macOS 10, from the last to the oldest that wheels are tagged for.
MACOS_TEN = range(16, 3, -1)


def supported_tags():
    pairs = tags.interpreter_abi_pairs()
    platforms = supported_platforms()
    supported = []
    for python, abi, universal in sorted(pairs, key=pairs.__getitem__):
        names = ["any"] if universal else platforms
        supported += ["{0}-{1}-{2}".format(python, abi, name) for name in names]
    return supported


def supported_platforms():
    if interpreter.IS_WINDOWS:
        return [tags.windows_platform()]
    return macos_platforms() if sys.platform == "darwin" else linux_platforms()


def linux_platforms():
    glibc, musl = tags.glibc_version(), tags.musl_version()
    aliases = dict((version, name) for name, version in tags.MANYLINUX_ALIASES.items())
    platforms = []
    for machine in tags.linux_machines():
        oldest = tags.GLIBC_MINOR_MIN.get(machine, tags.GLIBC_MINOR_MIN_DEFAULT)
        names = []
        if glibc:
            for minor in range(glibc[1], oldest - 1, -1):
                names.append("manylinux_{0}_{1}".format(glibc[0], minor))
                if (glibc[0], minor) in aliases:
                    names.append(aliases[glibc[0], minor])
        if musl:
            names += ["musllinux_{0}_{1}".format(musl[0], n) for n in range(musl[1], -1, -1)]
        platforms += ["{0}_{1}".format(name, machine) for name in names]
    return platforms + ["linux_" + machine for machine in tags.linux_machines()]


def macos_platforms():
    import platform

    machine = os.uname()[4]
    have = tuple(int(part) for part in platform.mac_ver()[0].split(".")[:2])
    versions = [(major, 0) for major in range(have[0], 10, -1)] if have[0] > 10 else []
    versions += [(10, n) for n in MACOS_TEN if have[0] > 10 or n <= have[1]]
    formats = tags.MACOS_FORMATS.get(machine, (machine,))
    names = [(version, name) for version in versions for name in formats]
    return [
        "macosx_{0}_{1}_{2}".format(version[0], version[1], name)
        for version, name in names
        if tags.macos_rank("macosx_{0}_{1}_{2}".format(version[0], version[1], name)) is not None
    ]
