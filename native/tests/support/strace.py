"""List the system calls of a process, and run a process in which one call fails or kills it, by strace."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

from testing.machine import Machine, Outcome
from testing.missing import missing

MEMORY = "ENOMEM"
PLACE = "EACCES EIO ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR ESTALE"
CHANGE = PLACE + " EDQUOT ENOSPC EPERM EROFS"
# The errors that the manual pages of Linux list, and ESTALE, which NFS adds. Without EBADF, EFAULT, and EAGAIN of a read: only a
# bug of the program itself can cause these.
ERRORS: Dict[str, str] = {
    "access": PLACE + " EPERM EROFS ETXTBSY",
    "chmod": CHANGE,
    "clone": "EAGAIN ENOMEM ENOSYS EPERM",
    "clone3": "EAGAIN ENOMEM ENOSYS EPERM",
    "close": "EDQUOT EINTR EIO ENOSPC",
    "copy_file_range": "EFBIG EINTR EINVAL EIO ENOMEM ENOSPC EOPNOTSUPP EPERM EXDEV",
    "dup": "EMFILE",
    "dup2": "EBUSY EINTR EMFILE",
    "execve": PLACE + " E2BIG EAGAIN EINVAL EISDIR EMFILE ENFILE ENOEXEC EPERM ETXTBSY",
    "faccessat2": PLACE + " ENOSYS EPERM EROFS",
    "fadvise64": "EINVAL ENOSYS ESPIPE",
    "fchmod": "EIO EPERM EROFS",
    "fchmodat": CHANGE,
    "fcntl": "EAGAIN EINTR EMFILE ENOLCK EPERM",
    "flock": "EAGAIN EINTR ENOLCK EOPNOTSUPP",
    "fork": "EAGAIN ENOMEM ENOSYS",
    "fstat": "EACCES EIO ENOMEM EOVERFLOW ESTALE",
    "fstatfs": "EINTR EIO ENOMEM ENOSYS EOVERFLOW",
    "getcwd": "EACCES ENAMETOOLONG ENOENT ENOMEM",
    "getdents64": "EIO ENOENT ENOTDIR ESTALE",
    "getrandom": "EAGAIN EINTR ENOSYS",
    "ioctl": "EINVAL EIO ENOTTY",
    "link": CHANGE + " EEXIST EMLINK EXDEV",
    "linkat": CHANGE + " EEXIST EMLINK EXDEV",
    "lseek": "EINVAL ENXIO EOVERFLOW ESPIPE",
    "lstat": PLACE + " EOVERFLOW",
    "madvise": "EAGAIN EINVAL EIO ENOMEM EPERM",
    "mkdir": CHANGE + " EEXIST EINVAL EMLINK",
    "mkdirat": CHANGE + " EEXIST EINVAL EMLINK",
    "mmap": "EACCES EAGAIN EINVAL ENFILE ENODEV ENOMEM EOVERFLOW EPERM",
    "mprotect": "EACCES EINVAL ENOMEM",
    "mremap": "EAGAIN EINVAL ENOMEM",
    "munmap": "EINVAL ENOMEM",
    "newfstatat": PLACE + " EOVERFLOW",
    "openat": CHANGE
    + " EBUSY EEXIST EINTR EINVAL EISDIR EMFILE ENFILE ENODEV ENXIO EOVERFLOW ETXTBSY",
    "open": CHANGE
    + " EBUSY EEXIST EINTR EINVAL EISDIR EMFILE ENFILE ENODEV ENXIO EOVERFLOW ETXTBSY",
    "pipe": "EMFILE ENFILE",
    "pipe2": "EMFILE ENFILE ENOPKG",
    "pread64": "EINTR EINVAL EIO EISDIR ENXIO EOVERFLOW ESPIPE ESTALE",
    "preadv2": "EAGAIN EINTR EINVAL EIO EISDIR ENOSYS ENXIO EOPNOTSUPP EOVERFLOW ESPIPE ESTALE",
    "pwrite64": "EDQUOT EFBIG EINTR EINVAL EIO ENOSPC ENXIO EOVERFLOW EPERM EPIPE ESPIPE ESTALE",
    "read": "EINTR EINVAL EIO EISDIR ESTALE",
    "readlink": PLACE + " EINVAL",
    "readlinkat": PLACE + " EINVAL",
    "rename": CHANGE + " EBUSY EEXIST EINVAL EISDIR EMLINK ENOTEMPTY EXDEV",
    "renameat": CHANGE + " EBUSY EEXIST EINVAL EISDIR EMLINK ENOTEMPTY EXDEV",
    "rmdir": CHANGE + " EBUSY EINVAL ENOTEMPTY",
    "sched_getaffinity": "EINVAL EPERM",
    "sendfile": "EAGAIN EINVAL EIO ENOMEM EOVERFLOW ESPIPE",
    "stat": PLACE + " EOVERFLOW",
    "symlink": CHANGE + " EEXIST",
    "symlinkat": CHANGE + " EEXIST",
    "unlink": CHANGE + " EBUSY EISDIR",
    "unlinkat": CHANGE + " EBUSY EINVAL EISDIR ENOTEMPTY",
    "utimensat": CHANGE + " EINVAL",
    "vfork": "EAGAIN ENOMEM ENOSYS",
    "wait4": "ECHILD EINTR EINVAL",
    "write": "EDQUOT EFBIG EINTR EINVAL EIO ENOSPC EPERM EPIPE ESTALE",
}
# Calls on a pipe have fewer errors.
OF_PIPE = {
    "dup2": "EBUSY EINTR EMFILE",
    "pipe2": "EMFILE ENFILE",
    "read": "EINTR",
    "write": "EINTR EPIPE",
}
# These calls can't fail, or programs don't check them. `brk` fails without an error number, which strace can't inject.
SAFE = {
    *("arch_prctl", "brk", "exit", "exit_group", "futex", "getegid", "geteuid", "getgid", "getpgrp", "getpid"),
    *("getppid", "gettid", "getuid", "prlimit64", "restart_syscall", "rseq", "rt_sigaction", "rt_sigprocmask"),
    *("rt_sigreturn", "sched_yield", "set_robust_list", "set_tid_address", "sysinfo", "umask", "uname"),
}  # fmt: skip
OF_RUNTIME = {"flock", "linkat", "mkdirat", "pwrite64", "renameat", "symlinkat", "unlinkat"}
LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$", re.M)


@dataclass(frozen=True)
class Call:
    """A system call. `text` is its arguments and result. `number` counts the calls of its name, up to this one."""

    name: str
    number: int
    text: str

    def errors(self) -> List[str]:
        if self.name in SAFE:
            return []
        of_pipe = OF_PIPE.get(self.name, "") if "<pipe:" in self.text else None
        return (ERRORS[self.name] if of_pipe is None else of_pipe).split()


def strace() -> str:
    program = shutil.which("strace")
    if not program:
        missing("strace")
    return program


def calls_of(
    machine: Machine, argv: Sequence[object], follow: bool = False
) -> Tuple[List[Call], Outcome]:
    """Return the system calls of a process, and its outcome.

    :param follow: Whether to include the calls of its child processes.
    """
    log = machine.root / "strace"
    options = ["-f"] if follow else []
    options += ["-qq", "-y", "-s", "300", "-o", str(log)]
    outcome = machine.run(strace(), *options, *argv)
    counts: Dict[str, int] = {}
    calls = []
    for name, text in LINE.findall(log.read_text("utf-8", "replace")):
        counts[name] = counts.get(name, 0) + 1
        calls.append(Call(name, counts[name], text))
    log.unlink()
    return calls, outcome


def calls_of_runtime(machine: Machine, argv: Sequence[object]) -> List[Call]:
    """Return the calls of the runtime in a start: the ones by names that Python itself doesn't call."""
    return [call for call in calls_of(machine, argv, follow=True)[0] if call.name in OF_RUNTIME]


def disturbed(
    machine: Machine, argv: Sequence[object], call: Call, how: str, follow: bool = False
) -> Optional[Outcome]:
    """Run a process in which one call is disturbed. Return its outcome, or None if it didn't reach the call.

    :param how: `error=EIO`, or `signal=KILL`.
    :param follow: Whether to disturb its child processes, too. Each process counts its own calls.
    """
    log = machine.root / "strace"
    inject = f"inject={call.name}:{how}:when={call.number}"
    options = ["-f"] if follow else []
    options += ["-qq", "-o", str(log), "-e", "signal=KILL", "-e", f"trace={call.name}"]
    outcome = machine.run(strace(), *options, "-e", inject, *argv)
    text = log.read_text("utf-8", "replace")
    log.unlink()
    return outcome if "(INJECTED)" in text or "killed by SIGKILL" in text else None


def between(calls: List[Call], first: str, last: str = "\0") -> List[Call]:
    """Return the calls from the first one that mentions `first`, up to the next one that mentions `last`."""
    begin = next(index for index, call in enumerate(calls) if first in call.text)
    end = (index for index, call in enumerate(calls) if last in call.text and index > begin)
    return calls[begin : next(end, len(calls))]
