from __future__ import annotations

import pytest
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex import PexRequest
from pants.backend.python.util_rules.pex_cli import PexCli
from pants.backend.python.util_rules.pex_requirements import PexRequirements, Resolve
from pants.engine.fs import EMPTY_DIGEST, Digest
from pants.testutil.option_util import create_subsystem

from czex.tools import args_for_pex, of_repository
from czex.zig import ZigSubsystem

LOCK = Digest("a" * 64, 1)
ORIGIN = "the requirements of `[czex-zig]`"


@pytest.mark.parametrize("version", ["v2.3.0", "v2.105.2", "3.0"])
def test_newer_pex_keeps_wheels_as_files(version: str) -> None:
    assert args_for_pex(version) == ("--no-pre-install-wheels",)


@pytest.mark.parametrize("version", ["v2.1.137", "v2.2.1"])
def test_older_pex_gets_no_new_option(version: str) -> None:
    assert args_for_pex(version) == ()


def python_setup(*constraints: str) -> PythonSetup:
    return create_subsystem(
        PythonSetup,
        interpreter_constraints=list(constraints),
        interpreter_versions_universe=["3.8", "3.9", "3.10", "3.11"],
    )


@pytest.mark.parametrize(
    "repository, expected",
    [
        (("==3.11.*",), "CPython==3.11.*"),
        (("CPython>=3.9,<3.10",), "CPython==3.9.*"),
        (("CPython>=3.9",), "CPython>=3.9,<3.15"),
        (("CPython==3.8.*",), "CPython>=3.9,<3.15"),
        (("PyPy==3.9.*",), "CPython>=3.9,<3.15"),
    ],
)
def test_tool_runs_on_the_single_version_of_the_repository(
    repository: tuple[str, ...], expected: str
) -> None:
    constraints = of_repository(["CPython>=3.9,<3.15"], python_setup(*repository))
    assert constraints == InterpreterConstraints([expected])


def request(install_from_resolve: str | None) -> PexRequest:
    tool = create_subsystem(
        ZigSubsystem,
        install_from_resolve=install_from_resolve,
        interpreter_constraints=["CPython==3.9.*"],
    )
    return tool.pex_request(
        create_subsystem(PexCli, version="v2.105.2"), python_setup(">=3.8"), LOCK
    )


def test_tool_is_installed_from_its_lockfile() -> None:
    own = request(None)
    assert own.additional_args[-3:] == ("--requirement", "zig.lock", "--no-transitive")
    assert own.additional_inputs == LOCK
    assert own.requirements == PexRequirements(description_of_origin=ORIGIN)


def test_resolve_replaces_the_lockfile() -> None:
    theirs = request("build-tools")
    assert "--requirement" not in theirs.additional_args
    assert theirs.additional_inputs == EMPTY_DIGEST
    assert theirs.requirements == PexRequirements(
        from_superset=Resolve("build-tools", use_entire_lockfile=True), description_of_origin=ORIGIN
    )
