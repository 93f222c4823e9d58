"""Targets for this repository alone: the runtimes by themselves, and their unit tests.

The backend that people install is `czex`. This one runs on the Pants that this repository pins.
"""

from czex_repo import runtimes, zig_tests


def target_types():
    return [runtimes.CzexRuntimesTarget, zig_tests.ZigTestsTarget]


def rules():
    return [*runtimes.rules(), *zig_tests.rules()]
