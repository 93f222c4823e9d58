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


def test_a_wrong_default_names_the_option_and_the_target() -> None:
    with pytest.raises(InvalidFieldException) as error:
        chosen(None, PURE, "linux-x86")
    message = str(error.value)
    assert "`[czex].default_platforms`, for the `czex_binary` target app:czex," in message
    assert "Write some of linux-x86_64, macos-arm64." in message
