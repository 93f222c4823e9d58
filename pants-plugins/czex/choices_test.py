from __future__ import annotations

import pytest
from pants.engine.addresses import Address
from pants.engine.target import InvalidFieldException

from czex.choices import chosen_platforms
from czex.platforms import Platforms
from czex.target_types import CzexPlatformsField

KNOWN = Platforms((("linux-x86_64", ("linux_x86_64",)), ("macos-arm64", ("macosx_11_0_arm64",))))
COMPILED = ["a-1-cp39-cp39-macosx_11_0_arm64.whl"]
PURE = ["a-1-py3-none-any.whl"]


def chosen(platforms: list[str] | None, wheels: list[str], default: str) -> tuple[str, ...]:
    field = CzexPlatformsField(platforms, Address("app", target_name="czex"))
    return chosen_platforms(field, KNOWN, wheels, [default])


def test_the_targets_own_platforms_come_first() -> None:
    assert chosen(["linux-x86_64"], COMPILED, "macos-arm64") == ("linux-x86_64",)


def test_compiled_wheels_come_before_the_default() -> None:
    assert chosen(None, COMPILED, "linux-x86_64") == ("macos-arm64",)


def test_a_pure_python_app_gets_the_default() -> None:
    assert chosen(None, PURE, "linux-x86_64") == ("linux-x86_64",)


def test_a_wheel_that_does_not_fit_the_targets_platform_is_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert chosen(["linux-x86_64", "macos-arm64"], COMPILED, "linux-x86_64")
    (record,) = caplog.records
    message = " ".join(record.message.split())
    assert message == (
        "The `platforms` field of the `czex_binary` target app:czex names linux-x86_64, where the app "
        "can't start. Its PEX has these wheels, and none of the same distributions for linux-x86_64: * "
        "a-1-cp39-cp39-macosx_11_0_arm64.whl Add that platform to the `complete_platforms` of the "
        "`pex_binary`, or write `platforms` without it for the `czex_binary`."
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
def test_wheels_that_fit_are_not_spoken_of(
    wheels: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    chosen(["macos-arm64"], wheels, "linux-x86_64")
    assert not caplog.records


def test_a_wrong_default_names_the_option_and_the_target() -> None:
    with pytest.raises(InvalidFieldException) as error:
        chosen(None, PURE, "linux-x86")
    message = str(error.value)
    assert "`[czex].default_platforms`, for the `czex_binary` target app:czex," in message
    assert "Write some of linux-x86_64, macos-arm64." in message
