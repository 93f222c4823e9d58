"""The executables for macOS, which no test can run, have all that macOS requires of an executable."""

from __future__ import annotations

import hashlib
import re
import struct
import subprocess
from pathlib import Path
from typing import Dict, Iterator

import pytest
from macholib.MachO import MachO
from macholib.SymbolTable import SymbolTable

from support.runtime import NATIVE, PLATFORMS, executable_of
from testing.pythons import PYTHON

PAGE = NATIVE.parent / "docs" / "macos.md"
PROCESSORS = {"macos-arm64": 0x0100000C, "macos-x86_64": 0x01000007}
SIGNATURE, CODE_DIRECTORY = 0xFADE0CC0, 0xFADE0C02
# The signature of a linker: without a certificate, and without entitlements.
AD_HOC_BY_LINKER = 0x20002
POSITION_INDEPENDENT = 0x200000


class Executable:
    def __init__(self, platform: str, path: Path) -> None:
        self.platform, self.content = platform, path.read_bytes()
        self.file = MachO(str(path))
        (self.header,) = self.file.headers
        self.commands: Dict[str, list] = {}
        for load, command, data in self.header.commands:
            self.commands.setdefault(load.get_cmd_name(), []).append((command, data))

    def symbols(self) -> Iterator[str]:
        """Yield the functions of the system that it calls, without the variants of their names."""
        for _, name in SymbolTable(self.file, self.header).undefsyms:
            yield re.sub(r"^_(__(?=bzero))?|\$.*", "", name.decode())


@pytest.fixture(params=sorted(PROCESSORS))
def executable(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Executable:
    return Executable(request.param, executable_of(request.param, tmp_path_factory))


def test_executable_is_for_its_processor_and_oldest_system(executable: Executable) -> None:
    header = executable.header.header
    assert header.cputype == PROCESSORS[executable.platform]
    assert header.flags & POSITION_INDEPENDENT
    ((command, _),) = executable.commands["LC_BUILD_VERSION"]
    major, minor = command.minos >> 16, command.minos >> 8 & 0xFF
    target = PLATFORMS[executable.platform]["target"]
    assert f"{major}.{minor}" == target.rpartition("macos.")[2]
    # A segment may not be writable and executable at the same time.
    for segment, _ in executable.commands["LC_SEGMENT_64"]:
        assert segment.maxprot & 6 != 6


def test_executable_loads_only_the_library_of_the_system(executable: Executable) -> None:
    paths = [
        data.rstrip(b"\0")
        for name in ("LC_LOAD_DYLINKER", "LC_LOAD_DYLIB")
        for _, data in executable.commands[name]
    ]
    assert paths == [b"/usr/lib/dyld", b"/usr/lib/libSystem.B.dylib"]
    assert not executable.commands.keys() & {"LC_RPATH", "LC_LOAD_WEAK_DYLIB", "LC_REEXPORT_DYLIB"}
    absolute = re.findall(rb"(?<![\w./])/[a-zA-Z][\w.-]*/[\w./-]+", executable.content)
    assert set(absolute) <= set(paths)


def test_calls_are_the_ones_that_the_page_compares_with_macos(executable: Executable) -> None:
    rows = re.findall(r"^\| (`.*`) \| (?:[\d.]+|older) \|$", PAGE.read_text(), re.M)
    assert sorted(executable.symbols()) == sorted(re.findall(r"`(\w+)`", " ".join(rows)))


def test_signature_is_ad_hoc_and_covers_the_file(executable: Executable) -> None:
    if executable.platform == "macos-x86_64":
        # Processors of Intel run unsigned programs.
        assert "LC_CODE_SIGNATURE" not in executable.commands
        return
    ((command, _),) = executable.commands["LC_CODE_SIGNATURE"]
    assert command.dataoff + command.datasize == len(executable.content)
    signature = executable.content[command.dataoff :]
    # There is one part only. Entitlements would be another.
    magic, _, count, _, offset = struct.unpack_from(">5I", signature)
    assert (magic, count) == (SIGNATURE, 1)
    directory = signature[offset:]
    magic, _, _, flags, hashes, identifier, special, pages, limit = struct.unpack_from(
        ">9I", directory
    )
    size, kind, _, page_bits = struct.unpack_from(">4B", directory, 36)
    assert (magic, flags, special) == (CODE_DIRECTORY, AD_HOC_BY_LINKER, 0)
    assert (size, kind, limit) == (32, 2, command.dataoff)
    assert directory[identifier:].startswith(b"pexcz\0")
    for number in range(pages):
        page = executable.content[number << page_bits : min((number + 1) << page_bits, limit)]
        expected = directory[hashes + number * size :][:size]
        assert hashlib.sha256(page).digest() == expected, number
    assert pages == -(-limit >> page_bits)


def test_command_for_a_mac_runs_its_checks_here(cow_pex: Path, cow: Path) -> None:
    command = [NATIVE.parent / "build-support" / "check-on-a-mac", cow_pex, cow, "x"]
    process = subprocess.run(
        command, env={"PATH": "/usr/bin:/bin", "PYTHON": PYTHON.path()}, capture_output=True
    )
    report = process.stdout.decode()
    assert process.returncode == 0, report
    assert report.count("\nok ") >= 9 and "exit code 1\n" in report and not process.stderr
