"""A CZEX of more than 4 GiB starts like any other. Most of this file is a hole, which needs no disk space."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Dict, Sequence, Tuple

import pytest

from pexcz import assemble, packplaces
from pexcz.inject import inject
from pexcz.pack import PackInfo
from pexcz.zipwriter import ZipWriter
from support.runtime import HOST
from support.workshop import Workshop
from testing.machine import Machine
from testing.pythons import PYTHON, Python, on_every_python

HOLE_BYTES = 5 << 30


@pytest.fixture(scope="module")
def large(workshop: Workshop, cow_pex: Path) -> Path:
    def write_packs(
        stream: IO[bytes], packs: Sequence[Tuple[Path, PackInfo]]
    ) -> Tuple[ZipWriter, Dict[str, int]]:
        stream.seek(HOLE_BYTES, os.SEEK_CUR)
        return packplaces.write_packs(stream, packs)

    output = workshop.root / "large.czex"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packplaces, "PACKS_IN_ZIP_BYTES_MAX", 0)
        patch.setattr(assemble, "write_packs", write_packs)
        inject(cow_pex, output, workshop.native, [HOST])
    assert output.stat().st_size > HOLE_BYTES
    return output


@on_every_python()
def test_a_large_czex_starts_like_its_pex(
    large: Path, cow_pex: Path, machine: Machine, python: Python
) -> None:
    expected = machine.run(python.path(), cow_pex, "x")
    assert (expected.stdout, expected.stderr, expected.code) == ("moo x\n", "", 1)
    for _ in ("cold", "warm"):
        assert machine.run(python.path(), large, "x") == expected


def test_the_header_starts_a_large_czex(large: Path, machine: Machine) -> None:
    on_path = machine.with_python(PYTHON)
    for _ in ("cold", "warm"):
        outcome = on_path.run(large, "x")
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1)


@on_every_python()
def test_a_large_czex_can_be_imported_and_added_to_other_apps(
    large: Path, facts: Path, machine: Machine, python: Python
) -> None:
    program = "import __pex__, cow.say, sys; sys.argv[1:] = ['y']; cow.say.main()"
    outcome = machine.with_(PYTHONPATH=str(large)).run(python.path(), "-c", program)
    assert (outcome.stdout, outcome.stderr) == ("moo y\n", "")
    together = machine.with_(PEX_PATH=str(large), PEX_MODULE="cow.say:main")
    outcome = together.run(python.path(), facts, "z")
    assert (outcome.stdout, outcome.stderr) == ("moo z\n", "")
