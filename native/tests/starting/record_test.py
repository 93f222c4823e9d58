"""RECORD lists the installed files, so that `importlib.metadata` finds them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, Dict, List

import pytest

from support.wheels import Wheel
from support.workshop import COW, Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on

DATA = "kinds-1.0.data"
KINDS = Wheel(
    "kinds",
    {
        "kinds/__init__.py": "",
        f"{DATA}/scripts/tool": "#!python\nprint('tool')\n",
        f"{DATA}/scripts/native-tool": "#!/bin/sh\n",
        f"{DATA}/data/share/kinds/a b.txt": "",
        f"{DATA}/data/lib/libw.so": "",
        f"{DATA}/data/lib64/libx.so": "",
        f"{DATA}/headers/kinds.h": "",
        f"{DATA}/purelib/pure.py": "",
    },
    executables=(f"{DATA}/scripts/tool", f"{DATA}/scripts/native-tool"),
)
QUERY = """\
import json
from importlib import metadata

def main():
    print(json.dumps({
        name: [[str(file), file.locate().exists()] for file in metadata.files(name)]
        for name in ("cow", "kinds")
    }))
"""
KINDS_OF_PEX: Dict[str, List[str]] = {
    "installed": [],
    "wheel-files": ["--no-pre-install-wheels"],
    "venv": ["--venv"],
    "copies": ["--venv", "--venv-site-packages-copies"],
}


@pytest.fixture(scope="module", params=KINDS_OF_PEX)
def app(workshop: Workshop, request: pytest.FixtureRequest) -> Path:
    options = ["-m", "query:main", *KINDS_OF_PEX[request.param]]
    return workshop.make(
        f"record-{request.param}",
        requirements=["cow", "kinds"],
        wheels=[COW, KINDS],
        sources={"query.py": QUERY},
        options=options,
    )


@on(Python("cpython3.8"), PYTHON, Python("cpython3.13"), Python("pypy3"))
def test_each_recorded_file_of_each_distribution_exists(
    app: Path, machine: Machine, python: Python
) -> None:
    for _ in ("cold", "warm"):
        outcome = machine.run(python.path(), app)
        found: Dict[str, Any] = json.loads(outcome.stdout or outcome.stderr)
        files = [file for files in found.values() for file in files]
        assert [name for name, is_there in files if not is_there] == []
        names = {name.rpartition("/")[2] for name, _ in found["kinds"]}
        assert names >= {"tool", "native-tool", "a b.txt", "libw.so", "libx.so", "kinds.h"}
        assert "cow" in {name.rpartition("/")[2] for name, _ in found["cow"]}


def test_a_record_has_the_rows_that_an_installer_writes(app: Path, machine: Machine) -> None:
    machine.run(PYTHON.path(), app)
    (record,) = machine.cache.glob("venvs/*/cpython-*/lib/*/site-packages/kinds-1.0*/RECORD")
    rows = {row[0]: row[1:] for row in csv.reader(record.read_text().splitlines())}
    assert "../../../bin/tool" in rows and "../../libw.so" in rows and "../../libx.so" in rows
    assert "../../../include/site/python3.11/kinds/kinds.h" in rows
    assert rows["../../../share/kinds/a b.txt"][0].startswith("sha256=")
    assert rows["kinds/__init__.py"][0].startswith("sha256=")
    assert rows["kinds-1.0.dist-info/RECORD"] == ["", ""]
    assert not any(".prefix" in name or ".data" in name or ".pex-info" in name for name in rows)
