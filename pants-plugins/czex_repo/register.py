"""Targets for this repository only: the runtimes, a runtime with all safety checks, and unit tests in Zig.

Users install the backend `czex`. This one supports only the version of Pants that this repository pins.
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
