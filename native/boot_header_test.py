"""The sh header starts an installed app by itself, and looks for a Python where it should."""

from __future__ import annotations

import sys
from pathlib import Path

from boot_for_tests import PYTHON, Machine

from testprojects.pythons import Python, on_every_python


@on_every_python()
def test_the_header_runs_the_installed_app_with_its_own_interpreter(
    cow: Path, machine: Machine, python: Python, tmp_path: Path
) -> None:
    bin_directory = tmp_path / "bin"
    bin_directory.mkdir()
    # The name in the shebang that Pex gave the PEX.
    name = "python{}.{}".format(*sys.version_info)
    (bin_directory / name).symlink_to(python.path())
    known = machine.with_(PATH=f"{bin_directory}:/bin")
    for _ in range(3):
        outcome = known.run(cow, "x")
        assert (outcome.stdout, outcome.stderr, outcome.code) == ("moo x\n", "", 1)
    records = [path for path in machine.cache.glob("venvs/*/sh/**/*") if path.is_file()]
    assert records and all(path.name == name for path in records)


def test_the_header_looks_on_path_and_where_it_is_told_and_says_for_what(
    cow: Path, machine: Machine, tmp_path: Path
) -> None:
    outcome = machine.with_(PATH=str(tmp_path)).run("/bin/sh", cow)
    assert outcome.code == 127
    assert outcome.stderr.startswith(f"czex: {cow} needs one of these on PATH")
    python = Path(PYTHON.path())
    for asked in ({"PEX_PYTHON": str(python)}, {"PEX_PYTHON_PATH": str(python.parent)}):
        outcome = machine.with_(PATH=str(tmp_path), **asked).run("/bin/sh", cow, "x")
        assert (outcome.stdout, outcome.stderr) == ("moo x\n", "")
