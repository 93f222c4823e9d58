"""Malformed packs, plans and arguments are refused, and leave no files behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support import packs
from support.installs import (
    DAMAGED,
    FILES,
    IO,
    USAGE,
    assert_fails,
    contents,
    install,
    leftovers,
)
from support.packs import App, Entry, pack, record
from support.runtime import BOTH_RUNTIMES

pytestmark = BOTH_RUNTIMES


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
def test_an_unsafe_path_is_refused(runtime, app, path):
    app.add(with_path(path))
    assert_fails(runtime, app, DAMAGED, "can't unpack", app.archive)
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
        "an earlier version": good(version=1).encoded(),
        "reserved bits": good(reserved=1).encoded(),
        "content size too small": good(content_raw=5).encoded(),
        "content size too large": good(content_raw=7).encoded(),
        "index size lies": good(index_raw=len(whole_index) + 1).encoded(),
        "index is a bomb": good(index_raw=0xFFFFFFFF).encoded(),
        "outline size lies": good(outline_raw=3).encoded(),
        "outline is a bomb": good(outline_raw=0xFFFFFFFF).encoded(),
        "outline has bytes behind its end": good(outline=packs.listed([]) + b"\0").encoded(),
        "outline has a path out": good(outline=packs.listed([Entry("lib/../a")])).encoded(),
        "outline has a directory that the index hasn't": good(
            outline=packs.listed([Entry("lib/python3.11", flags=4)])
        ).encoded(),
        "meta size lies": good(meta_raw=3).encoded(),
        "meta is a bomb": good(meta_raw=0xFFFFFFFF).encoded(),
        "index has bytes behind its end": good(index=whole_index + b"\0").encoded(),
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
        "can't unpack",
        app.archive,
        app.packs[1][1],
        "; download or build the file again",
    )
    assert not os.path.exists(bad)
    assert not os.path.exists(good) or contents(good) == {"lib/good.py": b"good"}


@pytest.mark.parametrize(
    "newer",
    [
        pytest.param({"version": 3}, id="a later version"),
        pytest.param({"entries": [Entry("lib/a", b"aaaa", flags=32)]}, id="an unknown flag"),
    ],
)
def test_a_pack_of_a_later_format_is_not_called_damaged(runtime, app, newer):
    whole = pack({"lib/a": b"aaaa"})
    for name, value in newer.items():
        setattr(whole, name, value)
    place = app.add(whole.encoded())
    message = f"can't unpack {app.archive}/{app.packs[0][1]}: a newer pexcz made it; "
    assert_fails(runtime, app, DAMAGED, message, "build this app with that version, too")
    assert not os.path.exists(place)


def test_a_truncated_file_is_damaged(runtime, app):
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
            # The bit is in a frame's header and doesn't affect the content.
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
        lambda app: plan_of(app, record("copy", "3")),
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
def test_a_malformed_plan_is_an_error_of_the_caller(runtime, app, tmp_path, make):
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


def test_the_message_names_a_missing_plan(runtime, tmp_path):
    result = runtime.run("install", str(tmp_path / "nothing"))
    assert result.returncode == IO and str(tmp_path / "nothing").encode() in result.stderr
