from __future__ import annotations

import json

import pytest
from pants.engine.addresses import Address
from pants.engine.target import InvalidFieldException

from czex.assets import Platforms
from czex.choices import checked_versions, chosen_platforms, entry_point_lines
from czex.target_types import CzexPexBinaryField, CzexPlatformsField, CzexPrecompileField

KNOWN = Platforms((("linux-x86_64", ("linux_x86_64",)), ("macos-arm64", ("macosx_11_0_arm64",))))
COMPILED = ["a-1-cp39-cp39-macosx_11_0_arm64.whl"]
PURE = ["a-1-py3-none-any.whl"]


def chosen(platforms: list[str] | None, wheels: list[str], default: str) -> tuple[str, ...]:
    field = CzexPlatformsField(platforms, Address("app", target_name="czex"))
    return chosen_platforms(field, KNOWN, wheels, [default])


def test_the_targets_own_platforms_come_first() -> None:
    assert chosen(["linux-x86_64"], COMPILED, "macos-arm64") == ("linux-x86_64",)


def test_other_names_of_a_platform_are_accepted_in_the_field() -> None:
    assert chosen(["linux-amd64", "macos-aarch64"], PURE, "linux-x86_64") == (
        "linux-x86_64",
        "macos-arm64",
    )
    assert chosen(None, PURE, "linux-amd64") == ("linux-x86_64",)


def test_compiled_wheels_come_before_the_default() -> None:
    assert chosen(None, COMPILED, "linux-x86_64") == ("macos-arm64",)


def test_a_pure_python_app_gets_the_default() -> None:
    assert chosen(None, PURE, "linux-x86_64") == ("linux-x86_64",)


def test_wheels_that_do_not_fit_a_platform_are_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert chosen(["linux-x86_64", "macos-arm64"], COMPILED, "linux-x86_64")
    (record,) = caplog.records
    message = " ".join(record.message.split())
    assert message == (
        "The `platforms` field of the `czex_binary` target app:czex names linux-x86_64, where the app "
        "can't start. Its PEX has these wheels, but no wheel of these projects for linux-x86_64: * "
        "a-1-cp39-cp39-macosx_11_0_arm64.whl Add that platform to the `complete_platforms` of the "
        "`pex_binary`, or remove it from the `platforms` of the `czex_binary`."
    )


def test_wheels_for_a_platform_without_a_runtime_are_named_with_the_option(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert chosen(None, ["a-1-cp39-cp39-win32.whl"], "linux-x86_64") == ("linux-x86_64",)
    (record,) = caplog.records
    assert (
        "`[czex].default_platforms`, for the `czex_binary` target app:czex, names" in record.message
    )


@pytest.mark.parametrize("wheels", [COMPILED, PURE])
def test_wheels_that_fit_give_no_warning(
    wheels: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    chosen(["macos-arm64"], wheels, "linux-x86_64")
    assert not caplog.records


def test_a_wrong_default_names_the_option_and_the_target() -> None:
    with pytest.raises(InvalidFieldException) as error:
        chosen(None, PURE, "linux-x86")
    message = str(error.value)
    assert "`[czex].default_platforms`, for the `czex_binary` target app:czex," in message
    assert "Use some of linux-x86_64, macos-arm64." in message


def versions(named: list[str] | None, constraints: list[str]) -> tuple[str, ...] | None:
    field = CzexPrecompileField(named, Address("app", target_name="czex"))
    return checked_versions(field, json.dumps({"interpreter_constraints": constraints}).encode())


@pytest.mark.parametrize(
    "constraints",
    [["CPython==3.11.*"], ["CPython>=3.9,<3.14"], ["PyPy==3.9.*", "CPython==3.11.4"], []],
)
def test_versions_of_the_target_are_compiled_for(constraints: list[str]) -> None:
    assert versions(["3.11"], constraints) == ("3.11",)
    assert versions([], constraints) == ()
    assert versions(None, constraints) is None


@pytest.mark.parametrize(
    "constraints", [["CPython==3.11.*"], ["PyPy>=3.9", "CPython<3.14"], ["PyPy"]]
)
def test_a_version_that_the_app_does_not_allow_is_refused(constraints: list[str]) -> None:
    with pytest.raises(InvalidFieldException) as error:
        versions(["3.14"], constraints)
    assert (
        "The `precompile` field of the `czex_binary` target app:czex names '3.14', which the interpreter constraints "
        f"of its app don't allow: {' or '.join(constraints)}." in str(error.value)
    )


def test_app_without_an_entry_point_is_said_to_be_an_interpreter() -> None:
    field = CzexPexBinaryField(":app", Address("app", target_name="czex"))
    assert entry_point_lines(field, b'{"entry_point": "app"}') == ()
    assert entry_point_lines(field, b'{"script": "app", "entry_point": null}') == ()
    assert entry_point_lines(field, b"{}") == (
        "It starts an interpreter, because :app has no entry point.",
    )
