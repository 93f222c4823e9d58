"""Each step of a build by itself. `package_test.py` tests whole builds."""

from __future__ import annotations

import io
import os
import sys
import zipfile

import pytest
from pants.backend.python.util_rules.pex import PythonProvider
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.backend.python.util_rules.pex_from_targets import InterpreterConstraintsRequest
from pants.engine.fs import (
    CreateDigest,
    Digest,
    DigestContents,
    DigestEntries,
    FileContent,
    FileEntry,
)
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.rules import rule
from pants.engine.unions import UnionRule
from pants.testutil.rule_runner import QueryRule, RuleRunner

from czex.assemble import Assembled, AssemblyRequest
from czex.assets import BootFiles, RuntimeSources, ToolSources
from czex.bytecode import BootCode, BootCodeRequest, BytecodeRequest, Interpreter, constraints_of
from czex.libzstd import Libzstd
from czex.pack import Pack, SourcesPackRequest, WheelPackRequest
from czex.rules_for_tests import runner
from czex.runtime import PrebuiltRuntimeRequest, Runtime, RuntimeRequest

WHEEL = "a-1-py3-none-any.whl"


@pytest.fixture(scope="module")
def rule_runner() -> RuleRunner:
    return runner(
        [
            QueryRule(Assembled, (AssemblyRequest,)),
            QueryRule(BootCode, (BootCodeRequest,)),
            QueryRule(BootFiles, ()),
            QueryRule(DigestEntries, (Digest,)),
            QueryRule(Libzstd, ()),
            QueryRule(Pack, (BytecodeRequest,)),
            QueryRule(Pack, (SourcesPackRequest,)),
            QueryRule(Pack, (WheelPackRequest,)),
            QueryRule(PythonExecutable, (InterpreterConstraintsRequest,)),
            QueryRule(Runtime, (PrebuiltRuntimeRequest,)),
            QueryRule(Runtime, (RuntimeRequest,)),
            QueryRule(RuntimeSources, ()),
            QueryRule(ToolSources, ()),
        ]
    )


def files(rule_runner: RuleRunner, digest: Digest) -> dict[str, bytes]:
    return {file.path: file.content for file in rule_runner.request(DigestContents, [digest])}


def digest_of(rule_runner: RuleRunner, content: dict[str, bytes]) -> Digest:
    files = [FileContent(path, data) for path, data in content.items()]
    return rule_runner.request(Digest, [CreateDigest(files)])


def wheel(rule_runner: RuleRunner, content: bytes) -> FileEntry:
    (entry,) = rule_runner.request(DigestEntries, [digest_of(rule_runner, {WHEEL: content})])
    assert isinstance(entry, FileEntry)
    return entry


def zipped(content: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zip:
        for path, text in content.items():
            zip.writestr(zipfile.ZipInfo(path), text)
    return file.getvalue()


A_WHEEL = zipped(
    {
        "a.py": "value = 1\n",
        "a-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: a\nVersion: 1\n",
        "a-1.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "a-1.dist-info/RECORD": "",
    }
)


def python(rule_runner: RuleRunner) -> Interpreter:
    executable = rule_runner.request(PythonExecutable, [constraints_of("3.9")])
    return Interpreter("3.9", executable)


def test_sources_of_the_runtime_have_no_boot_and_no_tests(rule_runner: RuleRunner) -> None:
    sources = rule_runner.request(RuntimeSources, [])
    names = files(rule_runner, sources.digest)
    assert {sources.build_script, "native/src/main.zig", "native/platforms.json"} <= set(names)
    assert not [name for name in names if "boot" in name or name.endswith("_test.py")]
    assert "linux-x86_64" in sources.platforms.ids
    assert "zstandard==" in sources.libzstd and "--hash=sha256:" in sources.libzstd


def test_boot_and_tool_are_at_their_paths(rule_runner: RuleRunner) -> None:
    boot = rule_runner.request(BootFiles, [])
    assert f"{boot.path}/__main__.py" in files(rule_runner, boot.digest)
    tool = rule_runner.request(ToolSources, [])
    assert "pexcz/cli.py" in files(rule_runner, tool.digest)


def test_libzstd_is_a_source_distribution(rule_runner: RuleRunner) -> None:
    libzstd = rule_runner.request(Libzstd, [])
    assert list(files(rule_runner, libzstd.digest)) == [libzstd.path]
    assert libzstd.path.startswith("libzstd/zstandard-")
    assert libzstd.path.endswith(".tar.gz")


def test_a_runtime_is_one_executable(rule_runner: RuleRunner) -> None:
    runtime = rule_runner.request(Runtime, [RuntimeRequest("linux-x86_64")])
    (file,) = rule_runner.request(DigestContents, [runtime.digest])
    assert (file.path, file.is_executable) == (runtime.path, True)
    assert file.content.startswith(b"\x7fELF")


def test_missing_prebuilt_runtime_gives_a_hint(
    rule_runner: RuleRunner,
) -> None:
    with pytest.raises(ExecutionError) as error:
        rule_runner.request(Runtime, [PrebuiltRuntimeRequest("linux-x86_64")])
    assert "no prebuilt runtime for linux-x86_64" in str(error.value)
    assert '`[czex].runtime` to `"build"`' in str(error.value)


def test_a_wheel_is_packed_under_its_name(rule_runner: RuleRunner) -> None:
    pack = rule_runner.request(Pack, [WheelPackRequest(wheel(rule_runner, A_WHEEL), 1)])
    ((path, content),) = files(rule_runner, pack.digest).items()
    assert path == pack.path == f"{WHEEL}.pack"
    assert content.startswith(b"CZEXPACK")


def test_file_that_is_not_a_wheel_is_named(rule_runner: RuleRunner) -> None:
    with pytest.raises(ExecutionError) as error:
        rule_runner.request(Pack, [WheelPackRequest(wheel(rule_runner, b"no zip"), 1)])
    assert "Packing a-1 (6 bytes)" in str(error.value)
    assert f"pexcz: can't read {WHEEL}: " in str(error.value)
    assert "Traceback" not in str(error.value).split("pexcz:")[1]


def test_parts_are_assembled_to_a_czex(rule_runner: RuleRunner) -> None:
    sources = digest_of(rule_runner, {"app/PEX-INFO": b"{}", "app/main.py": b"print('hello')\n"})
    skeleton = {
        "pex/PEX-INFO": b'{"entry_point": "main"}',
        "pex/__main__.py": b"#!/usr/bin/env python3\n",
    }
    request = SourcesPackRequest(sources, "app", 1, "//:czex")
    pack = rule_runner.request(Pack, [request])
    interpreter = python(rule_runner)
    compiled = rule_runner.request(Pack, [BytecodeRequest(pack, "the app", interpreter, 1)])
    boot_code = rule_runner.request(BootCode, [BootCodeRequest(interpreter)])
    assert (compiled.path, boot_code.path) == ("sources.pack.3.9", "boot.3.9")
    runtime = rule_runner.request(Runtime, [RuntimeRequest("linux-x86_64")])
    assembled = rule_runner.request(
        Assembled,
        [
            AssemblyRequest(
                digest_of(rule_runner, skeleton),
                packs=(pack, compiled),
                runtimes=(runtime,),
                boot_code=(boot_code,),
                sh_boot=False,
                layout="zipapp",
                app="//:czex",
            )
        ],
    )
    digest = rule_runner.request(Digest, [assembled.at("app.czex")])
    (content,) = files(rule_runner, digest).values()
    with zipfile.ZipFile(io.BytesIO(content)) as czex:
        assert {".czex/manifest.json", ".czex/boot.cpython-39"} <= set(czex.namelist())


class Provider(PythonProvider):
    """Provide the interpreter that runs the tests, with a cache of its own, as the provider for pyenv does."""


@rule
async def provide(_: Provider) -> PythonExecutable:
    path = os.path.realpath(sys.executable)
    return PythonExecutable(path, append_only_caches={"provided": ".provided"})


def test_interpreter_from_a_provider_compiles() -> None:
    queries = [
        QueryRule(BootCode, (BootCodeRequest,)),
        QueryRule(PythonExecutable, (InterpreterConstraintsRequest,)),
    ]
    rule_runner = runner([provide, UnionRule(PythonProvider, Provider), *queries])
    interpreter = python(rule_runner)
    assert dict(interpreter.python.append_only_caches) == {"provided": ".provided"}
    boot_code = rule_runner.request(BootCode, [BootCodeRequest(interpreter)])
    assert boot_code.path == "boot.3.9"
