"""`zig_tests`: the unit tests in the sources of the runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pants.backend.python.util_rules.pex import VenvPexProcess
from pants.core.goals.test import TestFieldSet, TestRequest, TestResult, TestSubsystem
from pants.engine.fs import Digest, MergeDigests
from pants.engine.process import FallibleProcessResult, ProcessCacheScope
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import COMMON_TARGET_FIELDS, MultipleSourcesField, Target
from pants.option.option_types import SkipOption
from pants.option.subsystem import Subsystem

from czex.assets import RuntimeSources
from czex.libzstd import Libzstd
from czex.zig import Zig


class ZigTestsSourcesField(MultipleSourcesField):
    default = ("src/**/*.zig",)
    expected_file_extensions = (".zig",)


class ZigTestsTarget(Target):
    alias = "zig_tests"
    core_fields = (*COMMON_TARGET_FIELDS, ZigTestsSourcesField)
    help = "The unit tests in the runtime's sources."


class ZigTestSubsystem(Subsystem):
    options_scope = "zig-test"
    name = "Zig"
    help = "Options for the unit tests of the runtime."
    skip = SkipOption("test")


@dataclass(frozen=True)
class ZigTestFieldSet(TestFieldSet):
    required_fields = (ZigTestsSourcesField,)

    sources: ZigTestsSourcesField


class ZigTestRequest(TestRequest):
    tool_subsystem = ZigTestSubsystem  # type: ignore[assignment]
    field_set_type = ZigTestFieldSet


@rule
async def run_zig_tests(
    batch: ZigTestRequest.Batch[ZigTestFieldSet, Any],
    zig: Zig,
    libzstd: Libzstd,
    sources: RuntimeSources,
    test_subsystem: TestSubsystem,
) -> TestResult:
    input_digest = await Get(Digest, MergeDigests((sources.digest, libzstd.digest)))
    once = ProcessCacheScope.PER_SESSION if test_subsystem.force else ProcessCacheScope.SUCCESSFUL
    result = await Get(
        FallibleProcessResult,
        VenvPexProcess(
            zig.pex,
            argv=(sources.build_script, f"--zstd-sdist={libzstd.path}", "--test"),
            input_digest=input_digest,
            description="Running the unit tests of the czex runtime",
            cache_scope=once,
        ),
    )
    return TestResult.from_fallible_process_result(
        result, batch.single_element.address, test_subsystem.output
    )


def rules():
    return [*collect_rules(), *ZigTestRequest.rules()]
