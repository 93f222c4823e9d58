"""A Python tool that the backend runs as a process. A lockfile in the backend pins its packages."""

from __future__ import annotations

import importlib.resources
import re
from typing import ClassVar, Sequence

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import PexRequest, VenvPex
from pants.backend.python.util_rules.pex_cli import PexCli
from pants.backend.python.util_rules.pex_requirements import PexRequirements, Resolve
from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.option.option_types import StrListOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import softwrap

from czex.compat import digest_of, venv_pex


def version_of(pex: str) -> tuple[int, ...]:
    """Return the first two numbers of a release of Pex, such as "v2.105.2"."""
    return tuple(int(part) for part in re.findall(r"\d+", pex)[:2])


def args_for_pex(version: str) -> tuple[str, ...]:
    """Return arguments that keep wheels as files, if Pex can do that. Recompressing Zig would take 20 seconds."""
    return ("--no-pre-install-wheels",) if version_of(version) >= (2, 3) else ()


def of_repository(constraints: Sequence[str], setup: PythonSetup) -> InterpreterConstraints:
    """Return the constraints of a tool, or the version of the repository, if it has a single one and the tool allows it.

    Pants then looks for the interpreter of the tools and for that of the apps' bytecode only once.
    """
    own = InterpreterConstraints(constraints)
    repository = InterpreterConstraints(setup.interpreter_constraints)
    universe = setup.interpreter_versions_universe
    versions = repository.partition_into_major_minor_versions(universe)
    is_allowed = set(versions) <= set(own.partition_into_major_minor_versions(universe))
    is_cpython = all(str(constraint).startswith("CPython") for constraint in repository)
    if len(versions) == 1 and is_allowed and is_cpython:
        return InterpreterConstraints([f"CPython=={versions[0]}.*"])
    return own


class LockedTool(Subsystem):
    """The options of `PythonToolBase` that all generations of Pants have in common."""

    lockfile: ClassVar[str]  # The file name in this package.

    install_from_resolve = StrOption(
        default=None,
        advanced=True,
        help=lambda cls: softwrap(
            f"""
            Install the packages of this resolve instead of the packages that the backend pins.

            The resolve must be one of `[python].resolves`. It must contain the packages of `{cls.lockfile}`
            in the backend's package, in any versions.
            """
        ),
    )
    interpreter_constraints = StrListOption(
        default=["CPython>=3.9,<3.15"],
        advanced=True,
        help=softwrap(
            """
            The interpreters that this tool may run on. If `[python].interpreter_constraints` allows a single
            version of CPython, and this option allows it as well, the tool runs on that version.
            """
        ),
    )

    def pex_request(
        self, pex_cli: PexCli, setup: PythonSetup, lock: Digest, sources: Digest | None = None
    ) -> PexRequest:
        """Return the request for a PEX of a whole lockfile, and of sources, to use as a Python interpreter.

        Pex gets the backend's lockfile as a requirements file: since 2.32, Pants fails to load a lockfile from a package
        without metadata beside it.
        """
        resolve = self.install_from_resolve
        own = () if resolve else ("--requirement", self.lockfile, "--no-transitive")
        return PexRequest(
            output_filename=f"{self.options_scope}.pex",
            internal_only=True,
            requirements=PexRequirements(
                from_superset=Resolve(resolve, use_entire_lockfile=True) if resolve else None,
                description_of_origin=f"the requirements of `[{self.options_scope}]`",
            ),
            interpreter_constraints=of_repository(self.interpreter_constraints, setup),
            sources=sources,
            additional_args=(*args_for_pex(pex_cli.version), *own),
            additional_inputs=None if resolve else lock,
            description=f"Installing {self.options_scope} for the czex backend",
        )


async def installed(
    tool: LockedTool, pex_cli: PexCli, setup: PythonSetup, sources: Digest | None = None
) -> VenvPex:
    """Return a Python interpreter with the packages of a tool, and with its sources."""
    content = importlib.resources.files(__package__).joinpath(tool.lockfile).read_bytes()
    lock = await digest_of(CreateDigest([FileContent(tool.lockfile, content)]))
    return await venv_pex(tool.pex_request(pex_cli, setup, lock, sources))
