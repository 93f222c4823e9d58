"""Installs with an unwritable store, with kills, beside others, and with failing system calls."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.installs import (
    CACHE,
    DAMAGED,
    FILES,
    IO,
    MIB,
    assert_fails,
    assert_installs,
    contents,
    install,
    leftovers,
    tree,
    write_plan,
)
from support.packs import SITE_PACKAGES, App, outward, pack, record
from support.strace import ERRORS
from testing.long_runs import LONG, counted
from testing.missing import missing

# --- Unwritable stores


def as_nobody() -> None:
    os.setgid(65534)
    os.setuid(65534)


needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount and change users"
)


def test_a_store_that_is_missing_or_a_file_is_an_error_of_the_cache(runtime, app, tmp_path):
    app.add(pack(FILES).encoded())
    app.store = str(tmp_path / "missing")
    assert_fails(runtime, app, CACHE, app.store, "PEXCZ_ROOT")
    (tmp_path / "missing").write_bytes(b"")
    assert_fails(runtime, app, CACHE, app.store)


@pytest.mark.parametrize("name", ["wheels", "venvs", "venvs/app"])
def test_a_file_where_a_directory_should_be_is_an_error_of_the_cache(runtime, app, name):
    app.add(pack(FILES).encoded())
    path = Path(app.store, name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"")
    assert_fails(runtime, app, CACHE, "isn't a directory")


def test_a_symbolic_link_in_the_place_of_a_pack_is_not_followed(runtime, app, tmp_path):
    place = app.add(pack(FILES).encoded())
    (tmp_path / "elsewhere").mkdir()
    os.mkdir(os.path.dirname(place))
    for path in (place, place + ".tmp"):
        os.symlink(tmp_path / "elsewhere", path)
        result = install(runtime, app)
        assert result.returncode == CACHE and result.stderr.count(b"\n") == 1
        assert os.listdir(tmp_path / "elsewhere") == []
        os.unlink(path)


@needs_root
def test_a_store_without_permission_is_an_error_of_the_cache(runtime, tmp_path_factory):
    # Other users can't enter pytest's own directories.
    root = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    root.chmod(0o755)
    try:
        (root / "store").mkdir()
        shutil.copy(runtime.command[-1], root / "pexcz")
        app = App(str(root / "store"), str(root / "app.czex"))
        app.add(pack(FILES).encoded())
        result = subprocess.run(
            [root / "pexcz", "install", write_plan(app)], capture_output=True, preexec_fn=as_nobody
        )
        assert result.returncode == CACHE
        assert b"permission denied; set PEXCZ_ROOT" in result.stderr
        assert os.listdir(app.store) == []
    finally:
        shutil.rmtree(root)


@needs_root
@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
@pytest.mark.parametrize(
    "options, words", [("size=300k", "no space left"), ("nr_inodes=8", "no space left")]
)
def test_a_full_disk_is_an_error_of_the_cache_and_leaves_nothing_behind(
    runtime, app, options, words
):
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", app.store], check=True)
    try:
        app.add(pack({f"lib/{n}": random.Random(n).randbytes(50_000) for n in range(10)}).encoded())
        assert_fails(runtime, app, CACHE, words, "free space")
        assert [name for name in os.listdir(app.store) if name != "wheels"] == []
        subprocess.run(["mount", "-o", "remount,size=20m,nr_inodes=1000", app.store], check=True)
        assert_installs(runtime, app)
    finally:
        subprocess.run(["umount", app.store], check=True)


@needs_root
@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_full_disk_leaves_nothing_behind_with_several_threads(runtime, app):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", app.store], check=True)
    try:
        for seed in range(3):
            app.add(pack({"lib/x": random.Random(seed).randbytes(12 * MIB)}).encoded())
        assert_fails(runtime, app, CACHE, "no space left")
        assert os.listdir(os.path.join(app.store, "wheels")) == []
    finally:
        subprocess.run(["umount", app.store], check=True)


@needs_root
@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_read_only_store_is_an_error_of_the_cache(runtime, app):
    app.add(pack(FILES).encoded())
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", app.store], check=True)
    try:
        assert_fails(runtime, app, CACHE, "read-only", "PEXCZ_ROOT")
    finally:
        subprocess.run(["umount", app.store], check=True)


# --- Killed and concurrent installs


def test_leftovers_of_a_dead_process_are_replaced(runtime, app, tmp_path):
    place = app.add(pack(FILES).encoded())
    (tmp_path / "precious").write_bytes(b"precious")
    for target in (place, app.venv_path):
        stale = Path(target + ".tmp")
        (stale / "lib" / "deep" / "deeper").mkdir(parents=True)
        (stale / "lib" / "cowsay").write_bytes(b"half a file")
        (stale / "lib" / "deep" / "outside").symlink_to(tmp_path)
        (stale / "lib" / "deep" / "file").symlink_to(tmp_path / "precious")
    assert_installs(runtime, app)
    assert contents(place)["lib/cowsay/data/cow.txt"] == b"moo"
    assert (tmp_path / "precious").read_bytes() == b"precious"


def assert_killed_install_is_completed(runtime, app, expected) -> None:
    """Assert that the killed install has left whole directories, or temporary ones, and that another install gives all files."""
    for name, content in tree(app.store).items():
        assert (
            ".tmp" in name or expected[name] == content
        ), "a directory with its final name is whole"
    assert_installs(runtime, app)
    assert tree(app.store) == expected


def test_the_next_install_completes_a_killed_one(runtime, app):
    generator = random.Random(3)
    for number in range(4):
        files = {f"lib/p{number}/{n}.py": generator.randbytes(3000) for n in range(100)}
        files[f"lib/p{number}/big"] = bytes(2 * MIB)
        app.add(pack(files, frame_bytes=MIB).encoded())
    started = time.monotonic()
    assert_installs(runtime, app)
    duration = time.monotonic() - started
    expected = tree(app.store)
    killed = 0
    for attempt in range(2000 if LONG else 40):
        with_new_store(app, attempt)
        process = runtime.start("install", write_plan(app))
        time.sleep(generator.random() * duration)
        process.kill()
        process.communicate()
        killed += process.returncode != 0
        assert_killed_install_is_completed(runtime, app, expected)
        shutil.rmtree(app.store)
    counted(killed, "kills")
    assert killed > 10


def test_concurrent_installs_do_the_work_once(runtime, app):
    generator = random.Random(4)
    for number in range(10):
        app.add(
            pack({f"lib/p{number}/{n}.py": generator.randbytes(2000) for n in range(100)}).encoded()
        )
    plan = write_plan(app)
    for _ in range(3):
        processes = [runtime.start("install", plan) for _ in range(20)]
        for process in processes:
            _, message = process.communicate(timeout=60)
            assert (process.returncode, message) == (0, b"")
        assert leftovers(app) == []
        assert len(contents(app.venv_path)) == 1000
        shutil.rmtree(os.path.join(app.store, "venvs"))
        shutil.rmtree(os.path.join(app.store, "wheels", app.packs[3][1]))


@pytest.mark.skipif(os.name == "nt", reason="locks a directory")
def test_an_install_waits_for_a_lock_and_says_so(runtime, app):
    import fcntl

    place = app.add(pack(FILES).encoded())
    other = app.add(pack({"lib/other.py": b""}).encoded())
    os.makedirs(place + ".tmp")
    lock = os.open(place + ".tmp", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    process = runtime.start("install", write_plan(app))
    deadline = time.monotonic() + 20
    line = process.stderr.readline()
    assert time.monotonic() < deadline
    assert line.startswith(b"czex: waiting for another process that uses %s; " % os.fsencode(place))
    assert os.path.isdir(other), "a pack that no other process installs comes first"
    assert process.poll() is None
    os.close(lock)
    assert process.wait(timeout=20) == 0
    process.stderr.close()
    assert contents(place)


# --- System calls, with strace


@pytest.fixture
def strace(runtime, app):
    """Run an install under strace; return its result, and a line for each system call."""
    program = shutil.which("strace")
    if not program:
        missing("strace")

    def run(*options: str) -> tuple[subprocess.CompletedProcess, list[str]]:
        log = app.archive + ".strace"
        command = [program, "-f", "-o", log, *options, *runtime.command, "install", write_plan(app)]
        return (
            subprocess.run(command, capture_output=True, timeout=60),
            Path(log).read_text().splitlines(),
        )

    return run


def small_app(app: App) -> None:
    app.add(
        pack(
            {**FILES, "lib/x/y.so": outward("lib/x/y.so"), "lib/x/z/": b""}, frame_bytes=700
        ).encoded()
    )
    app.add(pack({"lib/app.py": b"app"}).encoded(), kind="sources")
    app.extra = record("file", "644", "pyvenv.cfg", "x") + record(
        "link", "bin/python", "/usr/bin/python3"
    )


def with_new_store(app: App, name: object) -> None:
    app.store = os.path.join(os.path.dirname(app.store), f"store-{name}")
    os.mkdir(app.store)


def test_a_small_app_starts_no_thread_and_makes_few_system_calls(strace, app):
    app.add(pack(FILES).encoded())
    app.add(pack({"lib/app.py": b"app"}).encoded(), kind="sources")
    result, calls = strace()
    assert result.returncode == 0
    assert not any("clone" in call for call in calls)
    assert len(calls) < 100, "\n".join(calls)


def test_a_kill_at_any_system_call_loses_nothing(runtime, strace, app):
    small_app(app)
    with_new_store(app, "reference")
    assert_installs(runtime, app)
    expected = tree(app.store)
    with_new_store(app, "calls")
    calls = {line.split()[1].partition("(")[0] for line in strace()[1]} - {
        "execve",
        "exit_group",
        "+++",
    }
    kills = 0
    for call in sorted(calls):
        for number in range(1, 1000):
            with_new_store(app, f"{call}-{number}")
            result, _ = strace("-e", f"inject={call}:signal=KILL:when={number}")
            if result.returncode == 0:
                break
            kills += 1
            assert result.returncode == -signal.SIGKILL
            assert_killed_install_is_completed(runtime, app, expected)
    counted(kills, "kills")
    assert kills > 100


# A system call, its error, and the expected exit code, if only one is right.
FAULTS = [
    ("openat", "ENOSPC", None),
    ("openat", "EMFILE", None),
    ("mkdirat", "EDQUOT", CACHE),
    ("mkdirat", "EROFS", CACHE),
    ("pwrite64", "ENOSPC", CACHE),
    ("pwrite64", "EIO", IO),
    ("pread64", "EIO", IO),
    ("renameat", "EACCES", CACHE),
    ("renameat", "ENOTEMPTY", CACHE),
    ("symlinkat", "ENOSPC", CACHE),
    ("close", "EDQUOT", None),
    ("mmap", "ENOMEM", IO),
    ("openat", "EINTR", 0),
    ("pwrite64", "EINTR", 0),
    ("pread64", "EINTR", 0),
    ("flock", "EINTR", 0),
    ("flock", "ENOLCK", 0),
    ("flock", "EOPNOTSUPP", 0),
]
EACH = ["close", *"flock getdents64 mkdirat mmap munmap newfstatat openat pread64 pwrite64".split()]
EACH += ["renameat", "symlinkat", "unlinkat"]
if LONG:
    FAULTS += [(call, error, None) for call in EACH for error in ERRORS[call].split()]


@pytest.mark.parametrize("call, error, code", FAULTS)
def test_a_failed_system_call_is_an_error_or_changes_nothing(
    runtime, strace, app, call, error, code
):
    small_app(app)
    with_new_store(app, "reference")
    assert_installs(runtime, app)
    expected, files = tree(app.store), contents(app.store)
    removes = call in ("getdents64", "unlinkat")
    for number in range(1, 1000):
        with_new_store(app, number)
        if removes:
            Path(app.venv_path + ".tmp", "lib", "half").mkdir(parents=True)
            Path(app.venv_path + ".tmp", "lib", "file").write_bytes(b"half")
        result, log = strace("-e", f"inject={call}:error={error}:when={number}")
        if not any("(INJECTED)" in line for line in log):
            break
        if result.returncode == 0:
            assert code in (0, None) and contents(app.store) == files
            assert call == "symlinkat" or tree(app.store) == expected
            continue
        # If a file exists already, the archive seems to have its name twice.
        codes = (CACHE, IO, DAMAGED) if error == "EEXIST" else (CACHE, IO)
        assert result.returncode == code or code is None and result.returncode in codes
        assert result.stderr.startswith(b"czex: ") and result.stderr.count(b"\n") == 1
        # A directory that can't be opened stays. It is empty, and the next install uses it.
        assert removes or all(os.listdir(path) == [] for path in leftovers(app))
        assert_installs(runtime, app)
        assert contents(app.store) == files
    counted(number - 1, "faults")
    assert number > 1


def test_a_file_system_without_symbolic_links_gets_hard_links_or_copies(strace, app):
    small_app(app)
    for number, options in enumerate(([], ["-e", "inject=linkat:error=EPERM"])):
        with_new_store(app, number)
        app.extra = record("file", "644", "pyvenv.cfg", "x")
        result, _ = strace("-e", "inject=symlinkat:error=EPERM", *options)
        assert (result.returncode, result.stderr) == (0, b"")
        assert not any(isinstance(what, str) for what in tree(app.venv_path).values())
        path = os.path.join(app.venv_path, SITE_PACKAGES, "cowsay", "__init__.py")
        assert os.stat(path).st_nlink == 2 - number
        assert Path(path).read_bytes() == FILES["lib/cowsay/__init__.py"]
