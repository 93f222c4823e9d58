"""Other targets and goals of Pants support `czex_binary`."""

from __future__ import annotations

import io
import tarfile
from textwrap import dedent

import pytest
from pants.backend.adhoc.adhoc_tool import GenerateFilesFromAdhocToolRequest
from pants.backend.docker import register as docker_register
from pants.backend.docker.util_rules.docker_build_context import (
    DockerBuildContext,
    DockerBuildContextRequest,
)
from pants.backend.experimental.adhoc import register as adhoc_register
from pants.backend.shell import register as shell_register
from pants.backend.shell.util_rules.shell_command import GenerateFilesFromShellCommandRequest
from pants.core.goals.package import BuiltPackage
from pants.core.goals.run import RunDebugAdapterRequest
from pants.core.goals.test import (
    BuildPackageDependenciesRequest,
    BuiltPackageDependencies,
    RuntimePackageDependenciesField,
)
from pants.core.target_types import ArchiveFieldSet
from pants.engine.addresses import Address
from pants.engine.fs import EMPTY_SNAPSHOT, Digest, DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import GeneratedSources, GenerateSourcesRequest, Target
from pants.testutil.rule_runner import QueryRule, RuleRunner

from czex.package import CzexFieldSet
from czex.rules_for_tests import runner

FILES = {
    "app/main.py": "import os, sys\nprint(*sys.argv[1:], os.environ.get('FROM'))\n",
    "app/test_app.py": "",
    "app/Dockerfile": "FROM python:3.9-slim\nCOPY app/czex.czex /bin/app\n",
    "app/BUILD": dedent(
        """\
        python_sources(name="lib")
        pex_binary(name="app", entry_point="main.py")
        czex_binary(name="czex", pex_binary=":app", platforms=["linux-x86_64"])

        docker_image(name="image")
        archive(name="archive", packages=[":czex"], format="tar")
        python_tests(name="tests", runtime_package_dependencies=[":czex"])
        adhoc_tool(name="tool", runnable=":czex", args=["a", "runnable"], stdout="said.txt")
        shell_command(
            name="command",
            command="FROM=there czex a dependency > said.txt",
            runnable_dependencies=[":czex"],
            output_files=["said.txt"],
        )
        """
    ),
}


@pytest.fixture(scope="module")
def rule_runner() -> RuleRunner:
    rule_runner = runner(
        [
            QueryRule(BuiltPackage, (ArchiveFieldSet,)),
            QueryRule(BuiltPackageDependencies, (BuildPackageDependenciesRequest,)),
            QueryRule(DockerBuildContext, (DockerBuildContextRequest,)),
            QueryRule(GeneratedSources, (GenerateFilesFromAdhocToolRequest,)),
            QueryRule(GeneratedSources, (GenerateFilesFromShellCommandRequest,)),
            QueryRule(RunDebugAdapterRequest, (CzexFieldSet,)),
        ],
        backends=(adhoc_register, docker_register, shell_register),
    )
    rule_runner.write_files(FILES)
    return rule_runner


def target(rule_runner: RuleRunner, name: str) -> Target:
    return rule_runner.get_target(Address("app", target_name=name))


def contents(rule_runner: RuleRunner, digest: Digest) -> dict[str, bytes]:
    files = rule_runner.request(DigestContents, [digest])
    return {file.path: file.content for file in files}


def generated(
    rule_runner: RuleRunner, name: str, request_type: type[GenerateSourcesRequest]
) -> dict[str, bytes]:
    request = request_type(EMPTY_SNAPSHOT, target(rule_runner, name))
    sources = rule_runner.request(GeneratedSources, [request])
    return contents(rule_runner, sources.snapshot.digest)


def test_docker_image_has_the_czex_in_its_build_context(rule_runner: RuleRunner) -> None:
    request = DockerBuildContextRequest(
        address=Address("app", target_name="image"), build_upstream_images=False
    )
    context = rule_runner.request(DockerBuildContext, [request])
    assert sorted(contents(rule_runner, context.digest)) == ["app/Dockerfile", "app/czex.czex"]


def test_archive_has_the_czex_as_an_executable(rule_runner: RuleRunner) -> None:
    field_set = ArchiveFieldSet.create(target(rule_runner, "archive"))
    built = rule_runner.request(BuiltPackage, [field_set])
    (archive,) = contents(rule_runner, built.digest).values()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        (file,) = tar.getmembers()
    assert file.name == "app/czex.czex"
    assert file.mode & 0o111


def test_test_finds_the_czex_at_its_output_path(rule_runner: RuleRunner) -> None:
    tests = rule_runner.get_target(
        Address("app", target_name="tests", relative_file_path="test_app.py")
    )
    request = BuildPackageDependenciesRequest(tests[RuntimePackageDependenciesField])
    (built,) = rule_runner.request(BuiltPackageDependencies, [request])
    assert list(contents(rule_runner, built.digest)) == ["app/czex.czex"]


def test_adhoc_tool_runs_the_czex(rule_runner: RuleRunner) -> None:
    files = generated(rule_runner, "tool", GenerateFilesFromAdhocToolRequest)
    assert files == {"app/said.txt": b"a runnable None\n"}


def test_shell_command_runs_the_czex_by_its_name(rule_runner: RuleRunner) -> None:
    files = generated(rule_runner, "command", GenerateFilesFromShellCommandRequest)
    assert files == {"app/said.txt": b"a dependency there\n"}


def test_debug_adapter_is_refused_as_for_a_pex_binary(rule_runner: RuleRunner) -> None:
    field_set = CzexFieldSet.create(target(rule_runner, "czex"))
    with pytest.raises(ExecutionError, match="with a debug adapter is not yet supported"):
        rule_runner.request(RunDebugAdapterRequest, [field_set])
