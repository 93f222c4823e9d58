"""A CPython for Windows, which Wine starts.

The archives with it come from Maven Central. `mvn` fetches each once into its local repository.
"""

from __future__ import annotations

import hashlib
import shutil
import struct
import subprocess
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence

from support.pexcz import PACKAGES
from testing.machine import PATIENCE_SECONDS, Outcome
from testing.missing import missing
from testing.systems import System

# Version of Python → the version of the artifact with it, and the archive's SHA-256.
ARCHIVES = {
    "3.9": (
        "3.9.6-1.5.6",
        "84935ae94d433b806265d01c0e14562ba3e5de73d21c9bb5d5b9e4e7a792d4a7",
    ),
    "3.10": (
        "3.10.8-1.5.8",
        "1e7d342425c87184fbedd8754045db556c63765678a0f11b4539465642ab018b",
    ),
    "3.11": (
        "3.11.3-1.5.9",
        "3263a50b256447bb7b9e604d6587627e419891370fc33b94469e6a06ff4de834",
    ),
    "3.12": (
        "3.12.1-1.5.10",
        "e69bc4491c311e19ea7169bafc5efbbe03b980d69c6962b049daf1fcb4913391",
    ),
    "3.13": (
        "3.13.5-1.5.12",
        "cfe5502ffa7ea369be707b6d88bf68344732a7800450665080fb4267c01bfeae",
    ),
    "3.14": (
        "3.14.3-1.5.13",
        "3291bf3d8f405335ac21dbe55780521fdfd295b0f9f43f7e6e8c55bedd709cb3",
    ),
}
# The version for tests that need any. It is the one that pexcz has packages for.
DEFAULT = "3.11"
FETCH_SECONDS = 600
CONTENT = "org/bytedeco/cpython/windows-x86_64/"
# Parts of the standard library that no test needs, and packages that CPython doesn't have there.
LEFT_OUT = (
    *("_distutils_hack", "distutils-precedence.pth", "ensurepip", "idlelib", "lib2to3", "pip"),
    *("pkg_resources", "pydoc_data", "setuptools", "test", "tkinter", "turtledemo"),
)
# The import of a library for several versions of CPython.
STABLE_ABI = b"python3.dll\0"
# These words before a command run it as a user who can read all files.
ANOTHER_USER = (
    *("setpriv", "--reuid=nobody", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)
# Wine's server ends this long after the last process of the tests.
SERVER_SECONDS = 60


def archive(python: str) -> Path:
    """Return the archive of a version. If it can't be had, skip the test, or fail it in CI."""
    version, sha256 = ARCHIVES[python]
    repository = Path.home() / ".m2" / "repository"
    directory = repository / "org/bytedeco/cpython" / version
    path = directory / f"cpython-{version}-windows-x86_64.jar"
    if not path.is_file():
        if not shutil.which("mvn"):
            missing("mvn")
        artifact = f"org.bytedeco:cpython:{version}:jar:windows-x86_64"
        command = ["mvn", "--quiet", "--batch-mode", f"-Dmaven.repo.local={repository}"]
        command += ["dependency:get", "-Dtransitive=false", f"-Dartifact={artifact}"]
        subprocess.run(command, capture_output=True, timeout=FETCH_SECONDS)
    if not path.is_file():
        missing("way to Maven Central")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    return path


def unpack(source: Path, directory: Path) -> None:
    """Lay the archive's files out as an installed CPython. It has no launchers for virtual environments."""
    with zipfile.ZipFile(source) as content:
        for info in content.infolist():
            place = info.filename.startswith(CONTENT) and place_of(info.filename[len(CONTENT) :])
            if place:
                path = directory / place
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read(info))


def place_of(name: str) -> str:
    """Return the path that a file of the archive has below Python's directory; empty if it is left out."""
    parts = name.split("/")
    if len(parts) == 1:
        return name if name.startswith(("python", "vcruntime")) else ""
    if len(parts) == 2 and name.endswith((".dll", ".pyd")):
        return f"DLLs/{parts[1]}"
    kept = parts[0] == "lib" and parts[1] and parts[-1]
    return "Lib/" + "/".join(parts[1:]) if kept and parts[1].split("-")[0] not in LEFT_OUT else ""


@dataclass(frozen=True)
class Windows:
    """A Windows.

    :param root: Has Wine's prefix and Pythons.
    :param version: The version of its Python, if it has one.
    :param home: Has the prefix of another user.
    """

    root: Path
    variables: Mapping[str, str]
    version: str = ""
    home: Optional[Path] = None

    @property
    def system(self) -> Optional[System]:
        return ("windows-x86_64", f"cpython{self.version}") if self.version else None

    @property
    def python(self) -> Path:
        assert self.version
        return self.root / f"Python{self.version}" / "python.exe"

    def with_python(self, version: str) -> Windows:
        result = replace(self, version=version)
        if not result.python.exists():
            unpack(archive(version), result.python.parent)
        return result

    @property
    def cache(self) -> Path:
        return Path(self.variables["PEXCZ_ROOT"])

    @property
    def temporary_caches(self) -> List[Path]:
        return list((self.home or self.root).glob("prefix/drive_c/users/*/Temp/czex-*"))

    def with_(self, **variables: str) -> Windows:
        return replace(self, variables={**self.variables, **variables})

    def run(self, program: object, *argv: object) -> Outcome:
        """Run a program to its end."""
        return finished(self.start(program, *argv))

    def start(self, program: object, *argv: object) -> subprocess.Popen[bytes]:
        """Start a program. All three standard handles are pipes, because Python fails with others under Wine."""
        named = {name: windows_path(value) for name, value in self.variables.items()}
        words = ["wine", windows_path(str(program)), *(windows_path(str(one)) for one in argv)]
        return subprocess.Popen(
            [*ANOTHER_USER, *words] if self.home else words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**_environment(self.home or self.root), **named},
        )

    @contextmanager
    def device(self, name: str, directory: Path) -> Iterator[None]:
        """Let a drive, such as "x:", or a network's share, "unc/SERVER/NAME", lead to a directory."""
        link = self.root / "prefix" / "dosdevices" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(directory)
        try:
            yield
        finally:
            link.unlink()

    @contextmanager
    def another_user(self, home: Path) -> Iterator[Windows]:
        """Run programs as a user who can read all files, and write only below `home`."""
        home.mkdir()
        try:
            shutil.chown(home, "nobody")
        except PermissionError:
            missing("right to become another user")
        with started(home, ANOTHER_USER):
            yield replace(self, home=home)


def finished(process: subprocess.Popen[bytes]) -> Outcome:
    """Wait for a program, and return its outcome."""
    stdout, stderr = (
        text.decode("utf-8", "replace").replace("\r\n", "\n")
        for text in process.communicate(timeout=PATIENCE_SECONDS)
    )
    return Outcome(stdout, stderr, process.returncode)


def windows_path(text: str) -> str:
    """Return an absolute path as Windows has it. Other texts stay as they are."""
    return "Z:" + text.replace("/", "\\") if text.startswith("/") else text


def install_pexcz(packages: Path, native: Path, directory: Path) -> None:
    """Install pexcz into a directory, for PYTHONPATH.

    :param packages: A PEX with the packages that pexcz needs, for Windows.
    :param native: The boot and the runtimes.
    """
    with zipfile.ZipFile(packages) as archive:
        for info in archive.infolist():
            _, _, name = info.filename.partition(".whl/")
            if name and not info.is_dir():
                path = directory / name
                path.parent.mkdir(parents=True, exist_ok=True)
                content = archive.read(info)
                path.write_bytes(_linked(content) if STABLE_ABI in content else content)
    shutil.copytree(
        PACKAGES / "pexcz", directory / "pexcz", ignore=shutil.ignore_patterns("*_test.py")
    )
    shutil.copytree(native, directory / "pexcz" / "_native")


def _linked(library: bytes) -> bytes:
    """Make a native library import python311.dll. The archive of CPython lacks python3.dll, which leads there."""
    at = library.index(STABLE_ABI)
    (header,) = struct.unpack_from("<I", library, 0x3C)
    (sections,) = struct.unpack_from("<H", library, header + 6)
    (optional_bytes,) = struct.unpack_from("<H", library, header + 20)
    for number in range(sections):
        place = header + 24 + optional_bytes + 40 * number
        address, size, offset = struct.unpack_from("<III", library, place + 12)
        if offset <= at < offset + size:
            address += at - offset
            break
    # The program for DOS is not needed. Its place has the same address in the file and in memory.
    name_at, name = 0x4E, b"python311.dll\0"
    library = library.replace(struct.pack("<I", address), struct.pack("<I", name_at))
    return library[:name_at] + name + library[name_at + len(name) :]


def _environment(root: Path) -> Dict[str, str]:
    return {
        "HOME": str(root),
        "LC_ALL": "C.UTF-8",
        "PATH": "/usr/bin:/bin",
        "WINEARCH": "win64",
        "WINEDEBUG": "-all",
        # Neither .NET nor a browser engine is there to be installed.
        "WINEDLLOVERRIDES": "mscoree,mshtml=",
        "WINEPREFIX": str(root / "prefix"),
    }


def make_windows(root: Path) -> Iterator[Windows]:
    """Make a Windows below `root`, and end its processes afterwards."""
    if not shutil.which("wine"):
        missing("wine")
    with started(root):
        yield Windows(root, {})


@contextmanager
def started(root: Path, user: Sequence[str] = ()) -> Iterator[None]:
    """Make Wine's prefix below `root`, and run its server."""
    environment = _environment(root)
    # The first process starts services, which keep its standard handles open.
    silent: Dict[str, Any] = {name: subprocess.DEVNULL for name in ("stdin", "stdout", "stderr")}
    server = ["wineserver", f"--persistent={SERVER_SECONDS}"]
    for command in (["mkdir", str(root / "prefix")], server, ["wineboot", "--init"]):
        subprocess.run([*user, *command], env=environment, timeout=PATIENCE_SECONDS, **silent)
    yield
    subprocess.run([*user, "wineserver", "--kill"], env=environment, timeout=PATIENCE_SECONDS)
