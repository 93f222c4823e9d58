"""Bytecode, made by one process for each pack and Python version, and one for the boot and each version."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Iterable, Sequence

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.backend.python.util_rules.pex_from_targets import InterpreterConstraintsRequest
from pants.engine.fs import Digest
from pants.engine.rules import collect_rules, rule

from czex.assets import BootFiles
from czex.compat import ran
from czex.pack import Pack
from czex.pexcz import Pexcz
from czex.target_types import VERSION

_ABBREVIATED = re.compile(r".+-cp-(\d)\.?(\d+)(?:\.\d+)?-cp\w+")


@dataclass(frozen=True)
class Interpreter:
    """The interpreter that compiles for a version, such as 3.11."""

    version: str
    python: PythonExecutable


@dataclass(frozen=True)
class BytecodeRequest:
    """A pack to compile, and its name for a process description."""

    pack: Pack
    name: str
    interpreter: Interpreter
    compression_level: int


@dataclass(frozen=True)
class BootCodeRequest:
    interpreter: Interpreter


@dataclass(frozen=True)
class BootCode:
    digest: Digest
    path: str


def constraints_of(version: str) -> InterpreterConstraintsRequest:
    return InterpreterConstraintsRequest(
        (), hardcoded_interpreter_constraints=InterpreterConstraints([f"CPython=={version}.*"])
    )


def only_version(texts: Sequence[str], python_setup: PythonSetup) -> tuple[str, ...]:
    """Return the version of CPython that interpreter constraints allow, if it is a single one.

    The PEX is built by that version, so every machine that can build the PEX can also compile for it.
    """
    if not texts or not all(text.startswith("CPython") for text in texts):
        return ()
    constraints = InterpreterConstraints(texts)
    universe = python_setup.interpreter_versions_universe
    return _the_one(constraints.partition_into_major_minor_versions(universe))


def version_of_platforms(platforms: Iterable[str], complete: Iterable[bytes]) -> tuple[str, ...]:
    """Return the version of CPython that all platforms of a PEX have, if it is a single one.

    :param platforms: As Pex abbreviates them, such as "linux-x86_64-cp-311-cp311".
    :param complete: The contents of the files in `complete_platforms`.
    """
    versions = set()
    for platform in platforms:
        found = _ABBREVIATED.fullmatch(platform)
        versions.add(f"{found[1]}.{found[2]}" if found else None)
    for content in complete:
        markers = json.loads(content).get("marker_environment") or {}
        is_cpython = markers.get("platform_python_implementation") == "CPython"
        versions.add(markers.get("python_version") if is_cpython else None)
    return _the_one([version or "" for version in versions])


def _the_one(versions: Sequence[str]) -> tuple[str, ...]:
    # Before 3.7, Python always compares bytecode with its source.
    is_one = len(versions) == 1 and VERSION.match(versions[0])
    return tuple(versions) if is_one else ()


@rule
async def compile_pack(request: BytecodeRequest, pexcz: Pexcz) -> Pack:
    interpreter = request.interpreter
    output = f"{request.pack.path}.{interpreter.version}"
    result = await ran(
        pexcz.process(
            *("compile", "--level", str(request.compression_level)),
            *("--output", output, request.pack.path),
            input_digest=request.pack.digest,
            output=output,
            description=f"Compiling {request.name} for Python {interpreter.version}",
            python=interpreter.python,
        )
    )
    return Pack(result.output_digest, output)


@rule
async def compile_boot(request: BootCodeRequest, pexcz: Pexcz, boot: BootFiles) -> BootCode:
    interpreter = request.interpreter
    output = f"boot.{interpreter.version}"
    result = await ran(
        pexcz.process(
            *("compile-boot", "--output", output, boot.path),
            input_digest=boot.digest,
            output=output,
            description=f"Compiling the czex boot for Python {interpreter.version}",
            python=interpreter.python,
        )
    )
    return BootCode(result.output_digest, output)


def rules():
    return collect_rules()
