"""The source of libzstd, from the source distribution of the `zstandard` package: `[czex-libzstd]`.

The tool compresses packs with the same version of libzstd.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.subsystems.repos import PythonRepos
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.pex import VenvPexProcess
from pants.backend.python.util_rules.pex_cli import PexCli
from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.rules import collect_rules, rule
from pants.option.global_options import GlobalOptions, ca_certs_path_to_file_content
from pants.option.option_types import StrOption
from pants.util.strutil import help_text, softwrap

from czex.assets import RuntimeSources
from czex.compat import digest_of, entries_of, ran
from czex.tools import LockedTool, installed

DIRECTORY = "libzstd"
REQUIREMENTS = "libzstd-requirements.txt"


class LibzstdSubsystem(LockedTool):
    options_scope = "czex-libzstd"
    lockfile = "libzstd.lock"
    help = help_text(
        """
        The source of libzstd, a part of every runtime. Pip downloads it from `[python-repos]`, as a part of the
        source distribution of the `zstandard` package.
        """
    )

    requirement = StrOption(
        default=None,
        advanced=True,
        help=softwrap(
            """
            The release of `zstandard` to use, in pip's form `zstandard==0.25.0 --hash=sha256:...`. By default, the
            release that the runtime is tested with.
            """
        ),
    )


@dataclass(frozen=True)
class Libzstd:
    """The source distribution, a `.tar.gz`."""

    digest: Digest
    path: str


def download_argv(
    *, indexes: Iterable[str], find_links: Iterable[str], certificates: str | None
) -> tuple[str, ...]:
    """Return pip's arguments to download only the source distribution, into `DIRECTORY`.

    Pip builds the metadata of a source distribution, even only to download it. Without build isolation that takes a second
    and downloads nothing else.
    """
    first, *others = (*indexes, None)
    return (
        *("-m", "pip", "--isolated", "--no-input", "--disable-pip-version-check"),
        *("--no-cache-dir", "--quiet"),
        *(("--cert", certificates) if certificates else ()),
        "download",
        *(("--index-url", first) if first else ("--no-index",)),
        *(f"--extra-index-url={index}" for index in others if index),
        *(f"--find-links={place}" for place in find_links),
        *("--no-deps", "--no-binary=:all:", "--no-build-isolation", "--require-hashes"),
        *("--requirement", REQUIREMENTS, "--dest", DIRECTORY),
    )


@rule
async def fetch_libzstd(
    subsystem: LibzstdSubsystem,
    pex_cli: PexCli,
    setup: PythonSetup,
    sources: RuntimeSources,
    repos: PythonRepos,
    global_options: GlobalOptions,
) -> Libzstd:
    requirement = subsystem.requirement or sources.libzstd
    inputs = [FileContent(REQUIREMENTS, requirement.encode())]
    certificates = None
    if global_options.ca_certs_path:
        content = ca_certs_path_to_file_content(global_options.ca_certs_path)
        certificates = content.path
        inputs.append(content)

    pip = await installed(subsystem, pex_cli, setup)
    input_digest = await digest_of(CreateDigest(inputs))
    result = await ran(
        VenvPexProcess(
            pip,
            argv=download_argv(
                indexes=repos.indexes, find_links=repos.find_links, certificates=certificates
            ),
            input_digest=input_digest,
            output_directories=(DIRECTORY,),
            description="Fetching the source of libzstd",
        )
    )
    (tarball,) = await entries_of(result.output_digest)
    return Libzstd(result.output_digest, tarball.path)


def rules():
    return collect_rules()
