"""The tool that writes packs and CZEX files: `[czex-pexcz]`."""

from __future__ import annotations

from dataclasses import dataclass

from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.pex import VenvPex, VenvPexProcess
from pants.backend.python.util_rules.pex_cli import PexCli
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.engine.fs import Digest
from pants.engine.rules import collect_rules, rule
from pants.util.strutil import help_text

from czex.assets import ToolSources
from czex.tools import LockedTool, installed


class PexczSubsystem(LockedTool):
    options_scope = "czex-pexcz"
    lockfile = "pexcz.lock"
    help = help_text(
        """
        The tool that packs wheels and assembles a CZEX. The tool itself is a part of the backend; these
        options are about the packages that it needs.
        """
    )


@dataclass(frozen=True)
class Pexcz:
    """A Python interpreter with the tool and the packages that it needs."""

    pex: VenvPex

    def process(
        self,
        *argv: str,
        input_digest: Digest,
        output: str,
        description: str,
        python: PythonExecutable | None = None,
        is_directory: bool = False,
    ) -> VenvPexProcess:
        """Return a process of `pexcz` that writes one file or directory.

        :param python: The interpreter for `--python`. Its fingerprint is a part of the process's cache key.
        """
        caches = {}
        environment = {"PYTHONHASHSEED": "0"}
        if python:
            argv += ("--python", python.path)
            environment["PEXCZ_PYTHON_FINGERPRINT"] = python.fingerprint
            # The tool's own interpreter may come from the same provider, with the same cache.
            caches = {
                name: directory
                for name, directory in (python.append_only_caches or {}).items()
                if name not in (self.pex.append_only_caches or ())
            }
        return VenvPexProcess(
            self.pex,
            argv=("-m", "pexcz", *argv),
            extra_env=environment,
            input_digest=input_digest,
            output_files=() if is_directory else (output,),
            output_directories=(output,) if is_directory else (),
            description=description,
            append_only_caches=caches,
        )


@rule
async def set_up_pexcz(
    subsystem: PexczSubsystem, pex_cli: PexCli, setup: PythonSetup, sources: ToolSources
) -> Pexcz:
    # Installed, the tool is compiled once. In the sandbox of a process, it would be compiled by each process.
    return Pexcz(await installed(subsystem, pex_cli, setup, sources.digest))


def rules():
    return collect_rules()
