"""The steps of a build after a change of one line of an app, without its PEX: pack the sources, and assemble."""

from __future__ import annotations

import json
import shlex
import sys
import zipfile
from pathlib import Path
from typing import Iterator, List

from bench.forms.artifacts import Artifacts
from bench.forms.czexes import HOST
from bench.measure.processes import Usage, run
from bench.measure.setting import Setting
from bench.measure.timings import Turn, turns_of

STEPS = "pexcz pack-sources, pexcz assemble"


def turns(setting: Setting, artifacts: Artifacts) -> List[Turn]:
    directory = setting.new_directory(artifacts.app.name, "packs")
    wheels = list(_wheels(artifacts.czex, directory))

    def work(number: int) -> Usage:
        output = setting.new_directory(artifacts.app.name, "change", number)
        argv = ["/bin/sh", "-ec", _script(artifacts, wheels, output)]
        return run(argv, artifacts.czexes.environment, output / "output")

    return turns_of(artifacts.app.name, setting.python.version, "injection", {STEPS: work})


def _wheels(czex: Path, directory: Path) -> Iterator[Path]:
    """Write the packs of the wheels in a CZEX to files, and yield their paths."""
    with zipfile.ZipFile(czex) as archive, open(czex, "rb") as stream:
        records = json.loads(archive.read(".czex/manifest.json"))["packs"]
        for number, record in enumerate(records[1:]):
            stream.seek(record["offset"])
            path = directory / f"{number}.pack"
            path.write_bytes(stream.read(record["size"]))
            yield path


def _script(artifacts: Artifacts, wheels: List[Path], output: Path) -> str:
    czexes, pex = artifacts.czexes, str(artifacts.pex)
    tool = [sys.executable, "-B", "-m", "pexcz"]
    sources = str(output / "sources.pack")
    pack = [*tool, "pack-sources", pex, "--level", str(czexes.level), "--output", sources]
    assemble = [*tool, "assemble", sources, *map(str, wheels), "--pex", pex]
    assemble += ["--boot", str(czexes.native / "boot")]
    assemble += ["--runtime", f"{HOST}={czexes.native / 'runtime' / HOST / 'pexcz'}"]
    assemble += ["--output", str(output / "app.czex")]
    return f"{shlex.join(pack)}\n{shlex.join(assemble)}"
