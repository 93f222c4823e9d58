from __future__ import annotations

import pytest
from pants.engine.addresses import Address
from pants.engine.target import (
    InvalidFieldChoiceException,
    InvalidFieldException,
    RequiredFieldMissingException,
)

from czex.target_types import (
    CzexCompressionLevelField,
    CzexLayoutField,
    CzexPexBinaryField,
    CzexPlatformsField,
    CzexPrecompileField,
)

ADDRESS = Address("app", target_name="czex")


def test_the_pex_binary_is_one_address() -> None:
    assert CzexPexBinaryField(":app", ADDRESS).value == (":app",)


def test_several_pex_binaries_are_refused() -> None:
    with pytest.raises(InvalidFieldException) as error:
        CzexPexBinaryField([":a", ":b"], ADDRESS)
    message = str(error.value)
    assert "`pex_binary` field in target app:czex" in message
    assert "[':a', ':b']" in message
    assert 'Write pex_binary=":app"' in message


def test_the_pex_binary_is_required() -> None:
    with pytest.raises(RequiredFieldMissingException):
        CzexPexBinaryField(None, ADDRESS)


@pytest.mark.parametrize("level", [0, 23, -1])
def test_invalid_compression_level_is_refused(level: int) -> None:
    with pytest.raises(InvalidFieldException, match="from 1 to 22, but was"):
        CzexCompressionLevelField(level, ADDRESS)


@pytest.mark.parametrize("level", [None, 1, 22])
def test_valid_compression_level_is_accepted(level: int | None) -> None:
    assert CzexCompressionLevelField(level, ADDRESS).value == level


def test_platforms_are_a_list() -> None:
    assert CzexPlatformsField(["linux-x86_64"], ADDRESS).value == ("linux-x86_64",)


def test_layout_is_zipapp_or_packed() -> None:
    assert CzexLayoutField(None, ADDRESS).value == "zipapp"
    assert CzexLayoutField("packed", ADDRESS).value == "packed"
    with pytest.raises(InvalidFieldChoiceException) as error:
        CzexLayoutField("loose", ADDRESS)
    assert "'layout' field in target app:czex must be one of ['packed', 'zipapp']" in str(
        error.value
    )


@pytest.mark.parametrize("versions", [None, [], ["3.7"], ["3.9", "3.13"]])
def test_versions_of_python_are_accepted(versions: list[str] | None) -> None:
    value = CzexPrecompileField(versions, ADDRESS).value
    assert value == (None if versions is None else tuple(versions))


@pytest.mark.parametrize("version", ["3.6", "2.7", "3", "3.11.2", "cp311", "CPython==3.11.*"])
def test_malformed_version_of_python_is_refused(version: str) -> None:
    with pytest.raises(InvalidFieldException) as error:
        CzexPrecompileField(["3.11", version], ADDRESS)
    assert "`precompile` field in target app:czex must list versions" in str(error.value)
    assert f"but has {version!r}." in str(error.value)
