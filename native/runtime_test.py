"""The runtime does what docs/runtime.md says: tests that start the real executable.

Packs and plans come from `pack_for_tests`, which shares no code with anything that is shipped; executables from
`runtime_for_tests`. Executables for other machines run under qemu and Wine where these are installed.
"""

from __future__ import annotations

import functools
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import pack_for_tests as packs
from pack_for_tests import SITE_PACKAGES, App, Entry, pack, record
from runtime_for_tests import HOST, built_runtime

FOREIGN = {
    "linux-aarch64": ["qemu-aarch64-static"],
    "linux-armv7": ["qemu-arm-static"],
    "linux-ppc64le": ["qemu-ppc64le-static"],
    "linux-s390x": ["qemu-s390x-static"],
    "linux-riscv64": ["qemu-riscv64-static"],
    "windows-x86_64": ["wine"],
}
USAGE, DAMAGED, CACHE, IO = 64, 65, 73, 74
MIB = 1 << 20


class Runtime:
    """An executable for some platform, and the way to start it on this one."""

    def __init__(self, executable: Path, starter: list[str], env: dict[str, str] | None = None):
        self.command = [*starter, str(executable)]
        self.env = {**os.environ, **(env or {})}
        self.is_windows = executable.suffix == ".exe"

    def start(self, *args: str, **kwargs) -> subprocess.Popen:
        return subprocess.Popen(
            [*self.command, *args], env=self.env, stderr=subprocess.PIPE, **kwargs
        )

    def run(self, *args: str, **kwargs) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*self.command, *args], env=self.env, capture_output=True, timeout=120, **kwargs
        )

    def path(self, path: str) -> str:
        """As the executable has to be told a path of this machine."""
        return "Z:" + path.replace("/", "\\") if self.is_windows and os.sep == "/" else path


@pytest.fixture(scope="session")
def executable(tmp_path_factory):
    """Where the executable of a platform is; built at most once."""

    @functools.lru_cache(maxsize=None)
    def find(name: str) -> Path:
        return built_runtime(name, tmp_path_factory.mktemp("runtime"))

    return find


@pytest.fixture(scope="session")
def runtime(executable):
    return Runtime(executable(HOST), [])


@pytest.fixture
def app(tmp_path):
    (tmp_path / "store").mkdir()
    return App(str(tmp_path / "store"), str(tmp_path / "app.czex"))


def install(runtime: Runtime, app: App, **kwargs) -> subprocess.CompletedProcess:
    return runtime.run("install", write_plan(app), **kwargs)


def write_plan(app: App) -> str:
    path = app.archive + ".plan"
    Path(path).write_bytes(app.plan())
    return path


def assert_installs(runtime: Runtime, app: App) -> None:
    result = install(runtime, app)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    assert leftovers(app) == []


def assert_fails(runtime: Runtime, app: App, code: int, *words: str) -> str:
    """It says so in one line with these words, and leaves nothing behind."""
    result = install(runtime, app)
    message = result.stderr.decode()
    assert result.returncode == code, (result.returncode, message)
    assert (
        message.startswith("czex: ") and message.endswith("\n") and message.count("\n") == 1
    ), message
    for word in words:
        assert word in message
    assert not os.path.exists(app.venv_path)
    assert leftovers(app) == []
    return message


def leftovers(app: App) -> list[str]:
    found = []
    for parent, directories, files in os.walk(app.store):
        found += [
            os.path.join(parent, name)
            for name in [*directories, *files]
            if name.endswith((".tmp", ".lock"))
        ]
    return found


def tree(root: str) -> dict[str, object]:
    """Every path below a directory: the content of a file, the target of a link, None for a directory."""
    result: dict[str, object] = {}
    for parent, directories, files in os.walk(root):
        for name in directories + files:
            path = os.path.join(parent, name)
            key = os.path.relpath(path, root).replace(os.sep, "/")
            if os.path.islink(path):
                result[key] = "-> " + os.readlink(path)
            else:
                result[key] = None if os.path.isdir(path) else Path(path).read_bytes()
    return result


def contents(root: str) -> dict[str, bytes]:
    """Every file below a directory, whether through links or not."""
    result = {}
    for parent, _, files in os.walk(root, followlinks=True):
        for name in files:
            path = os.path.join(parent, name)
            result[os.path.relpath(path, root).replace(os.sep, "/")] = Path(path).read_bytes()
    return result


FILES = {
    "lib/cowsay/__init__.py": b"import sys\n" * 100,
    "lib/cowsay/data/cow.txt": b"moo",
    "lib/cowsay/empty.py": b"",
    "lib/cowsay-1.dist-info/METADATA": b"Name: cowsay\n",
    "scripts/cowsay": Entry(
        "scripts/cowsay", b"#!python\nimport cowsay\n", packs.EXECUTABLE | packs.SHEBANG
    ),
    "data/share/man/cow.1": b".TH",
}


# --- What is unpacked


def test_a_pack_comes_back_as_it_was(runtime, app):
    files = {
        "lib/a.py": b"a",
        "lib/b/c.bin": bytes(range(256)) * 1000,
        "lib/b/empty": b"",
        "lib/d/": b"",
        "lib/ü/ñ.txt": b"x",
    }
    place = app.add(pack(files).encoded(), gap=b"a prefix of any length")
    assert_installs(runtime, app)
    expected = {path: content for path, content in files.items() if not path.endswith("/")}
    assert contents(place) == expected
    assert os.listdir(os.path.join(place, "lib", "d")) == []


def test_a_pack_may_be_empty(runtime, app):
    place = app.add(pack({}).encoded())
    app.add(pack({"lib/empty.py": b""}).encoded())
    assert_installs(runtime, app)
    assert tree(place) == {}
    assert tree(app.venv_path) != {}


def test_modes_are_those_of_ordinary_and_executable_files(runtime, app):
    place = app.add(
        pack(
            {
                "lib/a": b"a",
                "lib/e": Entry("lib/e", b"e", packs.EXECUTABLE),
                "lib/z": Entry("lib/z", b"", 1),
            }
        ).encoded()
    )
    assert_installs(runtime, app)
    modes = {
        name: stat.S_IMODE(os.stat(os.path.join(place, "lib", name)).st_mode) for name in "aez"
    }
    assert modes == {"a": 0o644, "e": 0o755, "z": 0o755}


def test_the_umask_applies(runtime, app):
    place = app.add(pack({"lib/a": b"a"}).encoded())
    plan = write_plan(app)
    old = os.umask(0o077)
    try:
        assert runtime.run("install", plan).returncode == 0
    finally:
        os.umask(old)
    assert stat.S_IMODE(os.stat(place).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(os.path.join(place, "lib", "a")).st_mode) == 0o600


def test_large_files_over_many_frames_unpack_in_parallel(runtime, app):
    generator = random.Random(1)
    files = {f"lib/{n:03}.py": generator.randbytes(generator.randrange(30_000)) for n in range(300)}
    files["lib/100.bin"] = generator.randbytes(21 * MIB + 7)
    files["lib/200.so"] = bytes(9 * MIB)
    place = app.add(pack(files).encoded())
    other = app.add(pack({"lib/x.bin": generator.randbytes(5 * MIB)}).encoded())
    assert_installs(runtime, app)
    assert contents(place) == files
    assert os.path.getsize(os.path.join(other, "lib", "x.bin")) == 5 * MIB


def test_frames_of_any_size_unpack(runtime, app):
    generator = random.Random(2)
    files = {f"lib/{n}": generator.randbytes(n * 7) for n in range(60)}
    for frame_bytes in (1, 13, 100):
        place = app.add(pack(files, frame_bytes=frame_bytes).encoded())
        files["lib/z"] = b"another pack"
    assert_installs(runtime, app)
    del files["lib/z"]
    assert {k: v for k, v in contents(place).items() if k != "lib/z"} == files


def test_what_is_installed_is_not_unpacked_again(runtime, app):
    place = app.add(pack(FILES).encoded())
    assert_installs(runtime, app)
    before = os.stat(place).st_mtime_ns, os.stat(place).st_ino
    app.venv = "venvs/app/another"
    assert_installs(runtime, app)
    assert (os.stat(place).st_mtime_ns, os.stat(place).st_ino) == before
    assert contents(app.venv_path)["share/man/cow.1"] == b".TH"


def test_many_packs_are_installed_in_batches(runtime, app):
    for number in range(150):
        app.add(pack({f"lib/p{number}/__init__.py": b"%d" % number}).encoded())
    assert_installs(runtime, app)
    assert len(os.listdir(os.path.join(app.venv_path, SITE_PACKAGES))) == 150


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space with ulimit")
def test_memory_is_bounded_by_the_threads_and_not_by_the_packs(runtime, app):
    noise = random.Random(6).randbytes(8 * MIB)
    for number in range(4 * 64):
        app.add(
            pack({f"lib/{number}": noise if number % 64 == 0 else b""}).encoded(),
            name=f"{number:040}",
        )
    limit = 16 * MIB * (len(os.sched_getaffinity(0)) + 1)
    limited = Runtime(
        Path(runtime.command[-1]), ["sh", "-c", f'ulimit -v {limit // 1024}; exec "$@"', "sh"]
    )
    assert_installs(limited, app)


def test_sources_have_their_own_directory(runtime, app):
    place = app.add(pack({"lib/app.py": b"app"}).encoded(), kind="sources")
    assert_installs(runtime, app)
    assert place.endswith(os.path.join("sources", app.packs[0][1])) and os.path.isfile(
        os.path.join(place, "lib/app.py")
    )


# --- How the venv is linked


def test_a_directory_of_one_pack_is_one_relative_link(runtime, app):
    place = app.add(pack(FILES).encoded())
    assert_installs(runtime, app)
    site_packages = os.path.join(app.venv_path, SITE_PACKAGES)
    for name in ("cowsay", "cowsay-1.dist-info"):
        assert os.path.islink(os.path.join(site_packages, name))
        assert not os.path.isabs(os.readlink(os.path.join(site_packages, name)))
    assert os.path.realpath(os.path.join(site_packages, "cowsay")) == os.path.realpath(
        os.path.join(place, "lib/cowsay")
    )
    for directory in ("", "lib", "lib/python3.11", SITE_PACKAGES, "bin"):
        assert not os.path.islink(os.path.join(app.venv_path, directory))


def test_the_store_can_be_moved(runtime, app):
    app.add(pack(FILES).encoded())
    assert_installs(runtime, app)
    expected = contents(app.venv_path)
    os.rename(app.store, app.store + " moved")
    app.store += " moved"
    assert contents(app.venv_path) == expected


def test_a_namespace_package_of_two_packs_is_merged(runtime, app):
    app.add(
        pack({"lib/google/cloud/storage/a.py": b"a", "lib/google/cloud/one.py": b"1"}).encoded()
    )
    app.add(
        pack(
            {
                "lib/google/auth/b.py": b"b",
                "lib/google/cloud/two.py": b"2",
                "lib/google/cloud/x/": b"",
            }
        ).encoded()
    )
    assert_installs(runtime, app)
    found = tree(os.path.join(app.venv_path, SITE_PACKAGES))
    assert found["google"] is None and found["google/cloud"] is None
    assert {name for name, what in found.items() if isinstance(what, str)} == {
        "google/auth",
        "google/cloud/storage",
        "google/cloud/one.py",
        "google/cloud/two.py",
        "google/cloud/x",
    }


def test_directories_above_a_native_library_are_real(runtime, app):
    files = {
        "lib/torch/lib/libtorch.so.2": b"ELF",
        "lib/torch/include/a.h": b"h",
        "lib/torch/a.py": b"a",
        "lib/pure/b.py": b"b",
        "lib/win/c.pyd": b"MZ",
        "lib/so/d.sock": b"",
    }
    app.add(pack(files).encoded())
    assert_installs(runtime, app)
    found = tree(os.path.join(app.venv_path, SITE_PACKAGES))
    assert {name for name, what in found.items() if what is None} == {"torch", "torch/lib", "win"}
    assert found["torch/lib/libtorch.so.2"].startswith("-> ")
    assert found["torch/include"].startswith("-> ")


def test_the_first_pack_wins(runtime, app):
    app.add(pack({"lib/a.py": b"first", "lib/b": b"a file", "lib/c/x": b"a directory"}).encoded())
    app.add(pack({"lib/a.py": b"second", "lib/b/x": b"a directory", "lib/c": b"a file"}).encoded())
    assert_installs(runtime, app)
    assert contents(app.venv_path) == {
        SITE_PACKAGES + "/a.py": b"first",
        SITE_PACKAGES + "/b": b"a file",
        SITE_PACKAGES + "/c/x": b"a directory",
    }


def test_an_empty_directory_hides_nothing(runtime, app):
    app.add(pack({"lib/a/": b""}).encoded())
    app.add(pack({"lib/a/b.py": b"b"}).encoded())
    assert_installs(runtime, app)
    assert contents(app.venv_path) == {SITE_PACKAGES + "/a/b.py": b"b"}


def test_data_that_lands_in_another_scheme_is_merged_with_it(runtime, app):
    app.add(
        pack(
            {
                "data/bin/tool": b"t",
                "data/lib/python3.11/site-packages/x.py": b"x",
                "scripts/run": b"r",
            }
        ).encoded()
    )
    app.add(pack({"lib/y.py": b"y"}).encoded())
    assert_installs(runtime, app)
    assert contents(app.venv_path) == {
        "bin/tool": b"t",
        "bin/run": b"r",
        SITE_PACKAGES + "/x.py": b"x",
        SITE_PACKAGES + "/y.py": b"y",
    }


def test_only_what_is_mounted_is_linked(runtime, app):
    app.mounts = (("lib", "a/b"), ("lib", "c"))
    app.add(pack({"lib/x.py": b"x", "library/y.py": b"y", "data/z": b"z"}).encoded())
    assert_installs(runtime, app)
    assert contents(app.venv_path) == {"a/b/x.py": b"x", "c/x.py": b"x"}


def test_files_and_links_of_the_plan_are_written_and_win_over_packs(runtime, app):
    app.add(
        pack(
            {"lib/a.py": b"pack", "scripts/python": b"pack", "data/pyvenv.cfg/x": b"pack"}
        ).encoded()
    )
    app.extra = (
        record("file", "644", "pyvenv.cfg", b"home = /usr/bin\n\xff\x00")
        + record("file", "755", "bin/app", "#!/bin/sh\n")
        + record("link", "bin/python", "/usr/bin/python3")
        + record("file", "600", SITE_PACKAGES + "/a.py", "plan")
    )
    assert_installs(runtime, app)
    assert tree(app.venv_path) == {
        "pyvenv.cfg": b"home = /usr/bin\n\xff\x00",
        "bin": None,
        "bin/app": b"#!/bin/sh\n",
        "bin/python": "-> /usr/bin/python3",
        "lib": None,
        "lib/python3.11": None,
        SITE_PACKAGES: None,
        SITE_PACKAGES + "/a.py": b"plan",
    }
    modes = [
        stat.S_IMODE(os.stat(os.path.join(app.venv_path, name)).st_mode)
        for name in ("bin/app", SITE_PACKAGES + "/a.py")
    ]
    assert modes == [0o755, 0o600]


@pytest.mark.parametrize(
    "content, expected",
    [
        (b"#!python\nx\n", b"#!/bin/sh\n'''exec' /py\n' '''\nx\n"),
        (b"#!pythonw -E\r\nx\n", b"#!/bin/sh\n'''exec' /py\n' '''\nx\n"),
        (b"#!python", b"#!/bin/sh\n'''exec' /py\n' '''"),
        (b"#!python" + b"x" * 100_000 + b"\ny", b"#!/bin/sh\n'''exec' /py\n' '''\ny"),
        (b"#!python\n" + b"y\n" * 100_000, b"#!/bin/sh\n'''exec' /py\n' '''\n" + b"y\n" * 100_000),
        (b"#!/bin/sh\nx\n", b"#!/bin/sh\nx\n"),
        (b"", b""),
    ],
    ids=[
        "plain",
        "arguments",
        "no line end",
        "long line",
        "long script",
        "not the placeholder",
        "empty",
    ],
)
def test_a_script_gets_the_interpreter_of_the_venv(runtime, app, content, expected):
    app.shebang = "#!/bin/sh\n'''exec' /py\n' '''"
    app.add(
        pack({"scripts/s": Entry("scripts/s", content, packs.EXECUTABLE | packs.SHEBANG)}).encoded()
    )
    assert_installs(runtime, app)
    script = os.path.join(app.venv_path, "bin", "s")
    assert not os.path.islink(script) and Path(script).read_bytes() == expected
    assert os.access(script, os.X_OK)


def test_a_script_in_a_directory_gets_it_too(runtime, app):
    app.add(
        pack(
            {
                "scripts/d/s": Entry("scripts/d/s", b"#!python\n", packs.SHEBANG),
                "scripts/d/other": b"o",
            }
        ).encoded()
    )
    assert_installs(runtime, app)
    assert tree(os.path.join(app.venv_path, "bin"))["d/s"] == b"#!/venv/bin/python\n"


def test_a_copied_venv_has_no_links_into_the_store(runtime, app):
    app.copy = 1
    app.add(
        pack(
            {**FILES, "lib/big": bytes(300_000), "lib/x": Entry("lib/x", b"x", packs.EXECUTABLE)}
        ).encoded()
    )
    app.extra = record("link", "bin/python", "/usr/bin/python3")
    assert_installs(runtime, app)
    found = tree(app.venv_path)
    assert {name for name, what in found.items() if isinstance(what, str)} == {"bin/python"}
    assert found[SITE_PACKAGES + "/big"] == bytes(300_000)
    assert os.access(os.path.join(app.venv_path, SITE_PACKAGES, "x"), os.X_OK)


# --- What is refused


def with_path(path: str | bytes) -> bytes:
    entry = Entry("p", b"x", path_bytes=path if isinstance(path, bytes) else path.encode())
    return pack({"p": entry}).encoded()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "..",
        "../x",
        "lib/../../x",
        "lib/..",
        ".",
        "lib/./x",
        "lib//x",
        "lib/",
        "lib\\x",
        "a\0b",
        b"\xff",
        "a" * 256,
    ]
    + ["d/" * 128 + "x", "a/" * 2047 + "aaa"],
    ids=lambda path: repr(path)[:30],
)
def test_a_path_that_leads_elsewhere_is_refused(runtime, app, path):
    app.add(with_path(path))
    assert_fails(runtime, app, DAMAGED, "damaged archive", app.archive)
    assert os.listdir(app.store) == []


@pytest.mark.parametrize(
    "paths",
    [
        ("a", "a"),
        ("b", "a"),
        ("a.b", "a/b"),
        ("a", "a/b"),
        ("a/b", "a/b/c"),
        ("a/b/c", "a/b"),
        ("a/b", "a"),
    ],
    ids=str,
)
def test_paths_out_of_order_or_in_conflict_are_refused(runtime, app, paths):
    whole = pack({})
    whole.entries = [Entry(path) for path in paths]
    app.add(whole.encoded())
    assert_fails(runtime, app, DAMAGED)
    assert os.listdir(app.store) == []


def test_a_directory_entry_with_something_in_it_is_refused(runtime, app):
    whole = pack({})
    whole.entries = [Entry("a", flags=packs.DIRECTORY), Entry("a/b")]
    app.add(whole.encoded())
    assert_fails(runtime, app, DAMAGED)


HUGE = [(1 << 63) - 1, 1 << 63, (1 << 64) - 1, (1 << 64) - 5]


def broken_packs() -> dict[str, bytes]:
    def good(**changes) -> packs.Pack:
        result = pack({"lib/a": b"aaaa", "lib/b": b"bb"}, frame_bytes=4)
        for name, value in changes.items():
            setattr(result, name, value)
        return result

    def indexed(frame_sizes, entries=None, **changes) -> bytes:
        whole = good(**changes)
        whole.index = packs.index(whole.entries if entries is None else entries, frame_sizes)
        return whole.encoded()

    sizes = [(len(frame), raw) for frame, raw in zip(good().frames, good().raw_sizes)]
    whole_index = packs.index(good().entries, sizes)
    one = packs.frame(b"aaaabb")
    result = {
        "another magic": good(magic=b"CZEXPACX").encoded(),
        "a later version": good(version=2).encoded(),
        "reserved bits": good(reserved=1).encoded(),
        "content size too small": good(content_raw=5).encoded(),
        "content size too large": good(content_raw=7).encoded(),
        "index size lies": good(index_raw=len(whole_index) + 1).encoded(),
        "index is a bomb": good(index_raw=0xFFFFFFFF).encoded(),
        "meta size lies": good(meta_raw=3).encoded(),
        "meta is a bomb": good(meta_raw=0xFFFFFFFF).encoded(),
        "index has bytes behind its end": good(index=whole_index + b"\0").encoded(),
        "flags unknown": good(
            entries=[Entry("lib/a", b"aaaa", flags=8), Entry("lib/b", b"bb")]
        ).encoded(),
        "a directory with content": good(
            entries=[Entry("lib/a", b"aaaa", flags=4), Entry("lib/b", b"bb")]
        ).encoded(),
        "an executable directory": good(
            entries=[Entry("lib/a", flags=5), Entry("lib/b", b"bbbbbb")]
        ).encoded(),
        "an entry too large": good(
            entries=[Entry("lib/a", b"aaaaa"), Entry("lib/b", b"bb")]
        ).encoded(),
        "an entry too small": good(
            entries=[Entry("lib/a", b"aaa"), Entry("lib/b", b"bb")]
        ).encoded(),
        "frames in another order": good(frames=good().frames[::-1]).encoded(),
        "a frame without a checksum": good(
            frames=[packs.frame(b"aaaabb", checksum=False)], raw_sizes=[6]
        ).encoded(),
        "a frame of another size": indexed(
            [(len(one), 6)], frames=[packs.frame(b"aaaabbc")], raw_sizes=[6]
        ),
        "a frame of size 0": indexed(
            [(len(one), 6), (len(packs.frame(b"")), 0)],
            frames=[one, packs.frame(b"")],
            raw_sizes=[6, 0],
        ),
        "a frame's raw size too large": indexed(
            [(len(one), (8 << 20) + 1)], frames=[one], raw_sizes=[(8 << 20) + 1]
        ),
        "a frame's raw size lies": indexed(
            [(len(one), 7)], [Entry("lib/a", b"aaaaaaa")], frames=[one], raw_sizes=[7]
        ),
        "a frame is a bomb": indexed(
            [(len(packs.frame(bytes(8 << 20))), 6)],
            frames=[packs.frame(bytes(8 << 20))],
            raw_sizes=[6],
        ),
        "a frame's packed size too large": indexed([(0xFFFFFFFF, 6)], frames=[one], raw_sizes=[6]),
        "a frame's packed size is 0": indexed([(0, 6)], frames=[one], raw_sizes=[6]),
        "two frames where one should be": indexed(
            [(2 * len(packs.frame(b"aaa")), 6)], frames=[packs.frame(b"aaa") * 2], raw_sizes=[6]
        ),
        "bytes behind the last frame": good().encoded() + b"\0",
        "no index": good(index=b"").encoded(),
        "more frames than fit": good(index=b"\xff\xff\xff\xff" + whole_index[4:]).encoded(),
        "more entries than fit": good(
            index=whole_index[:20] + b"\xff\xff\xff\xff" + whole_index[24:]
        ).encoded(),
        "a path longer than the index": good(index=whole_index[:-6] + b"z").encoded(),
    }
    for size in HUGE:
        entries = [Entry("lib/a", size=size), Entry("lib/b", size=(6 - size) % (1 << 64))]
        result[f"sizes that overflow from {size}"] = indexed(sizes, entries)
        result[f"content size of {size}"] = good(content_raw=size).encoded()
    return result


@pytest.mark.parametrize(
    "data", [pytest.param(data, id=name) for name, data in broken_packs().items()]
)
def test_a_broken_pack_is_an_error_and_leaves_nothing_behind(runtime, app, data):
    good = app.add(pack({"lib/good.py": b"good"}).encoded())
    bad = app.add(data)
    assert_fails(
        runtime,
        app,
        DAMAGED,
        "damaged archive",
        app.archive,
        app.packs[1][1],
        "; get the file again",
    )
    assert not os.path.exists(bad)
    assert not os.path.exists(good) or contents(good) == {"lib/good.py": b"good"}


def test_a_file_that_ends_anywhere_is_damaged(runtime, app):
    data = pack(FILES, frame_bytes=500).encoded()
    place = app.add(data)
    for size in range(0, len(data), 5):
        os.truncate(app.archive, size)
        assert_fails(runtime, app, DAMAGED, "the file ends too soon")
        Path(app.archive).write_bytes(data)
    app.packs = [("wheel", app.packs[0][1], 0, len(data) - 1)]
    assert_fails(runtime, app, DAMAGED)
    assert not os.path.exists(place)


def test_a_flipped_bit_is_an_error_or_changes_nothing(runtime, app):
    whole = pack(FILES, frame_bytes=500)
    whole.meta = b'{"kind": "wheel"}'
    data = whole.encoded()
    place = app.add(data)
    expected = {path: getattr(content, "content", content) for path, content in FILES.items()}
    harmless = 0
    for number, position in enumerate(range(0, len(data) * 8, 11)):
        damaged = bytearray(data)
        damaged[position // 8] ^= 1 << position % 8
        Path(app.archive).write_bytes(damaged)
        app.venv = f"venvs/{number}"
        result = install(runtime, app)
        if result.returncode == 0:
            # A bit of a frame's header that says nothing about its content.
            harmless += 1
            assert contents(place) == expected
            os.rename(place, f"{app.store}/{number}")
        else:
            assert result.returncode == DAMAGED, (position, result.stderr)
            assert not os.path.exists(place) and not os.path.exists(app.venv_path)
        assert leftovers(app) == []
    assert harmless < number / 20


def test_an_archive_that_is_missing_is_an_error_of_reading(runtime, app):
    app.add(pack(FILES).encoded())
    os.unlink(app.archive)
    assert_fails(runtime, app, IO, app.archive)


@pytest.mark.parametrize("path", ["../x", "/x", "", "a/../b", "a\\b", "x/"])
def test_a_plan_cannot_write_outside_the_venv(runtime, app, path):
    for extra in (record("file", "644", path, ""), record("link", path, "target")):
        app.extra = extra
        assert_fails(runtime, app, USAGE)
    assert os.listdir(app.store) == []


def plan_of(app: App, *records: bytes) -> bytes:
    return (
        record("czex-plan", "1")
        + record("store", app.store)
        + record("venv", app.store + "/v")
        + b"".join(records)
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda app: b"",
        lambda app: b"czex-plan",
        lambda app: record("czex-plan", "2"),
        lambda app: record("czex-plan", "1"),
        lambda app: record("czex-plan", "1") + record("store", app.store),
        lambda app: record("czex-plan", "1")
        + record("store", "relative")
        + record("venv", "relative/v"),
        lambda app: record("czex-plan", "1")
        + record("store", app.store)
        + record("venv", app.store),
        lambda app: record("czex-plan", "1")
        + record("store", app.store)
        + record("venv", app.store + "x/v"),
        lambda app: record("czex-plan", "1")
        + record("store", app.store)
        + record("venv", app.store + "/../v"),
        lambda app: record("czex-plan", "1")
        + record("store", app.store)
        + record("venv", "/elsewhere/v"),
        lambda app: plan_of(app, record("store", app.store)),
        lambda app: plan_of(app, record("unknown")),
        lambda app: plan_of(app, record("link", "a")),
        lambda app: plan_of(app, record("copy", "2")),
        lambda app: plan_of(app, record("file", "9", "a", "")),
        lambda app: plan_of(app, record("file", "1777", "a", "")),
        lambda app: plan_of(app, record("link", "a", "")),
        lambda app: plan_of(app, record("link", "a", "b\0c")),
        lambda app: plan_of(app, record("pack", "wheel", "0" * 40, 0, 1)),
        lambda app: plan_of(app, record("archive", app.archive), record("mount", "lib", "")),
        lambda app: plan_of(
            app, record("archive", app.archive), record("pack", "egg", "0" * 40, 0, 1)
        ),
        lambda app: plan_of(
            app, record("archive", app.archive), record("pack", "wheel", "../" + "0" * 37, 0, 1)
        ),
        lambda app: plan_of(
            app, record("archive", app.archive), record("pack", "wheel", "0" * 39, 0, 1)
        ),
        lambda app: plan_of(
            app, record("archive", app.archive), record("pack", "wheel", "0" * 40, -1, 1)
        ),
        lambda app: plan_of(
            app, record("archive", app.archive), record("pack", "wheel", "0" * 40, 1 << 63, 1)
        ),
        lambda app: plan_of(
            app, record("archive", app.archive), record("pack", "wheel", "0" * 40, 0, 1 << 70)
        ),
        lambda app: plan_of(
            app,
            record("archive", app.archive),
            record("pack", "wheel", "0" * 40, 0, 1),
            record("mount", "lib", "../x"),
        ),
        lambda app: plan_of(
            app,
            record("archive", app.archive),
            record("pack", "wheel", "0" * 40, 0, 1),
            record("mount", "a/b", "x"),
        ),
        lambda app: plan_of(app)[:-1],
        lambda app: plan_of(app) + b"\n",
        lambda app: plan_of(app) + b"99999999999999999999:",
        lambda app: plan_of(app) + b"-1:a,",
        lambda app: plan_of(app) + b"4:copy",
        lambda app: plan_of(app) + b"04:copy,1:0,",
    ],
)
def test_a_plan_that_makes_no_sense_is_an_error_of_the_caller(runtime, app, tmp_path, make):
    Path(app.archive).write_bytes(pack(FILES).encoded())
    plan = tmp_path / "plan"
    plan.write_bytes(make(app))
    result = runtime.run("install", str(plan))
    assert result.returncode == USAGE
    assert result.stderr.startswith(b"czex: ") and result.stderr.count(b"\n") == 1
    assert os.listdir(app.store) == []


@pytest.mark.parametrize("args", [[], ["install"], ["remove", "x"], ["install", "x", "y"]], ids=str)
def test_wrong_arguments_are_an_error_of_the_caller(runtime, args):
    result = runtime.run(*args)
    assert result.returncode == USAGE
    assert result.stderr == b"czex: usage: pexcz install <plan file, or - for standard input>\n"


def test_a_plan_that_is_missing_is_named(runtime, tmp_path):
    result = runtime.run("install", str(tmp_path / "nothing"))
    assert result.returncode == IO and str(tmp_path / "nothing").encode() in result.stderr


# --- Where it can't be written


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
    # pytest's own directories are closed to others.
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
        assert_fails(runtime, app, CACHE, words, "make room")
        assert [name for name in os.listdir(app.store) if name != "wheels"] == []
        subprocess.run(["mount", "-o", "remount,size=20m,nr_inodes=1000", app.store], check=True)
        assert_installs(runtime, app)
    finally:
        subprocess.run(["umount", app.store], check=True)


@needs_root
@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_disk_that_fills_up_in_parallel_leaves_nothing_behind(runtime, app):
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


# --- Killed, and many at once


def test_what_a_dead_process_left_is_made_anew(runtime, app, tmp_path):
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


def test_a_killed_install_is_done_by_the_next(runtime, app):
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
    for attempt in range(40):
        with_new_store(app, attempt)
        process = runtime.start("install", write_plan(app))
        time.sleep(generator.random() * duration)
        process.kill()
        process.communicate()
        killed += process.returncode != 0
        for name, content in tree(app.store).items():
            assert ".tmp" in name or expected[name] == content, "what has its final name is whole"
        assert_installs(runtime, app)
        assert tree(app.store) == expected
    assert killed > 10


def test_many_processes_at_once_do_the_work_once(runtime, app):
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
def test_a_holder_that_lives_is_waited_for_and_announced(runtime, app):
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
    assert line == b"czex: waiting for another process to finish " + os.fsencode(place) + b"\n"
    assert os.path.isdir(other), "what nobody else makes is done first"
    assert process.poll() is None
    os.close(lock)
    assert process.wait(timeout=20) == 0
    process.stderr.close()
    assert contents(place)


@pytest.fixture
def strace(runtime, app):
    """Starts an install under strace; returns its result and the log, a line for each system call."""
    program = shutil.which("strace")
    if not program:
        pytest.skip("strace isn't installed")

    def run(*options: str) -> tuple[subprocess.CompletedProcess, list[str]]:
        log = app.archive + ".strace"
        command = [program, "-f", "-o", log, *options, *runtime.command, "install", write_plan(app)]
        return (
            subprocess.run(command, capture_output=True, timeout=60),
            Path(log).read_text().splitlines(),
        )

    return run


def small_app(app: App) -> None:
    app.add(pack({**FILES, "lib/x/y.so": b"ELF", "lib/x/z/": b""}, frame_bytes=700).encoded())
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
            for name, content in tree(app.store).items():
                assert (
                    ".tmp" in name or expected[name] == content
                ), "what has its final name is whole"
            assert_installs(runtime, app)
            assert tree(app.store) == expected
    assert kills > 100


@pytest.mark.parametrize(
    "call, error, code",
    [
        ("openat", "ENOSPC", None),
        ("openat", "EMFILE", None),
        ("mkdirat", "EDQUOT", CACHE),
        ("mkdirat", "EROFS", CACHE),
        ("pwrite64", "ENOSPC", CACHE),
        ("pwrite64", "EIO", IO),
        ("pread64", "EIO", IO),
        ("renameat", "EACCES", CACHE),
        ("symlinkat", "ENOSPC", CACHE),
        ("close", "EDQUOT", None),
        ("mmap", "ENOMEM", IO),
        ("openat", "EINTR", 0),
        ("pwrite64", "EINTR", 0),
        ("pread64", "EINTR", 0),
        ("flock", "EINTR", 0),
        ("flock", "ENOLCK", 0),
        ("flock", "EOPNOTSUPP", 0),
    ],
)
def test_a_system_call_that_fails_is_reported_or_made_up_for(
    runtime, strace, app, call, error, code
):
    small_app(app)
    with_new_store(app, "reference")
    assert_installs(runtime, app)
    expected = tree(app.store)
    for number in range(1, 1000):
        with_new_store(app, number)
        result, log = strace("-e", f"inject={call}:error={error}:when={number}")
        if not any("(INJECTED)" in line for line in log):
            break
        if result.returncode == 0:
            assert code in (0, None) and tree(app.store) == expected
            continue
        assert result.returncode == code or code is None and result.returncode in (CACHE, IO)
        assert result.stderr.startswith(b"czex: ") and result.stderr.count(b"\n") == 1
        # One that can't be opened isn't emptied either; it is, and whoever comes next takes it.
        assert all(os.listdir(path) == [] for path in leftovers(app))
        assert_installs(runtime, app)
        assert tree(app.store) == expected
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


# --- On other machines


@pytest.fixture(scope="session")
def wine_prefix(tmp_path_factory):
    return tmp_path_factory.mktemp("wine")


@pytest.fixture(params=sorted(FOREIGN))
def foreign(request, executable, wine_prefix):
    starter = FOREIGN[request.param]
    if request.param == HOST:
        pytest.skip("that is this machine")
    if not shutil.which(starter[0]):
        pytest.skip(f"{starter[0]} isn't installed")
    if starter != ["wine"]:
        return Runtime(executable(request.param), starter)
    foreign = Runtime(
        executable(request.param), starter, {"WINEPREFIX": str(wine_prefix), "WINEDEBUG": "-all"}
    )
    foreign.run()  # The first start prepares the prefix, and talks.
    return foreign


def test_another_platform_does_the_same(foreign, app):
    generator = random.Random(5)
    files = dict(FILES)
    files.update({f"lib/many/{n}.py": generator.randbytes(2000) for n in range(200)})
    files["lib/many/big.bin"] = generator.randbytes(17 * MIB)
    files["lib/many/x.so"] = b"ELF"
    place = app.add(pack(files).encoded(), gap=b"#!/bin/sh\n")
    app.add(pack({"lib/ns/a.py": b"a"}).encoded())
    app.add(pack({"lib/ns/b.py": b"b", "lib/many/c.py": b"c"}).encoded(), kind="sources")
    app.extra = record("file", "644", "pyvenv.cfg", "home = x\n")
    plan = foreign_plan(foreign, app)
    result = foreign.run("install", plan)
    assert (result.returncode, result.stderr) == (0, b"")
    assert leftovers(app) == []
    expected = {path: getattr(content, "content", content) for path, content in files.items()}
    assert contents(place) == expected
    venv = contents(app.venv_path)
    assert venv[SITE_PACKAGES + "/ns/a.py"] == b"a" and venv[SITE_PACKAGES + "/many/c.py"] == b"c"
    assert venv[SITE_PACKAGES + "/many/big.bin"] == files["lib/many/big.bin"]
    assert venv["bin/cowsay"] == b"#!/venv/bin/python\nimport cowsay\n"
    assert venv["pyvenv.cfg"] == b"home = x\n"
    assert foreign.run("install", plan).returncode == 0


def test_another_platform_refuses_a_broken_pack_and_cleans_up(foreign, app):
    data = bytearray(pack(FILES).encoded())
    data[-3] ^= 1
    app.add(bytes(data))
    result = foreign.run("install", foreign_plan(foreign, app))
    assert result.returncode == DAMAGED and b"checksum" in result.stderr
    assert leftovers(app) == [] and os.listdir(os.path.join(app.store, "wheels")) == []


def test_another_platform_cleans_up_what_a_dead_process_left(foreign, app):
    place = app.add(pack(FILES).encoded())
    stale = Path(place + ".tmp", "lib", "deep")
    stale.mkdir(parents=True)
    (stale / "file").write_bytes(b"x")
    result = foreign.run("install", foreign_plan(foreign, app))
    assert (result.returncode, result.stderr) == (0, b"")
    assert "lib/deep/file" not in contents(place) and leftovers(app) == []


def test_several_of_another_platform_at_once(foreign, app):
    app.add(pack({f"lib/p/{n}.py": b"%d" % n for n in range(200)}).encoded())
    plan = foreign_plan(foreign, app)
    processes = [foreign.start("install", plan) for _ in range(6)]
    for process in processes:
        _, message = process.communicate(timeout=120)
        assert (process.returncode, message) == (0, b"")
    assert len(contents(app.venv_path)) == 200 and leftovers(app) == []


def foreign_plan(foreign: Runtime, app: App) -> str:
    translated = App(
        foreign.path(app.store),
        foreign.path(app.archive),
        app.venv,
        app.shebang,
        app.copy,
        app.packs,
        app.mounts,
        app.extra,
    )
    path = app.archive + ".plan"
    Path(path).write_bytes(translated.plan())
    return foreign.path(path)
