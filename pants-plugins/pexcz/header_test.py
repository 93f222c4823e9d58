"""The header starts the interpreter that the PEX would have started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pexcz.header import plain_header, polyglot, python_names, sh_header, split_shebang
from pexcz.requirements import constraint_data


@pytest.mark.parametrize(
    "shebang, expected",
    [
        ("/usr/bin/env python3.11", ("python3.11", [])),
        ("/usr/bin/python3.11", ("/usr/bin/python3.11", [])),
        ("/usr/bin/env -S python3 -sE", ("python3", ["-sE"])),
        ("/opt/pypy3.9 -u", ("/opt/pypy3.9", ["-u"])),
        ("/bin/sh", ("", [])),
        ("", ("", [])),
        ("'", ("", [])),
    ],
)
def test_the_interpreter_of_a_shebang(shebang: str, expected: tuple[str, list[str]]) -> None:
    assert split_shebang(shebang) == expected


def test_the_pexs_own_interpreter_comes_first_then_those_of_the_constraints() -> None:
    constraints = [constraint_data("CPython>=3.9,<3.12")]
    names = python_names("python3.11", constraints)
    assert names[:4] == ["python3.11", "python3.9", "python3.10", "python3"]


def test_a_constraint_on_the_patch_level_still_names_the_minor() -> None:
    assert python_names("", [constraint_data("==3.8.18")])[0] == "python3.8"


def test_without_constraints_the_newest_comes_first() -> None:
    assert python_names("", [])[:2] == ["python3.15", "python3.14"]


def test_a_header_without_sh_is_the_pexs_own_line() -> None:
    assert plain_header("/usr/bin/python3.9 -u") == "#!/usr/bin/python3.9 -u\n"
    assert plain_header("/bin/sh") == "#!/usr/bin/env python3\n"


def test_what_goes_into_the_header_is_quoted() -> None:
    template = "@names@|@pex_root@|@python_args@|@fingerprint@"
    filled = sh_header(template, "f", "'/a b/python3' '$x'", "~/a b", [])
    assert filled.startswith("'/a b/python3' python3.15 ")
    assert "|\"$HOME\"'/a b'| '$x'|f" in filled


@pytest.mark.parametrize("pex_root", ["", "~/it's", "/tmp/\\N{x}''\\", "/tmp/'''", "/tmp/ünï"])
def test_sh_reads_a_header_to_its_end_and_python_what_follows(
    pex_root: str, tmp_path: Path
) -> None:
    template = "#!/bin/sh\nprintf %s @pex_root@\nexit 3\n"
    text = polyglot(sh_header(template, "f", "", pex_root, []))
    file = tmp_path / "pex"
    file.write_text(text + "print('Python')\n", encoding="utf-8")
    by_sh = subprocess.run(["sh", str(file)], capture_output=True, env={"HOME": "/h"})
    assert (by_sh.returncode, by_sh.stdout.decode()) == (3, pex_root.replace("~", "/h"))
    by_python = subprocess.run([sys.executable, "-W", "error", str(file)], capture_output=True)
    assert (by_python.stdout, by_python.stderr) == (b"Python\n", b"")


def test_a_line_that_names_python_stays_alone() -> None:
    line = plain_header("/usr/bin/python3.9")
    assert polyglot(line) == line
