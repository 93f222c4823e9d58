"""A Python tool which the backend runs as a process, pinned by a lockfile that comes with it."""

from __future__ import annotations

import re
from typing import ClassVar

from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import PexRequest
from pants.backend.python.util_rules.pex_cli import PexCli
from pants.backend.python.util_rules.pex_requirements import (
    EntireLockfile,
    Lockfile,
    PexRequirements,
    Resolve,
)
from pants.option.option_types import StrListOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import softwrap


def args_for_pex(version: str) -> tuple[str, ...]:
    """Leave wheels as they are, where Pex can: to unpack and compress Zig again takes 20 seconds."""
    release = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    return ("--no-pre-install-wheels",) if release >= (2, 3) else ()


class LockedTool(Subsystem):
    """What `PythonToolBase` offers, as far as all generations of Pants agree on it."""

    lockfile: ClassVar[str]  # Its name in this package.

    install_from_resolve = StrOption(
        default=None,
        advanced=True,
        help=lambda cls: softwrap(
            f"""
            Install the packages of this resolve instead of those that the backend pins.

            The resolve must be one of `[python].resolves`, and hold what `{cls.lockfile}` in the
            backend's package holds; the versions may be others.
            """
        ),
    )
    interpreter_constraints = StrListOption(
        default=["CPython>=3.9,<3.15"],
        advanced=True,
        help="The Python interpreters that this may run on.",
    )

    def pex_request(self, pex_cli: PexCli) -> PexRequest:
        """A PEX of the whole lockfile that behaves as a Python interpreter."""
        return PexRequest(
            output_filename=f"{self.options_scope}.pex",
            internal_only=True,
            requirements=self._requirements(),
            interpreter_constraints=InterpreterConstraints(self.interpreter_constraints),
            additional_args=args_for_pex(pex_cli.version),
            description=f"Installing {self.options_scope} for the czex backend",
        )

    def _requirements(self) -> PexRequirements | EntireLockfile:
        origin = f"the requirements of `[{self.options_scope}]`"
        if self.install_from_resolve:
            return PexRequirements(
                from_superset=Resolve(self.install_from_resolve, use_entire_lockfile=True),
                description_of_origin=origin,
            )
        return EntireLockfile(
            Lockfile(
                url=f"resource://czex/{self.lockfile}",
                url_description_of_origin=origin,
                resolve_name=self.options_scope,
            )
        )
