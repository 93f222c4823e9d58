"""What is measured: the same app as a plain venv, as PEXes, and as a CZEX."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Sequence

from bench.pythons import Python

ROOT = Path(__file__).resolve().parents[1]
RUNTIMES = ROOT / "dist" / "native" / "runtimes"
HOST = f"linux-{platform.machine()}"


@dataclass(frozen=True)
class App:
    """An app to build.

    :param lockfile: The requirements with hashes; `requirements` are the names that the PEX gets.
    :param module: Source of a module `app` that the console script's function is in, or "" for a wheel's own script.
    """

    name: str
    lockfile: Path
    requirements: Sequence[str]
    script: str
    module: str = ""
    arguments: Sequence[str] = ()


APPS = {
    app.name: app
    for app in (
        App("cowsay", ROOT / "3rdparty" / "pure.txt", ["cowsay"], "cowsay", arguments=["hi"]),
        App(
            "large",
            ROOT / "3rdparty" / "bench.txt",
            ["boto3", "django", "numpy", "pandas"],
            "app",
            "def main():\n    print('ready')\n",
        ),
    )
}


@dataclass(frozen=True)
class Artifacts:
    """An app in all its forms, for one interpreter. Times are in seconds."""

    app: App
    python: Python
    venv_script: Path
    pexes: Dict[str, Path]
    czex: Path
    injection: float


def build(app: App, python: Python, directory: Path, level: int) -> Artifacts:
    """Build what isn't in `directory` yet."""
    directory.mkdir(parents=True, exist_ok=True)
    sources = directory / "sources"
    if app.module:
        sources.mkdir(exist_ok=True)
        (sources / "app.py").write_text(app.module)
    script = _venv(app, python, directory / "venv")
    pexes = {
        name: _pex(app, python, directory / f"{file}.pex", sources, options)
        for name, file, options in (
            ("pex", "zipapp", ()),
            ("pex --venv", "venv", ("--venv",)),
            ("pex --venv --sh-boot", "sh-boot", ("--venv", "--sh-boot")),
        )
    }
    czex = directory / f"{app.name}.czex"
    started = time.perf_counter()
    _inject(pexes["pex"], czex, _native(directory / "native"), level)
    return Artifacts(app, python, script, pexes, czex, time.perf_counter() - started)


def _venv(app: App, python: Python, directory: Path) -> Path:
    script = directory / "bin" / app.script
    if not script.exists():
        subprocess.run([python.executable, "-m", "venv", directory], check=True)
        command = [str(directory / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*command, "--require-hashes", "-r", app.lockfile], check=True)
        if app.module:
            (site_packages,) = directory.glob("lib/python*/site-packages")
            (site_packages / "app.py").write_text(app.module)
            script.write_text(
                f"#!{directory}/bin/python\nimport sys\nfrom app import main\nsys.exit(main())\n"
            )
            script.chmod(0o755)
    return script


def _pex(app: App, python: Python, output: Path, sources: Path, options: Sequence[str]) -> Path:
    if not output.exists():
        command = [
            sys.executable,
            "-m",
            "pex",
            *app.requirements,
            "--python",
            str(python.executable),
        ]
        command += [
            "--constraints",
            str(_constraints(app, output.parent)),
            "-o",
            str(output),
            *options,
        ]
        command += ["-D", str(sources), "-m", "app:main"] if app.module else ["-c", app.script]
        subprocess.run(command, check=True)
    return output


def _constraints(app: App, directory: Path) -> Path:
    """The versions of the lockfile, without its hashes."""
    path = directory / "constraints.txt"
    lines = app.lockfile.read_text().replace("\\\n", " ").splitlines()
    path.write_text("".join(line.partition(" --hash")[0].strip() + "\n" for line in lines))
    return path


def _native(directory: Path) -> Path:
    """The boot shims and the runtimes, in the form in which a wheel of pexcz carries them."""
    if directory.exists():
        shutil.rmtree(directory)
    shutil.copytree(ROOT / "native" / "boot", directory / "boot")
    shutil.copy(ROOT / "native" / "platforms.json", directory)
    shutil.copytree(RUNTIMES, directory / "runtime")
    return directory


def _inject(pex: Path, output: Path, native: Path, level: int) -> None:
    command = [sys.executable, "-m", "pexcz", "inject", str(pex), "-o", str(output)]
    command += ["--native", str(native), "--platform", HOST, "--level", str(level)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
