"""The process that an app runs in: its memory, and changes by the machine's own modules."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import pytest

from support.interpreters import clean_python
from support.wheels import Wheel
from support.workshop import COW, Workshop
from testing.machine import Machine, Outcome
from testing.pythons import PYTHON, Python, on, on_cpython

NAME = "python{}.{}".format(*sys.version_info)
# setproctitle searches for the arguments before the first variable, if that is still where the kernel has put it.
MEMORY = """\
from __future__ import print_function
import ctypes, sys
def main():
    first = ctypes.POINTER(ctypes.c_void_p).in_dll(ctypes.CDLL(None), 'environ')[0]
    with open('/proc/self/stat') as stream:
        start = int(stream.read().rpartition(')')[2].split()[47])
    print(first == start, sys.argv[1:])
"""
VENDORED = Wheel("vendor", {"vendor/__init__.py": "", "vendor/_setproctitle.abi3.so": ""})
# Prints the largest number of page faults of 200 calls, for calls at 300 depths of the stack.
DEPTHS = """\
import resource
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def large():
    a = b = c = d = e = f = g = h = i = j = k = l = m = n = o = p = q = r = s = t = u = v = w = x = y = z = 0
def calls(depth):
    if depth:
        return calls(depth - 1)
    before = faults()
    for _ in range(200):
        large()
    return faults() - before
def main():
    print(max([calls(depth) for depth in range(300)]))
"""
# Its thread ends when the worker does, and Python waits for the thread.
WORKER = """\
from __future__ import print_function
import atexit, sys, threading
class Worker(object):
    def __init__(self):
        self.end = threading.Event()
        threading.Thread(target=self.end.wait).start()
    def __del__(self):
        self.end.set()
        print("worker ends")
def main():
    atexit.register(print, "app ends")
    worker = Worker()
    sys.exit(3)
"""
TIMEOUT = "import socket\ndef main():\n    print(socket.getdefaulttimeout())\n"


def starts(app: Path, python: str) -> List[List[object]]:
    return [[python, app], [python, app], [app], [app], [app]]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no /proc")
@on(Python("cpython2.7"), PYTHON, Python("cpython3.13"))
def test_the_first_variable_keeps_its_place_for_an_app_that_sets_its_title(
    workshop: Workshop, machine: Machine, python: Python, tmp_path: Path
) -> None:
    (tmp_path / NAME).symlink_to(python.path())
    path = f"PATH={tmp_path}:/bin"
    usual = (path, f"HOME={machine.root}")
    plain: Tuple[str, ...] = ("-m", "memory:main")
    venv = (*plain, "--venv", "prepend")
    cases: Tuple[Tuple[Tuple[str, ...], List[str]], ...] = (
        (plain, ["PEX_VERBOSE=0", "PEX=other", path]),
        (venv, ["VIRTUAL_ENV=other", path]),
    )
    for number, (options, variables) in enumerate(cases):
        app = workshop.make(
            f"memory-{python.name}-{number}",
            requirements=["vendor"],
            wheels=[VENDORED],
            sources={"memory.py": MEMORY},
            options=list(options),
        )
        for first in variables:
            shutil.rmtree(machine.cache, ignore_errors=True)
            for start in starts(app, python.path())[1:-1]:
                seen = machine.run("env", "-i", first, *usual, *start, "t wo")
                assert seen.stdout == "True ['t wo']\n", (first, start, seen.stderr)


@on(PYTHON, Python("cpython3.13"))
def test_a_change_by_a_pth_file_of_the_machine_is_kept_by_every_way_in(
    workshop: Workshop, machine: Machine, python: Python, tmp_path: Path
) -> None:
    app = workshop.make(
        f"timeout-{python.name}", sources={"timeout.py": TIMEOUT}, options=["-m", "timeout:main"]
    )
    # Its site-packages are empty, unlike the machine's.
    binaries = clean_python(tmp_path / "venv", python)
    known = machine.with_(PATH=f"{binaries}:/bin")
    (packages,) = binaries.parent.glob("lib/*/site-packages")

    def seen() -> Dict[str, int]:
        outputs = [known.run(*start).stdout for start in starts(app, str(binaries / NAME))]
        return {output: outputs.count(output) for output in outputs}

    def is_direct() -> bool:
        (record,) = known.cache.glob(f"venvs/*/sh{binaries}/{NAME}")
        return record.read_text().splitlines()[0] != "-"

    def let_time_pass() -> None:
        """Set a later time of change, because the header compares whole seconds."""
        nonlocal now
        now += 2
        os.utime(packages, (now, now))

    now = packages.stat().st_mtime
    assert seen() == {"None\n": 5} and is_direct()
    (packages / "__editable__.mine.pth").write_text("import sys\n")
    let_time_pass()
    assert seen() == {"None\n": 5} and is_direct()
    (packages / "company.pth").write_text("import socket; socket.setdefaulttimeout(7)\n")
    let_time_pass()
    assert seen() == {"7.0\n": 5} and not is_direct()
    (packages / "company.pth").unlink()
    let_time_pass()
    assert seen() == {"None\n": 5} and is_direct()
    (packages / "sitecustomize.py").write_text("import socket; socket.setdefaulttimeout(7)\n")
    assert seen() == {"None\n": 5}


def test_the_header_runs_an_environment_for_a_python_with_four_site_directories(
    cow: Path, machine: Machine, tmp_path: Path
) -> None:
    binaries = clean_python(tmp_path / "venv", PYTHON)
    (packages,) = binaries.parent.glob("lib/*/site-packages")
    directories = [packages, *(tmp_path / name for name in ("local", "dist-packages", "user"))]
    line = f"import site; site.getsitepackages = lambda prefixes=None: {[*map(str, directories)]}\n"
    # The code of a file with this name counts as harmless.
    (packages / "_virtualenv.pth").write_text(line)
    known = machine.with_(PATH=f"{binaries}:/bin")
    assert known.run(cow, "x").stdout == "moo x\n"
    (record,) = machine.cache.glob(f"venvs/*/sh{binaries}/{NAME}")
    assert record.read_text().startswith("cpython-")
    directories[-1].mkdir()
    (directories[-1] / "company.pth").write_text("import socket\n")
    # A later time of change, because the header compares whole seconds.
    later = record.stat().st_mtime + 2
    os.utime(directories[-1], (later, later))
    assert known.run(cow, "x").stdout == "moo x\n"
    assert record.read_text() == "-\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no /proc")
def test_readers_of_the_command_line_find_each_argument(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    source = (
        "def main():\n"
        "    words = open('/proc/self/cmdline').read().rstrip('\\0').split('\\0')\n"
        "    words = words if len(words) > 1 else words[0].split(' ')\n"
        "    print(words[-3:], len(words))\n"
    )
    app = workshop.make("read", sources={"read.py": source}, options=["-m", "read:main"])
    known = machine.with_(PATH=f"{clean_python(tmp_path / 'venv', PYTHON)}:/bin")
    known.run(app)
    for words, count in (
        # The interpreter, the CZEX and its arguments.
        (["one", "two", "three"], 5),
        # The environment's `__main__.py`, too.
        (["t wo", "a", "b"], 6),
        (["a", "", "b"], 6),
        (["a", "\t", "b"], 6),
    ):
        assert known.run(app, *words).stdout == f"{words} {count}\n"


def test_an_app_whose_file_was_deleted_starts_itself_again(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    source = (
        "import __main__, os, sys\n"
        "def main():\n"
        "    print(sys.argv[1:], flush=True)\n"
        "    if len(sys.argv) == 2:\n"
        "        os.unlink(os.environ['PEX'])\n"
        "        os.environ.update(PEX=sys.argv[1])\n"
        "        os.execv(sys.executable, [sys.executable, __main__.__file__, 'a', 'b'])\n"
    )
    made = workshop.make("gone", sources={"gone.py": source}, options=["-m", "gone:main"])
    other = workshop.make("another", requirements=["cow"], wheels=[COW], options=["-c", "cow"])
    app = tmp_path / "app"
    for _ in range(2):
        shutil.copy(made, app)
        # PEX names another app, which is ignored.
        outcome = machine.run(PYTHON.path(), app, other)
        assert outcome.stdout == f"['{other}']\n['a', 'b']\n", outcome.stderr


def test_process_without_standard_streams_starts_over(
    cow: Path, machine: Machine, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    prepared = machine.with_(PEX_INTERPRETER="1")
    # A flag needs another process.
    argv = [PYTHON.path(), cow, "-u", "-c", f"open({str(mark)!r}, 'w')"]
    outcome = prepared.run("/bin/sh", "-c", 'exec "$0" "$@" >&- 2>&-', *argv)
    assert (outcome.code, mark.exists()) == (0, True)


@on_cpython("3.10", "3.11", "3.12", "3.13")
def test_no_depth_of_the_stack_makes_calls_slow(
    workshop: Workshop, machine: Machine, python: Python
) -> None:
    for outcome in outcomes(workshop, machine, python, "depths", DEPTHS):
        # A plain CPython 3.11 to 3.13 has a fault at each call.
        assert outcome.stderr == "" and int(outcome.stdout) < 20, outcome


@on_cpython("2.7", "3.8", "3.10", "3.11", "3.12", "3.13")
def test_variables_of_a_function_that_exits_end_before_the_app(
    workshop: Workshop, machine: Machine, python: Python
) -> None:
    plain = machine.run(python.path(), "-c", WORKER + "main()")
    assert plain.code == 3
    for outcome in outcomes(workshop, machine, python, "worker", WORKER):
        assert outcome == plain


def outcomes(
    workshop: Workshop, machine: Machine, python: Python, module: str, source: str
) -> Iterator[Outcome]:
    """Start an app of one module in every way, and yield the outcomes."""
    sources = {f"{module}.py": source}
    app = workshop.make(
        f"{module}-{python.name}", sources=sources, options=["-m", f"{module}:main"]
    )
    on_path = machine.with_python(python)
    for argv in starts(app, python.path()):
        yield on_path.run(*argv)
