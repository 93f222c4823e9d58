from __future__ import annotations

import pytest
from pants.backend.python.util_rules.pex import PexRequest
from pants.backend.python.util_rules.pex_cli import PexCli
from pants.backend.python.util_rules.pex_requirements import PexRequirements, Resolve
from pants.engine.fs import EMPTY_DIGEST, Digest
from pants.testutil.option_util import create_subsystem

from czex.tools import args_for_pex
from czex.zig import ZigSubsystem

LOCK = Digest("a" * 64, 1)
ORIGIN = "the requirements of `[czex-zig]`"


@pytest.mark.parametrize("version", ["v2.3.0", "v2.105.2", "3.0"])
def test_newer_pex_keeps_wheels_as_files(version: str) -> None:
    assert args_for_pex(version) == ("--no-pre-install-wheels",)


@pytest.mark.parametrize("version", ["v2.1.137", "v2.2.1"])
def test_older_pex_gets_no_new_option(version: str) -> None:
    assert args_for_pex(version) == ()


def request(install_from_resolve: str | None) -> PexRequest:
    tool = create_subsystem(
        ZigSubsystem,
        install_from_resolve=install_from_resolve,
        interpreter_constraints=["CPython==3.9.*"],
    )
    return tool.pex_request(create_subsystem(PexCli, version="v2.105.2"), LOCK)


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
