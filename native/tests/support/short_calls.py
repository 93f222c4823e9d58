"""Run a command whose reads and writes are short: each transfers only a third of the requested bytes.

    python short_calls.py COMMAND ...

By ptrace, it reduces the size at the begin of a call, so the result of the call is true. It writes the number of shortened calls
to $SHORT_CALLS. For Linux on x86_64.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
TRACE_ME, GET_REGISTERS, SET_REGISTERS, TO_NEXT_SYSCALL, SET_OPTIONS = 0, 12, 13, 24, 0x4200
# Mark stops at system calls; follow forks, vforks, clones and execs; kill all processes when the tracer ends.
OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x100000
ALL_THREADS = 0x40000000
AT_SYSCALL = signal.SIGTRAP | 0x80
# In struct user_regs_struct, of 27 words: the third argument, the result, the number of the call, and the first argument.
SIZE, RETURNED, NUMBER, FILE = 12, 10, 15, 14
# read, write, pread64, pwrite64
CALLS = (0, 1, 17, 18)
# The result in the registers at the begin of a call.
ENOSYS = 2**64 - 38


def shorten(pid: int) -> bool:
    """Shorten the call that a stopped process begins. Return whether there was one to shorten."""
    registers = (ctypes.c_uint64 * 27)()
    libc.ptrace(GET_REGISTERS, pid, None, registers)
    size = registers[SIZE]
    if registers[RETURNED] != ENOSYS or registers[NUMBER] not in CALLS:
        return False
    # The C library doesn't continue a short read when it loads a library.
    if size < 2 or ".so" in os.readlink(f"/proc/{pid}/fd/{registers[FILE]}"):
        return False
    registers[SIZE] = (size + 2) // 3
    libc.ptrace(SET_REGISTERS, pid, None, registers)
    return True


def main(argv: list[str]) -> int:
    first = os.fork()
    if first == 0:
        libc.ptrace(TRACE_ME, 0, None, None)
        os.execv(argv[0], argv)
    os.waitpid(first, 0)
    libc.ptrace(SET_OPTIONS, first, None, OPTIONS)
    libc.ptrace(TO_NEXT_SYSCALL, first, None, None)
    shortened = 0
    known = {first}
    while True:
        pid, status = os.waitpid(-1, ALL_THREADS)
        if os.WIFSTOPPED(status):
            stopped_by = os.WSTOPSIG(status)
            if stopped_by == AT_SYSCALL:
                shortened += shorten(pid)
            is_own = stopped_by in (AT_SYSCALL, signal.SIGTRAP) or pid not in known
            known.add(pid)
            libc.ptrace(TO_NEXT_SYSCALL, pid, None, 0 if is_own else stopped_by)
        elif pid == first:
            with open(os.environ["SHORT_CALLS"], "w") as stream:
                stream.write(str(shortened))
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
