from __future__ import annotations

import re
from pathlib import Path

from testing.machine import Machine
from testing.pair import Pair, only_python
from testing.pythons import Python, on_cpython, on_every_python

COWSAY = Pair.of("cowsay", "cowsay", "czex")


@on_every_python()
def test_the_cow_says_the_same(python: Python, tmp_path: Path) -> None:
    outcome = COWSAY.assert_same(Machine(tmp_path), python, "moo")
    assert "moo" in outcome.stdout
    assert outcome.code == 0


@on_every_python()
def test_the_surroundings_are_the_same(python: Python, tmp_path: Path) -> None:
    COWSAY.assert_same_surroundings(Machine(tmp_path), python)


@on_cpython("3.11")
def test_the_readmes_first_commands_work_with_inactive_shims_on_path(
    python: Python, tmp_path: Path
) -> None:
    """A shim of pyenv, asdf or mise for a version that isn't active prints a message and ends with 127."""
    commands = re.findall(r"^    (\./.*?) +#", Path("README.md").read_text(), re.M)
    package, (start, *words) = commands[0].split(), commands[1].split()
    assert package == ["./pants", "package", "testprojects/cowsay:czex"]
    assert Path(start).name == COWSAY.czex.name and Path(start).parts[0] == "dist"
    shims = tmp_path / "shims"
    shims.mkdir()
    for name in ("python", "python3", *(f"python3.{minor}" for minor in range(5, 17))):
        (shims / name).write_text('#!/bin/sh\necho "pyenv: $0: command not found" >&2\nexit 127\n')
        (shims / name).chmod(0o755)
    works = only_python(tmp_path / "bin", python)
    for _ in range(2):
        outcome = Machine(tmp_path, {"PATH": f"{shims}:{works}"}).run(COWSAY.czex, *words)
        assert (outcome.code, outcome.stderr) == (0, "")
        assert f"| {words[-1]} |" in outcome.stdout
    refused = Machine(tmp_path, {"PATH": str(shims)}).run(COWSAY.czex, *words)
    assert (refused.code, refused.stdout) == (127, "")
    assert f"{shims}/python3: command not found\n" in refused.stderr
