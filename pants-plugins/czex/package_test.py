from __future__ import annotations

import io
import json
import zipfile
from textwrap import dedent

import pytest
from pants.backend.project_info.dependencies import Dependencies
from pants.backend.project_info.dependencies import rules as dependencies_rules
from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.core.goals.package import BuiltPackage
from pants.core.goals.run import RunRequest
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import QueryRule, RuleRunner

from czex.naming import size
from czex.package import CzexFieldSet
from czex.rules_for_tests import runner

BUILD = dedent(
    """\
    python_sources(name="lib")
    pex_binary(name="app", entry_point="main.py", execution_mode="venv", args=["--always"])
    pex_binary(name="other", entry_point="main.py")
    """
)


@pytest.fixture(scope="module")
def rule_runner() -> RuleRunner:
    return runner(
        [
            QueryRule(BuiltPackage, (CzexFieldSet,)),
            QueryRule(BuiltPackage, (PexBinaryFieldSet,)),
            QueryRule(RunRequest, (CzexFieldSet,)),
        ]
    )


def field_set(rule_runner: RuleRunner, target: str) -> CzexFieldSet:
    rule_runner.write_files({"app/main.py": "print('hello')\n", "app/BUILD": BUILD + target})
    return CzexFieldSet.create(rule_runner.get_target(Address("app", target_name="czex")))


def package(rule_runner: RuleRunner, target: str) -> BuiltPackage:
    return rule_runner.request(BuiltPackage, [field_set(rule_runner, target)])


def failure(rule_runner: RuleRunner, target: str) -> str:
    with pytest.raises(ExecutionError) as error:
        package(rule_runner, target)
    return " ".join(str(error.value).split())


def czex_of(rule_runner: RuleRunner, built: BuiltPackage) -> zipfile.ZipFile:
    (file,) = rule_runner.request(DigestContents, [built.digest])
    assert file.is_executable
    return zipfile.ZipFile(io.BytesIO(file.content))


def test_package_writes_an_executable_file_and_logs_its_size(rule_runner: RuleRunner) -> None:
    target = 'czex_binary(name="czex", pex_binary=":app", platforms=["linux-x86_64"])\n'
    built = package(rule_runner, target)
    (artifact,) = built.artifacts
    assert artifact.relpath == "app/czex.czex"
    (line,) = artifact.extra_log_lines
    assert " KB, 0." in line and line.count("KB") + line.count("MB") == 2
    with czex_of(rule_runner, built) as czex:
        manifest = json.loads(czex.read(".czex/manifest.json"))
        info = json.loads(czex.read("PEX-INFO"))
    assert list(manifest["runtimes"]) == ["linux-x86_64"]
    assert [pack["kind"] for pack in manifest["packs"]] == ["sources"]
    assert (info["venv"], info["inject_args"]) == (True, ["--always"])


def test_pex_info_is_the_same_as_in_the_pex(rule_runner: RuleRunner) -> None:
    rule_runner.write_files(
        {
            "cow/main.py": "import cowsay\n",
            "cow/BUILD": dedent(
                """\
                python_sources()
                python_requirement(name="cowsay", requirements=["cowsay==5.0"])
                pex_binary(
                    name="app", script="cowsay", dependencies=["./main.py"], env={"A": "b"}, layout="packed"
                )
                czex_binary(name="czex", pex_binary=":app", platforms=["linux-x86_64"])
                """
            ),
        }
    )
    address = Address("cow", target_name="czex")
    czex_fields = CzexFieldSet.create(rule_runner.get_target(address))
    built = rule_runner.request(BuiltPackage, [czex_fields])
    with czex_of(rule_runner, built) as czex:
        own = json.loads(czex.read("PEX-INFO"))
    pex_fields = PexBinaryFieldSet.create(rule_runner.get_target(Address("cow", target_name="app")))
    pex = rule_runner.request(BuiltPackage, [pex_fields])
    (content,) = (
        file.content
        for file in rule_runner.request(DigestContents, [pex.digest])
        if file.path.endswith("/PEX-INFO")
    )
    info = json.loads(content)
    assert own.pop("pex_hash") != info.pop("pex_hash")
    assert list(own.pop("distributions")) == list(info.pop("distributions"))
    assert own == info


def test_fields_are_used(rule_runner: RuleRunner) -> None:
    built = package(
        rule_runner,
        dedent(
            """\
            czex_binary(
                name="czex",
                pex_binary="app:app",
                platforms=["linux-x86_64"],
                sh_boot=False,
                compression_level=1,
                output_path="there/app.czex",
            )
            """
        ),
    )
    assert built.artifacts[0].relpath == "there/app.czex"
    (file,) = rule_runner.request(DigestContents, [built.digest])
    assert file.content.startswith(b"#!/usr/bin/env python")


def test_packed_layout_is_a_directory_with_the_packs_of_the_file(
    rule_runner: RuleRunner,
) -> None:
    target = 'czex_binary(name="czex", pex_binary=":app", platforms=["linux-x86_64"], {})\n'
    file = package(rule_runner, target.format('precompile=["3.9"]'))
    built = package(rule_runner, target.format('precompile=["3.9"], layout="packed"'))
    (artifact,) = built.artifacts
    assert artifact.relpath == "app/czex.czex"
    (line,) = artifact.extra_log_lines
    assert " KB, 0." in line
    files = {
        entry.path[len("app/czex.czex/") :]: entry
        for entry in rule_runner.request(DigestContents, [built.digest])
    }
    assert {path for path, entry in files.items() if entry.is_executable} == {"__main__.py", "pex"}
    with czex_of(rule_runner, file) as czex:
        packs = {name: czex.read(name) for name in czex.namelist() if name.endswith(".pack")}
        whole = json.loads(czex.read(".czex/manifest.json"))
    assert len(packs) == 2
    assert packs == {path: f.content for path, f in files.items() if path.endswith(".pack")}
    manifest = json.loads(files[".czex/manifest.json"].content)
    assert manifest["fingerprint"] == whole["fingerprint"]
    assert line.startswith(size(sum(len(entry.content) for entry in files.values())))


def test_packed_layout_runs(rule_runner: RuleRunner) -> None:
    target = (
        'czex_binary(name="czex", pex_binary=":app", platforms=["linux-x86_64"], layout="packed")\n'
    )
    request = rule_runner.request(RunRequest, [field_set(rule_runner, target)])
    assert request.args[1] == "{chroot}/app/czex.czex"
    paths = [file.path for file in rule_runner.request(DigestContents, [request.digest])]
    assert "app/czex.czex/__main__.py" in paths


@pytest.mark.parametrize(
    "fields, constraints, tags",
    [
        ("", "CPython==3.9.*", ["cpython-39"]),
        ("", "CPython>=3.9", []),
        ("precompile=[]", "CPython==3.9.*", []),
        ('precompile=["3.9"]', "CPython>=3.9", ["cpython-39"]),
    ],
)
def test_bytecode_is_for_the_versions_of_the_field_or_the_only_one(
    fields: str, constraints: str, tags: list[str]
) -> None:
    rule_runner = runner([QueryRule(BuiltPackage, (CzexFieldSet,))], constraints)
    target = f'czex_binary(name="czex", pex_binary=":app", platforms=["linux-x86_64"], {fields})\n'
    with czex_of(rule_runner, package(rule_runner, target)) as czex:
        names = czex.namelist()
        manifest = json.loads(czex.read(".czex/manifest.json"))
    assert [name for name in names if name.startswith(".czex/boot.")] == [
        f".czex/boot.{tag}" for tag in tags
    ]
    assert [list(pack["bytecode"]) for pack in manifest["packs"]] == [tags]


def test_missing_version_of_python_is_named(rule_runner: RuleRunner) -> None:
    message = failure(
        rule_runner, 'czex_binary(name="czex", pex_binary=":app", precompile=["3.13"])\n'
    )
    assert "CPython==3.13.*" in message


def test_run_uses_an_interpreter_that_the_pex_allows(rule_runner: RuleRunner) -> None:
    target = 'czex_binary(name="czex", pex_binary=":app", platforms=["linux-x86_64"])\n'
    request = rule_runner.request(RunRequest, [field_set(rule_runner, target)])
    python, czex = request.args
    assert python.startswith("/") and "python3" in python
    assert czex == "{chroot}/app/czex.czex"


def test_the_pex_binary_is_a_dependency() -> None:
    rule_runner = runner(dependencies_rules())
    field_set(rule_runner, 'czex_binary(name="czex", pex_binary=":app")\n')
    result = rule_runner.run_goal_rule(
        Dependencies, args=["app:czex"], env_inherit={"HOME", "PATH"}
    )
    assert result.stdout == "app:app\n"


def test_unknown_address_names_existing_targets(rule_runner: RuleRunner) -> None:
    message = failure(rule_runner, 'czex_binary(name="czex", pex_binary=":ap")\n')
    assert "the `pex_binary` from the target app:czex" in message
    assert ":app" in message


def test_another_target_than_a_pex_binary_is_refused(rule_runner: RuleRunner) -> None:
    message = failure(rule_runner, 'czex_binary(name="czex", pex_binary="app/main.py:lib")\n')
    assert (
        "The `pex_binary` field of the `czex_binary` target app:czex must name a `pex_binary`, but "
        '"app/main.py:lib" is a `python_source`. Write the address of a `pex_binary` that packages it.'
        in message
    )


def test_target_generator_is_refused(rule_runner: RuleRunner) -> None:
    many = 'pex_binaries(name="many", entry_points=["main.py", "main.py:other"])\n'
    message = failure(rule_runner, many + 'czex_binary(name="czex", pex_binary=":many")\n')
    assert 'target app:czex must name one target, but ":many" names 2:' in message
    assert "Add a `czex_binary` for each further one." in message


def test_unknown_platform_is_refused_with_a_list_of_platforms(rule_runner: RuleRunner) -> None:
    target = 'czex_binary(name="czex", pex_binary=":app", platforms=["linux-x86"])\n'
    message = failure(rule_runner, target)
    assert (
        "The `platforms` field of the `czex_binary` target app:czex names 'linux-x86', for which there "
        "is no runtime. Use some of linux-x86_64, linux-aarch64," in message
    )
