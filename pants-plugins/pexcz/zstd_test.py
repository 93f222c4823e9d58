from __future__ import annotations

import importlib.util
import io
import sys
from types import ModuleType
from typing import Any

import pytest
import zstandard

from pexcz import zstd

LEVELS = (1, 9, 19)


@pytest.fixture
def without_backports(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module as a Python imports it that has only `zstandard`."""
    monkeypatch.delitem(sys.modules, "backports.zstd", raising=False)
    monkeypatch.setitem(sys.modules, "backports", ModuleType("backports"))
    spec = importlib.util.spec_from_file_location("zstd_without_backports", zstd.__file__)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.Error is zstandard.ZstdError
    return module


@pytest.fixture
def with_backports() -> ModuleType:
    if not (3, 9) <= sys.version_info < (3, 14):
        pytest.skip("backports.zstd supports Python 3.9 to 3.13")
    assert zstd.Error is not zstandard.ZstdError
    return zstd


@pytest.fixture(params=["with_backports", "without_backports"])
def module(request: Any) -> ModuleType:
    found: ModuleType = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("level", LEVELS)
def test_both_packages_compress_to_the_same_bytes(
    level: int, with_backports: ModuleType, without_backports: ModuleType
) -> None:
    source = sys.modules["argparse"].__file__ or ""
    with open(source, "rb") as stream:
        content = stream.read()
    with open(sys.executable, "rb") as stream:
        machine_code = stream.read(4 << 20)
    one, other = with_backports.compressor(level), without_backports.compressor(level)
    for raw in (b"", b"a", content, bytes(1 << 20), machine_code, content):
        frame = one(raw)
        assert frame == other(raw)
        assert with_backports.decompressed(frame, len(raw)) == raw


def test_frame_has_its_size_and_a_checksum(module: ModuleType) -> None:
    parameters = zstandard.get_frame_parameters(module.compressor(9)(b"content"))
    assert (parameters.content_size, parameters.has_checksum) == (7, True)


def test_damaged_frame_is_noticed(module: ModuleType) -> None:
    frame = module.compressor(9)(b"content")
    assert module.decompressed(frame, 7) == b"content"
    for damaged, size in (
        (frame[:-1] + bytes([frame[-1] ^ 1]), 7),
        (frame[:-1], 7),
        (frame, 6),
        (frame, 8),
        (b"", 0),
        (b"not a frame", 7),
    ):
        with pytest.raises((ValueError, module.Error)):
            module.decompressed(damaged, size)


def test_stream_of_frames_is_read(module: ModuleType) -> None:
    frames = [module.compressor(1)(content) for content in (b"con", b"", b"tent")]
    assert module.reader(io.BytesIO(b"".join(frames))).read() == b"content"
