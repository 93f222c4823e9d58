"""The boot can't import `packaging`, so it has its own rules for tags, markers and versions. They agree with `packaging`."""

from __future__ import annotations

import itertools
import sys

import pytest
from packaging import markers as reference_markers

# This is the release in a PEX. Earlier releases (before 26) compare postreleases differently; later ones (since 26.3) have the
# tag of Linux itself first.
from pex.third_party.packaging import tags as reference_tags
from pex.third_party.packaging.specifiers import InvalidSpecifier, SpecifierSet
from pex.third_party.packaging.version import InvalidVersion, Version

from support.runtime import NATIVE

sys.path.append(str(NATIVE / "boot"))
sys.path.insert(0, str(NATIVE.parent / "pants-plugins"))

from boot import interpreter, markers, tags, unresolved, versions
from pexcz.platforms import Platforms
from pexcz.requirements import marker_data, specifier_data

VERSIONS = """
0.9 1 1.0 1.0.0 1.0.post1 1.0.post2 1.0.dev1 1.0a1 1.0a1.dev2 1.0b2 1.0rc1 1.1 1.1.dev3 1.10 1.2 1.2.3
1.2.3+local 2!1.0 2.0 3.9 3.9.18 3.10.0 3.10.0rc1 3.11.7 3.13.0a4 v1.2 1.0-1 1.0alpha1
""".split()
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "~=", "===")


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_satisfy_the_same_specifiers_as_in_packaging(version: str) -> None:
    for operator, wanted in itertools.product(
        OPERATORS, [*VERSIONS, "1.*", "1.0.*", "3.10.*", "3.9.*"]
    ):
        try:
            specifiers = SpecifierSet(operator + wanted)
        except InvalidSpecifier:
            continue
        if operator == "~=" and wanted.startswith("v"):
            # `packaging` reads the letter as a part of the first number.
            continue
        text = str(Version(version))
        expected = specifiers.contains(text, prereleases=True)
        assert versions.satisfies(text, specifier_data(specifiers)) == expected, (operator, wanted)


@pytest.mark.parametrize("text", ["1.po\u017ft1", "1+\u212a", "1.\u0661", "1\u00a0"])
def test_texts_are_versions_if_packaging_accepts_them(text: str) -> None:
    try:
        expected = Version(text).release
    except InvalidVersion:
        with pytest.raises(versions.NotAVersion):
            versions.parse(text)
    else:
        assert versions.parse(text)[1] == expected


@pytest.mark.parametrize(
    "text",
    [
        'python_version < "3.10"',
        'python_version >= "3.8" and python_version < "4"',
        'python_full_version >= "3.9.0rc1"',
        'sys_platform == "linux" or sys_platform == "win32"',
        'sys_platform != "win32" and (os_name == "posix" or platform_system == "Windows")',
        'implementation_name == "cpython"',
        'platform_python_implementation == "PyPy"',
        'implementation_version >= "3.9"',
        'extra == "socks"',
        'extra != "socks"',
        '"linux" in sys_platform',
        '"win" not in sys_platform',
        'platform_machine in "x86_64 aarch64 arm64"',
        'python_version ~= "3.9"',
        'python_version == "3.*"',
        '"3.9" <= python_version',
        'platform_machine == "x86_64" and platform_system == "Linux"',
    ],
)
@pytest.mark.parametrize("extra", ["", "socks"])
def test_markers_have_the_same_value_as_in_packaging(text: str, extra: str) -> None:
    marker = reference_markers.Marker(text)
    ours = markers.holds(marker_data(marker), dict(markers.environment(), extra=extra))
    assert ours == marker.evaluate({"extra": extra})


def test_marker_variables_are_the_same_as_in_packaging() -> None:
    expected = dict(reference_markers.default_environment())
    expected.pop("extra", None)
    assert markers.environment() == expected


def test_supported_tags_have_the_order_of_packaging() -> None:
    ranker = tags.Ranker()
    ranks = [ranker.rank([str(tag)]) for tag in reference_tags.sys_tags()]
    assert None not in ranks
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("system", ["linux", "win32"])
def test_free_threaded_builds_support_the_tags_of_packaging(
    monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    tags_of_cpython = reference_tags.cpython_tags((3, 15), ["cp315t"], ["some"])
    expected = list(dict.fromkeys((tag.interpreter, tag.abi) for tag in tags_of_cpython))
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version", "3.15.0 free-threading build (main) [GCC]")
        patch.setattr(sys, "version_info", (3, 15, 0, "final", 0))
        # Before Python 3.14, it is missing on Windows.
        patch.setattr(sys, "abiflags", "t" if system == "linux" else "")
        patch.setattr(interpreter, "IS_WINDOWS", system == "win32")
        ranks = tags.interpreter_abi_pairs()
    seen = sorted((rank, *pair[:2]) for pair, rank in ranks.items() if pair[0].startswith("cp"))
    assert [pair for _, *pair in seen if pair[1] != "none"] == [
        list(pair) for pair in expected if pair[1] != "none"
    ]


def test_unsupported_tags_have_no_rank() -> None:
    supported = {str(tag) for tag in reference_tags.sys_tags()}
    pythons = (
        "cp27",
        "cp36",
        "cp39",
        "cp311",
        "cp313",
        "cp313t",
        "cp399",
        "pp39",
        "pp3",
        "py2",
        "py3",
        "py27",
        "py399",
    )
    abis = ("none", "abi3", "cp27mu", "cp36m", "cp39", "cp311", "cp313", "cp313t", "pypy39_pp73")
    platforms = (
        *(
            "any",
            "linux_x86_64",
            "linux_aarch64",
            "linux_i686",
            "linux_armv7l",
            "win32",
            "win_amd64",
        ),
        *(
            "manylinux1_x86_64",
            "manylinux2010_x86_64",
            "manylinux2014_x86_64",
            "manylinux2014_aarch64",
        ),
        *(
            "manylinux_2_5_x86_64",
            "manylinux_2_17_x86_64",
            "manylinux_2_17_s390x",
            "manylinux_2_99_x86_64",
        ),
        *(
            "manylinux_3_1_x86_64",
            "manylinux_2_x86_64",
            "musllinux_1_1_x86_64",
            "musllinux_1_2_aarch64",
        ),
        *("macosx_10_9_x86_64", "macosx_11_0_arm64", "macosx_10_9_universal2", "macosx_99_0_arm64"),
    )
    ranker = tags.Ranker()
    for parts in itertools.product(pythons, abis, platforms):
        tag = "-".join(parts)
        assert (ranker.rank([tag]) is not None) == (tag in supported), tag


@pytest.mark.parametrize(
    "tag",
    [
        *("linux_x86_64", "manylinux1_x86_64", "manylinux2014_aarch64", "manylinux_2_17_s390x"),
        *("musllinux_1_2_ppc64le", "manylinux_2_31_riscv64", "linux_armv7l"),
        *("macosx_11_0_arm64", "macosx_10_9_x86_64", "macosx_10_9_universal2"),
        *("macosx_10_6_intel", "macosx_10_9_universal", "macosx_10_6_fat64", "any"),
        *("win_amd64", "win_arm64"),
    ],
)
def test_boot_and_pexcz_know_the_same_platforms_of_a_tag(tag: str) -> None:
    known = Platforms.parse((NATIVE / "platforms.json").read_bytes())
    wheel = f"a-1-cp39-cp39-{tag}.whl"
    assert unresolved.platforms_of(f"cp39-cp39-{tag}") == list(known.of_wheel(wheel))
