"""Apps with compiled wheels, and environments with different interpreters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from textwrap import dedent
from typing import Sequence

import pytest
from pants.backend.python.util_rules.pex_from_targets import PexFromTargetsRequest
from pants.core.goals.package import BuiltPackage, EnvironmentAwarePackageRequest
from pants.core.goals.run import RunRequest
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import QueryRule, RuleRunner

from czex import packed_pex
from czex.package import CzexFieldSet
from czex.packed_pex import info_of_whole
from czex.rules_for_tests import runner
from testing.pythons import Python

OLD, NEW = os.path.realpath(sys.executable), Python("cpython3.11")
QUERIES = (
    QueryRule(BuiltPackage, (CzexFieldSet,)),
    QueryRule(BuiltPackage, (EnvironmentAwarePackageRequest,)),
    QueryRule(RunRequest, (CzexFieldSet,)),
)
MAIN = "import markupsafe._speedups, sys\nprint(sys.version_info[:2], markupsafe.escape('<'))\n"
BUILD = dedent(
    """\
    python_requirement(name="markupsafe", requirements=["markupsafe==3.0.2"])
    python_sources(name="lib")
    pex_binary(name="app", entry_point="main.py")
    pex_binary(
        name="both",
        entry_point="main.py",
        platforms=["linux-x86_64-cp-311-cp311", "macosx-11.0-arm64-cp-311-cp311"],
    )
    """
)


def write(rule_runner: RuleRunner, build: str) -> None:
    rule_runner.write_files({"app/main.py": MAIN, "app/BUILD": build})


def czex_of(rule_runner: RuleRunner, directory: Path, build: str) -> zipfile.ZipFile:
    """Build the target `:czex`."""
    write(rule_runner, build)
    built = rule_runner.request(BuiltPackage, [field_set(rule_runner)])
    (file,) = rule_runner.request(DigestContents, [built.digest])
    (directory / "app.czex").write_bytes(file.content)
    return zipfile.ZipFile(directory / "app.czex")


def field_set(rule_runner: RuleRunner) -> CzexFieldSet:
    return CzexFieldSet.create(rule_runner.get_target(Address("app", target_name="czex")))


def manifest_of(czex: zipfile.ZipFile) -> dict:
    with czex:
        return json.loads(czex.read(".czex/manifest.json"))


@pytest.fixture(scope="module")
def rule_runner() -> RuleRunner:
    return runner(
        QUERIES,
        constraints="CPython>=3.9,<3.12",
        python_bootstrap={"search_path": [OLD, NEW.path()]},
    )


def test_each_interpreter_of_a_range_gets_its_wheel(
    rule_runner: RuleRunner, tmp_path: Path
) -> None:
    czex = czex_of(rule_runner, tmp_path, BUILD + 'czex_binary(name="czex", pex_binary=":app")\n')
    assert list(manifest_of(czex)["runtimes"]) == ["linux-x86_64"]
    for python, version in ((OLD, "(3, 9)"), (NEW.path(), "(3, 11)")):
        environment = {"PEXCZ_ROOT": str(tmp_path / "root")}
        command = [python, str(tmp_path / "app.czex")]
        output = subprocess.check_output(command, env=environment, text=True)
        assert output == f"{version} &lt;\n"


def test_platforms_without_an_interpreter_get_their_runtimes(
    rule_runner: RuleRunner, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    czex = czex_of(rule_runner, tmp_path, BUILD + 'czex_binary(name="czex", pex_binary=":both")\n')
    assert list(manifest_of(czex)["runtimes"]) == ["linux-x86_64", "macos-arm64"]
    assert "can't start" not in caplog.text


def test_bytecode_is_for_the_version_that_all_platforms_have(
    rule_runner: RuleRunner, tmp_path: Path
) -> None:
    czex = czex_of(rule_runner, tmp_path, BUILD + 'czex_binary(name="czex", pex_binary=":both")\n')
    packs = manifest_of(czex)["packs"]
    assert {tag for pack in packs for tag in pack["bytecode"]} == {"cpython-311"}


def test_missing_interpreter_for_the_default_bytecode_gives_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rule_runner = runner(QUERIES)
    target = 'czex_binary(name="czex", pex_binary=":both", platforms=["linux-x86_64"])\n'
    czex = czex_of(rule_runner, tmp_path, BUILD + target)
    assert not any(pack["bytecode"] for pack in manifest_of(czex)["packs"])
    (warning,) = (record.message for record in caplog.records if "bytecode" in record.message)
    assert (
        "The `czex_binary` target app:czex gets no bytecode: its PEX is for CPython 3.11, which was not found."
        in warning
    )
    assert "`precompile=[]`" in warning


def test_bytecode_is_for_the_targets_constraints_if_pex_info_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This is so with a lockfile of uv."""

    def without_constraints(infos: Sequence[bytes], whole: PexFromTargetsRequest) -> bytes:
        info = json.loads(info_of_whole(infos, whole))
        return json.dumps({**info, "interpreter_constraints": []}).encode()

    monkeypatch.setattr(packed_pex, "info_of_whole", without_constraints)
    rule_runner = runner(QUERIES, constraints="CPython==3.9.*")
    czex = czex_of(rule_runner, tmp_path, BUILD + 'czex_binary(name="czex", pex_binary=":app")\n')
    packs = manifest_of(czex)["packs"]
    assert {tag for pack in packs for tag in pack["bytecode"]} == {"cpython-39"}


def test_platform_without_a_wheel_gives_a_warning(
    rule_runner: RuleRunner, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    platforms = 'platforms=["linux-x86_64", "linux-aarch64"]'
    target = f'czex_binary(name="czex", pex_binary=":both", {platforms})\n'
    czex = czex_of(rule_runner, tmp_path, BUILD + target)
    assert list(manifest_of(czex)["runtimes"]) == ["linux-aarch64", "linux-x86_64"]
    (warning,) = (record.message for record in caplog.records if "can't start" in record.message)
    assert (
        "The `platforms` field of the `czex_binary` target app:czex names linux-aarch64, where the app "
        "can't start." in warning
    )
    assert "* MarkupSafe-3.0.2-cp311-cp311-manylinux_2_17_x86_64" in warning
    assert "`complete_platforms` of the `pex_binary`" in warning


def test_missing_interpreter_is_named_with_its_target(rule_runner: RuleRunner) -> None:
    write(rule_runner, BUILD + 'czex_binary(name="czex", pex_binary=":app", precompile=["3.10"])\n')
    with pytest.raises(ExecutionError) as error:
        rule_runner.request(BuiltPackage, [field_set(rule_runner)])
    assert (
        "The `precompile` field of the `czex_binary` target app:czex names Python 3.10, which was not found."
        in str(error.value)
    )


def test_a_version_that_the_app_does_not_allow_is_refused(rule_runner: RuleRunner) -> None:
    write(rule_runner, BUILD + 'czex_binary(name="czex", pex_binary=":app", precompile=["3.14"])\n')
    with pytest.raises(ExecutionError) as error:
        rule_runner.request(BuiltPackage, [field_set(rule_runner)])
    assert "target app:czex names '3.14', which the interpreter constraints" in str(error.value)


@pytest.fixture(scope="module")
def environments() -> RuleRunner:
    """Return a runner with two environments: requests come from one with CPython 3.9, and targets are for one with 3.11.

    Zig and libzstd are available only in the first one.
    """
    only_old: dict[str, object] = {"interpreter_constraints": ["CPython==3.9.*"]}
    rule_runner = runner(
        QUERIES,
        constraints="CPython>=3.9,<3.12",
        czex_libzstd=only_old,
        czex_zig=only_old,
        environments_preview={"names": {"new": "//:new"}},
    )
    environment = f'local_environment(name="new", python_bootstrap_search_path=["{NEW.path()}"])\n'
    rule_runner.write_files({"BUILD": environment})
    return rule_runner


def test_pex_and_bytecode_are_built_in_the_environment_of_the_pex_binary(
    environments: RuleRunner, tmp_path: Path
) -> None:
    build = BUILD.replace("main.py", 'main.py", environment="new')
    target = 'czex_binary(name="czex", pex_binary=":app", precompile=["3.11"])\n'
    _, wheel = manifest_of(czex_of(environments, tmp_path, build + target))["packs"]
    assert "-cp311-cp311-" in wheel["name"]
    assert list(wheel["bytecode"]) == ["cpython-311"]


def test_dependents_get_a_czex_from_its_own_environment(environments: RuleRunner) -> None:
    target = 'czex_binary(name="czex", pex_binary=":app", environment="new")\n'
    write(environments, BUILD + target)
    request = EnvironmentAwarePackageRequest(field_set(environments))
    with pytest.raises(ExecutionError) as error:
        environments.request(BuiltPackage, [request])
    assert "CPython==3.9.*" in str(error.value)


def test_run_builds_in_the_local_environment(environments: RuleRunner) -> None:
    """A `pex_binary` is, too. Zig is not available in the environment of the targets, so the build would fail there."""
    target = 'czex_binary(name="czex", pex_binary=":app", environment="new")\n'
    write(environments, BUILD.replace("main.py", 'main.py", environment="new') + target)
    request = environments.request(RunRequest, [field_set(environments)])
    assert request.args == (OLD, "{chroot}/app/czex.czex")
