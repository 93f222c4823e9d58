"""Targets for this repository alone: the runtimes by themselves, one with every check, and their unit tests.

The backend that people install is `czex`. This one runs on the Pants that this repository pins.
"""

from czex_repo import checked_runtime, runtimes, zig_tests


def target_types():
    return [
        checked_runtime.CzexCheckedRuntimeTarget,
        runtimes.CzexRuntimesTarget,
        zig_tests.ZigTestsTarget,
    ]


def rules():
    return [*checked_runtime.rules(), *runtimes.rules(), *zig_tests.rules()]
