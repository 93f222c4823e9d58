"""An app starts on the oldest kernel that the runtimes are built for: Linux 3.10, which lacks newer system calls."""

from __future__ import annotations

from pathlib import Path

from support.strace import strace
from testing.machine import Machine, Outcome
from testing.pythons import Python, on_cpython

# The calls of Linux 3.11 to 6.18 that a program may try. `?` is for a strace that doesn't know them.
NEWER = (
    *("sched_setattr", "sched_getattr", "renameat2", "seccomp", "getrandom", "memfd_create"),
    *(
        "execveat",
        "membarrier",
        "mlock2",
        "copy_file_range",
        "preadv2",
        "pwritev2",
        "statx",
        "rseq",
    ),
    *("pidfd_send_signal", "io_uring_setup", "pidfd_open", "clone3", "close_range", "openat2"),
    *("faccessat2", "epoll_pwait2", "fchmodat2", "map_shadow_stack", "mseal"),
)
WITHOUT = ",".join(f"?{name}" for name in NEWER) + ":error=ENOSYS"


@on_cpython("2.7", "3.11", "3.13")
def test_app_starts_without_newer_system_calls(cow: Path, machine: Machine, python: Python) -> None:
    old = machine.with_python(python)
    options = ["-f", "-qq", "-o", machine.root / "strace", "-e", f"inject={WITHOUT}"]
    for argv in ([python.path(), cow, "x"], [python.path(), cow, "x"], [cow, "x"]):
        assert old.run(strace(), *options, *argv) == Outcome("moo x\n", "", 1)
