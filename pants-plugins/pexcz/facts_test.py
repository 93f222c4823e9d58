"""Commands print JSON with `--json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict

import pytest

from pexcz.cli import main
from testing.strangers import Stranger, native_directory


@pytest.fixture
def app(tmp_path: Path) -> Path:
    pex, app = tmp_path / "app.pex", tmp_path / "app.czex"
    (tmp_path / "native").mkdir()
    native = native_directory(tmp_path / "native")
    Stranger({"entry_point": "app"}).write(pex, "zipapp")
    assert main(["inject", str(pex), "--native", str(native), "--platform", "linux-x86_64"]) == 0
    return app


def answer(capsys: pytest.CaptureFixture[str], *argv: object) -> Dict[str, Any]:
    capsys.readouterr()
    code = main([*map(str, argv), "--json"])
    out, err = capsys.readouterr()
    assert err == ""
    facts: Dict[str, Any] = json.loads(out)
    assert code == (1 if facts.get("problem") else 0)
    return facts


def test_verify_reports_whole_and_damaged_files(
    app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(capsys, "verify", app) == {"czex": str(app), "problem": None}
    app.write_bytes(app.read_bytes()[:-1])
    assert "it is not a whole zip file" in answer(capsys, "verify", app)["problem"]
    assert "it does not exist" in answer(capsys, "verify", "nowhere.czex")["problem"]


def test_verify_lists_removed_directories(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(app), "--json"]) == 0
    pack = json.loads(capsys.readouterr().out)["packs"][0]
    root = app.parent / "cache"
    directory = root / "sources" / pack["fingerprint"]
    (directory / "lib").mkdir(parents=True)
    facts = answer(capsys, "verify", app, "--installed", "--root", root)
    (damage,) = facts["damages"]
    assert facts["cache"] == str(root) and facts["problem"] is None
    assert damage["problem"].startswith("lib/app.py can't be read")
    assert (damage["directory"], damage["removed"], damage["used_by"]) == (str(directory), True, [])
    assert not directory.exists()


def test_cache_info_lists_environments_and_packs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack, venv = tmp_path / "wheels" / ("0" * 40), tmp_path / "venvs" / ("1" * 40) / "cpython"
    pack.mkdir(parents=True)
    (pack / "x").write_text("12345")
    venv.mkdir(parents=True)
    (venv / "record").write_text("b")
    (venv / "pyvenv.cfg").write_text("czex = /srv/app.czex\n")
    (venv / "lib").symlink_to(pack)
    facts = answer(capsys, "cache", "info", "--root", tmp_path)
    (environment,) = facts["environments"]
    assert facts["cache"] == str(tmp_path) and facts["packs"] == {str(pack): 5}
    assert facts["size"] == 5 + environment["size"]
    assert environment["app"] == "/srv/app.czex" and environment["packs"] == [str(pack)]
    assert environment["path"] == str(venv)
    assert environment["last_used"] == (venv / "record").stat().st_mtime
