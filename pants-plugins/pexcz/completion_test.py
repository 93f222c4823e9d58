"""Completion scripts contain the commands, and shells can run them."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from pexcz.cli import SHELLS, main
from testing.missing import missing


@pytest.mark.parametrize("shell", SHELLS)
def test_script_has_commands_and_options(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in ("inject", "doctor", "prune", "precompile", "packed"):
        assert word in script


def test_bash_completes_commands_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    bash = shutil.which("bash")
    if not bash:
        missing("bash")
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    for words, expected in (
        (["pexcz", "ins"], ["inspect"]),
        (["pexcz", "cache", "pr"], ["prune"]),
        (["pexcz", "inject", "--lay"], ["--layout"]),
    ):
        line = " ".join(f"'{word}'" for word in words)
        last = len(words) - 1
        ask = f"COMP_WORDS=({line}) COMP_CWORD={last}; _shtab_pexcz; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        process = subprocess.run([bash, "-c", script + ask], capture_output=True, text=True)
        assert process.stderr == ""
        assert process.stdout.split() == expected


def test_other_commands_do_not_import_shtab() -> None:
    code = "import sys; from pexcz import cli; cli.command_parser(); print('shtab' in sys.modules)"
    path = f"import sys; sys.path[:] = {sys.path!r}; "
    process = subprocess.run([sys.executable, "-c", path + code], capture_output=True, text=True)
    assert (process.stdout, process.stderr) == ("False\n", "")
