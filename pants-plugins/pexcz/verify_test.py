"""`pexcz verify` finds every flipped bit and every truncation of a CZEX, in both layouts."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, Tuple

import pytest

from pexcz.cli import main
from testing.long_runs import LONG, counted
from testing.strangers import Stranger, native_directory

# The distance of tested bits. It is no multiple of eight, so that each bit of a byte is tested. A long run tests one bit in nine.
STEP = 9 if LONG else 1009

pytestmark = pytest.mark.parametrize("layout", ["zipapp", "packed"])


@pytest.fixture
def app(layout: str, tmp_path: Path) -> Path:
    pex, app = tmp_path / "app.pex", tmp_path / "app.czex"
    native = tmp_path / "native"
    native.mkdir()
    native_directory(native)
    Stranger({"venv": True}, {"lib.py": "import foo\n" * 99}).write(pex, "zipapp")
    argv = ["inject", str(pex), "-o", str(app), "--native", str(native)]
    assert main([*argv, "--platform", "linux-x86_64", "--layout", layout]) == 0
    assert main(["verify", str(app)]) == 0
    return app


def files(app: Path) -> Iterator[Tuple[Path, bytes]]:
    for path in sorted(app.rglob("*")) if app.is_dir() else [app]:
        if path.is_file() and path.stat().st_size:
            content = path.read_bytes()
            yield path, content
            path.write_bytes(content)


def assert_found(app: Path, capsys: pytest.CaptureFixture[str], where: object) -> None:
    capsys.readouterr()
    code = main(["verify", str(app)])
    error = capsys.readouterr().err
    assert (code, error.count("\n")) == (1, 1), (where, error)
    assert error.startswith("pexcz: ") and str(app) in error, (where, error)


def test_any_flipped_bit_is_found(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    count = 0
    for path, content in files(app):
        damaged = bytearray(content)
        for bit in range(0, len(content) * 8, STEP):
            damaged[bit // 8] ^= 1 << bit % 8
            path.write_bytes(damaged)
            damaged[bit // 8] ^= 1 << bit % 8
            assert_found(app, capsys, (path, bit))
            count += 1
    assert main(["verify", str(app)]) == 0
    with capsys.disabled():
        counted(count, "flips")


def test_any_truncation_is_found(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    count = 0
    for path, content in files(app):
        for length in range(0, len(content), STEP):
            path.write_bytes(content[:length])
            assert_found(app, capsys, (path, length))
            count += 1
    with capsys.disabled():
        counted(count, "lengths")
