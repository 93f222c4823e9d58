"""A Python tool that the backend runs as a process. A lockfile in the backend pins its packages."""

from __future__ import annotations

import importlib.resources
import re
from typing import ClassVar

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
        help="The interpreters that this tool may run on.",
    )

    def pex_request(
        self, pex_cli: PexCli, lock: Digest, sources: Digest | None = None
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
            interpreter_constraints=InterpreterConstraints(self.interpreter_constraints),
            sources=sources,
            additional_args=(*args_for_pex(pex_cli.version), *own),
            additional_inputs=None if resolve else lock,
            description=f"Installing {self.options_scope} for the czex backend",
        )


async def installed(
    tool: LockedTool, pex_cli: PexCli, sources: Digest | None = None
) -> VenvPex:
    """Return a Python interpreter with the packages of a tool, and with its sources."""
    content = importlib.resources.files(__package__).joinpath(tool.lockfile).read_bytes()
    lock = await digest_of(CreateDigest([FileContent(tool.lockfile, content)]))
    return await venv_pex(tool.pex_request(pex_cli, lock, sources))
