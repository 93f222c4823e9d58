from __future__ import annotations

import json

import pytest

from pexcz.platforms import Platforms, normalised, platform_tags

KNOWN = Platforms.parse(
    json.dumps(
        {
            "linux-x86_64": {"wheel_platforms": ["linux_x86_64", "manylinux_2_\\d+_x86_64"]},
            "macos-arm64": {"wheel_platforms": ["macosx_\\d+_\\d+_(arm64|universal2)"]},
            "macos-x86_64": {"wheel_platforms": ["macosx_\\d+_\\d+_(x86_64|universal2)"]},
        }
    ).encode()
)


@pytest.mark.parametrize(
    ("wheel", "tags"),
    [
        ("cowsay-5.0-py2.py3-none-any.whl", ()),
        ("ruff-0.1-py3-none-manylinux_2_17_x86_64.whl", ("manylinux_2_17_x86_64",)),
        ("a-1-7build-cp39-abi3-linux_x86_64.whl", ("linux_x86_64",)),
        (
            "numpy-2.0-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            ("manylinux_2_17_x86_64", "manylinux2014_x86_64"),
        ),
    ],
)
def test_platform_tags_come_from_the_end_of_a_file_name(wheel: str, tags: tuple[str, ...]) -> None:
    assert platform_tags(wheel) == tags


def test_pure_python_wheels_have_no_platform() -> None:
    assert KNOWN.of_wheels(["cowsay-5.0-py2.py3-none-any.whl", "six-1-py3-none-any.whl"]) == ()


def test_compiled_wheels_have_the_platforms_of_their_tags() -> None:
    wheels = [
        "six-1-py3-none-any.whl",
        "numpy-2.0-cp39-cp39-macosx_11_0_arm64.whl",
        "numpy-2.0-cp39-cp39-manylinux_2_17_x86_64.whl",
    ]
    assert KNOWN.of_wheels(wheels) == ("linux-x86_64", "macos-arm64")


def test_a_universal_wheel_runs_on_both_kinds_of_mac() -> None:
    wheel = "uni-1-cp39-cp39-macosx_10_9_universal2.whl"
    assert KNOWN.of_wheels([wheel]) == ("macos-arm64", "macos-x86_64")


LINUX = "numpy-2.0-cp39-cp39-manylinux_2_17_x86_64.whl"
ARM = "numpy-2.0-cp39-cp39-macosx_11_0_arm64.whl"
UNIVERSAL = "uni-1-cp39-cp39-macosx_10_9_universal2.whl"
PURE = "six-1-py3-none-any.whl"


def test_all_compiled_wheels_are_unfit_for_another_platform() -> None:
    assert KNOWN.unfit("macos-arm64", [PURE, LINUX]) == (LINUX,)
    assert KNOWN.unfit("linux-x86_64", [PURE, LINUX]) == ()


def test_pure_python_wheels_fit_every_platform() -> None:
    assert KNOWN.unfit("macos-arm64", [PURE]) == ()
    assert KNOWN.unfit("macos-arm64", [LINUX, "numpy-2.0-py3-none-any.whl"]) == ()


def test_universal_wheel_does_not_replace_a_missing_wheel() -> None:
    assert KNOWN.of_wheels([UNIVERSAL, ARM]) == ("macos-arm64",)
    assert KNOWN.unfit("macos-x86_64", [UNIVERSAL, ARM]) == (ARM,)


def test_universal_wheel_beside_one_for_linux_counts_only_for_its_own_distribution() -> None:
    both_macs = "numpy-2.0-cp39-cp39-macosx_10_9_universal2.whl"
    assert KNOWN.of_wheels([LINUX, both_macs]) == ("linux-x86_64", "macos-arm64", "macos-x86_64")
    assert KNOWN.of_wheels([LINUX, UNIVERSAL]) == ("linux-x86_64",)


def test_wheel_excluded_by_a_marker_is_not_missing() -> None:
    assert KNOWN.unfit("macos-arm64", [LINUX, ARM, "cuda-1-py3-none-linux_x86_64.whl"]) == ()


def test_a_tag_must_match_as_a_whole() -> None:
    assert KNOWN.of_wheels(["a-1-py3-none-manylinux_2_17_x86_64_v2.whl"]) == ()


def test_the_order_and_number_of_names_do_not_matter() -> None:
    assert KNOWN.in_order(["macos-x86_64", "linux-x86_64", "macos-x86_64"]) == (
        "linux-x86_64",
        "macos-x86_64",
    )


def test_unknown_platforms_are_found() -> None:
    assert KNOWN.unknown(["linux-x86_64", "amiga-68k"]) == ("amiga-68k",)


@pytest.mark.parametrize(
    ("known_as", "own"),
    [
        ("linux-arm64", "linux-aarch64"),
        ("linux-amd64", "linux-x86_64"),
        ("linux-armv7l", "linux-armv7"),
        ("macos-aarch64", "macos-arm64"),
        ("macos-amd64", "macos-x86_64"),
        ("windows-aarch64", "windows-arm64"),
        ("windows-x64", "windows-x86_64"),
        ("linux-s390x", "linux-s390x"),
        ("amd64", "amd64"),
        ("amiga-68k", "amiga-68k"),
    ],
)
def test_other_names_of_a_platform_are_normalised(known_as: str, own: str) -> None:
    assert normalised(known_as) == own


def test_other_names_of_a_platform_are_accepted() -> None:
    assert KNOWN.unknown(["linux-amd64", "macos-aarch64"]) == ()
    assert KNOWN.in_order(["macos-aarch64", "linux-amd64"]) == ("linux-x86_64", "macos-arm64")
