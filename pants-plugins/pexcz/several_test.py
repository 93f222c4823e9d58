"""`pexcz inject` of several PEXes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pexcz.cli import main
from testing.strangers import Stranger, native_directory


@pytest.fixture
def native(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "native").mkdir()
    native_directory(tmp_path / "native")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        Stranger({"entry_point": "app"}).write(tmp_path / name / f"{name}.pex", "zipapp")
    monkeypatch.chdir(tmp_path)
    return str(tmp_path / "native")


def inject(native: str, *arguments: str) -> int:
    return main(["inject", *arguments, "--native", native, "--platform", "linux-x86_64"])


def test_czex_is_written_beside_its_pex(native: str) -> None:
    assert inject(native, "one/one.pex", "two/two.pex") == 0
    assert main(["verify", "one/one.czex"]) == main(["verify", "two/two.czex"]) == 0


def test_all_czex_files_can_be_in_one_directory(native: str) -> None:
    assert inject(native, "one/one.pex", "two/two.pex", "-d", "new/directory") == 0
    assert sorted(path.name for path in Path("new/directory").iterdir()) == ["one.czex", "two.czex"]


def test_failure_of_a_pex_does_not_stop_the_others(
    native: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.pex").write_text("no zip")
    assert inject(native, "one/one.pex", "bad.pex", "missing.pex", "two/two.pex") == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert errors[0].startswith("pexcz: can't read bad.pex as a PEX")
    assert errors[1].startswith("pexcz: can't read missing.pex")
    assert Path("one/one.czex").is_file() and Path("two/two.czex").is_file()


def test_two_pexes_with_the_same_output_are_refused(
    native: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("two/one.pex").write_bytes(Path("one/one.pex").read_bytes())
    assert inject(native, "one/one.pex", "two/one.pex", "--directory", "out") == 1
    assert "can't write one/one.pex and two/one.pex to out/one.czex" in capsys.readouterr().err
    assert not Path("out").exists()


def test_output_option_works_with_one_pex_only(
    native: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as error:
        inject(native, "one/one.pex", "two/two.pex", "-o", "x.czex")
    assert error.value.code == 2
    assert "-o works with one PEX only" in capsys.readouterr().err


def test_pex_that_is_the_working_directory_has_a_name(
    native: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("app.pex/inner").mkdir(parents=True)
    Stranger({"entry_point": "app"}).write(Path("app.pex"), "packed")
    monkeypatch.chdir("app.pex")
    assert inject(native, ".", "-d", "../out") == 0
    monkeypatch.chdir("inner")
    assert inject(native, "..") == 0
    assert Path("../../app.czex").read_bytes() == Path("../../out/app.czex").read_bytes()
