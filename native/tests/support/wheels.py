"""Make small wheels and PEXes, without a network."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Mapping, Sequence


@dataclass(frozen=True)
class Wheel:
    """A wheel to make.

    :param files: Path in the wheel → content. Paths in `executables` are executable.
    :param tag: The tag, optionally with a build tag before it.
    :param name_in_metadata: The name in METADATA, if it differs from the file name.
    """

    project: str
    files: Mapping[str, str | bytes]
    version: str = "1.0"
    tag: str = "py2.py3-none-any"
    metadata: str = ""
    scripts: Dict[str, str] = field(default_factory=dict)
    executables: Sequence[str] = ()
    name_in_metadata: str = ""

    @property
    def name(self) -> str:
        return f"{self.project}-{self.version}-{self.tag}.whl"

    def write(self, directory: Path) -> Path:
        info = f"{self.project}-{self.version}.dist-info"
        pythons, abi, platform = self.tag.split("-")[-3:]
        tags = "".join(f"Tag: {python}-{abi}-{platform}\n" for python in pythons.split("."))
        pure = "true" if platform == "any" else "false"
        files = {
            **self.files,
            f"{info}/METADATA": (
                f"Metadata-Version: 2.1\nName: {self.name_in_metadata or self.project}\n"
                f"Version: {self.version}\n{self.metadata}"
            ),
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: {pure}\n{tags}",
        }
        if self.scripts:
            lines = "".join(f"{name} = {target}\n" for name, target in self.scripts.items())
            files[f"{info}/entry_points.txt"] = "[console_scripts]\n" + lines
        record = [
            f"{name},{_record_hash(_encoded(content))},{len(_encoded(content))}"
            for name, content in files.items()
        ]
        files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
        path = directory / self.name
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                entry = zipfile.ZipInfo(name)
                entry.external_attr = (0o100755 if name in self.executables else 0o100644) << 16
                archive.writestr(entry, content)
        return path


def _encoded(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def _record_hash(content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def build_pex(
    output: Path,
    requirements: Sequence[str] = (),
    wheels: Sequence[Wheel] = (),
    sources: Dict[str, str] | None = None,
    options: Sequence[str] = (),
    pex: Sequence[str] = (sys.executable, "-m", "pex"),
) -> Path:
    """Build a PEX from these wheels only.

    :param sources: Path → content of the app's own files.
    :param options: More options of Pex.
    :param pex: The command of Pex, for another version.
    """
    links = output.parent / f"{output.name}.wheels"
    links.mkdir()
    for wheel in wheels:
        wheel.write(links)
    command: List[str] = [*pex, *requirements, "--no-pypi", "--find-links", str(links)]
    if sources is not None:
        directory = output.parent / f"{output.name}.sources"
        for name, content in sources.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
            if content.startswith("#!"):
                path.chmod(0o755)
        command += ["--sources-directory", str(directory)]
    command += ["--output-file", str(output), *options]
    environment = {
        **os.environ,
        "PEX_ROOT": str(output.parent / "pex-build"),
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
    }
    process = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return output
