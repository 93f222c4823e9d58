"""The header starts the interpreter that the PEX would have started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pexcz.header import (
    INCOMPLETE,
    Beginning,
    before_zip,
    plain_header,
    polyglot,
    python_names,
    read_beginning,
    sh_header,
    split_shebang,
)
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
def test_interpreter_of_a_shebang_is_found(shebang: str, expected: tuple[str, list[str]]) -> None:
    assert split_shebang(shebang) == expected


def test_interpreter_of_the_pex_comes_before_those_of_the_constraints() -> None:
    constraints = [constraint_data("CPython>=3.9,<3.12")]
    names = python_names(Beginning(interpreter="python3.11"), constraints)
    assert names[:4] == ["python3.11", "python3.9", "python3.10", "python3"]


def test_a_constraint_on_the_patch_level_still_names_the_minor() -> None:
    assert python_names(Beginning(), [constraint_data("==3.8.18")])[0] == "python3.8"


def test_pypy_and_free_threaded_builds_have_names_of_their_own() -> None:
    assert python_names(Beginning(), [constraint_data("PyPy==3.11.*")])[0] == "pypy3.11"
    constraints = [constraint_data("CPython[free-threaded]>=3.13,<3.15")]
    assert python_names(Beginning(), constraints)[:3] == ["python3.13t", "python3.14t", "python3"]
    constraints += [constraint_data("CPython[gil]==3.13.*")]
    assert python_names(Beginning(), constraints)[:3] == ["python3.13", "python3.14", "python3"]


def test_without_constraints_the_newest_comes_first() -> None:
    assert python_names(Beginning(), [])[:2] == ["python3.16", "python3.15"]


def test_plain_header_is_the_pexs_shebang() -> None:
    assert plain_header(read_beginning("#!/usr/bin/python3.9 -u\n")) == "#!/usr/bin/python3.9 -u\n"
    assert plain_header(read_beginning("#!/bin/sh\n")) == "#!/usr/bin/env python3\n"


def test_values_in_the_header_are_quoted() -> None:
    template = "@names@|@pex_root@|@python_args@|@fingerprint@"
    filled = sh_header(template, "f", read_beginning("#!'/a b/python3' '$x'"), "~/a b", [])
    assert filled.startswith("'/a b/python3:python3.16:")
    assert "|\"$HOME\"'/a b'| '$x'|f" in filled


@pytest.mark.parametrize("pex_root", ["", "~/it's", "/tmp/\\N{x}''\\", "/tmp/'''", "/tmp/ünï"])
def test_sh_runs_the_header_and_python_the_code_after_it(pex_root: str, tmp_path: Path) -> None:
    template = "#!/bin/sh\nprintf %s @pex_root@\nexit 3\n"
    text = polyglot(sh_header(template, "f", Beginning(), pex_root, []))
    file = tmp_path / "pex"
    file.write_text(text + "print('Python')\n", encoding="utf-8")
    by_sh = subprocess.run(["sh", str(file)], capture_output=True, env={"HOME": "/h"})
    assert (by_sh.returncode, by_sh.stdout.decode()) == (3, pex_root.replace("~", "/h"))
    by_python = subprocess.run([sys.executable, "-W", "error", str(file)], capture_output=True)
    assert (by_python.stdout, by_python.stderr) == (b"Python\n", b"")


@pytest.mark.parametrize("header", ["#!/usr/bin/python3.9\n", "#!/bin/sh\n{ # …\nexit\n}\n"])
def test_python_says_that_a_truncated_file_is_incomplete(header: str, tmp_path: Path) -> None:
    file = tmp_path / "app.czex"
    file.write_bytes(before_zip(header).encode() + b"CZEXPACK\0\xff")
    process = subprocess.run([sys.executable, str(file)], capture_output=True, text=True)
    assert (process.returncode, process.stdout) == (1, "")
    assert process.stderr.splitlines()[-1].endswith(f": {INCOMPLETE}")
    # Python needs a known encoding for the source that it reads.
    assert INCOMPLETE not in polyglot(header)


def test_plain_shebang_is_no_polyglot() -> None:
    line = plain_header(Beginning("/usr/bin/python3.9"))
    assert polyglot(line) == line


SH_BOOT = """\
#!/bin/sh
set -eu
DEFAULT_PYTHON="{python}"
{variable}="{arguments}"
find_python() {{
    for python in \\
"python3.11" \\
"pypy3" \\
    ; do
        if command -v "${{python}}" 2>/dev/null; then
            return
        fi
    done
}}
"""


@pytest.mark.parametrize(
    "python, variable, arguments, injected, expected",
    [
        ("/o/python3.9", "PYTHON_ARGS", "-W ignore", [], ("/o/python3.9", ("-W", "ignore"))),
        ("/o/python3.9", "PYTHON_ARGS", "-O -u", ["-O"], ("/o/python3.9", ("-u",))),
        ("/usr/bin/env", "DEFAULT_PYTHON_ARGS", "python3.9 -u", [], ("python3.9", ("-u",))),
        ("None", "DEFAULT_PYTHON_ARGS", "None", [], ("", ())),
        ("python3.9", "PYTHON_ARGS", "-u", [], ("", ("-u",))),
        ("", "PYTHON_ARGS", "-O", ["-O"], ("", ())),
        ("/o/python3.9", "PYTHON_ARGS", "'", [], ("", ())),
        ("/o/python3.9", "CHANGED", "-u", [], ("/o/python3.9", ())),
    ],
)
def test_interpreters_of_pexs_own_header_are_kept(
    python: str,
    variable: str,
    arguments: str,
    injected: list[str],
    expected: tuple[str, tuple[str, ...]],
) -> None:
    text = SH_BOOT.format(python=python, variable=variable, arguments=arguments)
    beginning = read_beginning(text, injected)
    assert (beginning.interpreter, beginning.arguments) == expected
    first = [expected[0]] if expected[0] else []
    assert python_names(beginning, [])[: len(first) + 2] == [*first, "python3.11", "pypy3"]


@pytest.mark.parametrize(
    "text", ["", "#!", "#!/bin/sh\n", SH_BOOT[:100], "PK", "#!/bin/sh\n\ufffd"]
)
def test_beginning_without_shebang_names_no_interpreter(text: str) -> None:
    assert read_beginning(text) == Beginning()
