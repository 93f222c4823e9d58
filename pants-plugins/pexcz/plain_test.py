from __future__ import annotations

import importlib.metadata
from itertools import product

import pytest
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename

from pexcz import plain
from pexcz.requirements import packaged_requirement, specifier_data

VERSIONS = (
    *("3", "3.0", "3.0.0", "3.1", "3.1.4", "03.10", "2", "2.9.9", "4", "0", "2024.1"),
    *("3.post0", "3.0-1", "3.1.post2", "3.1.0.post1", "3rc1", "3.post1.dev2"),
)
SPECIFIERS = (
    *("", "==3", "==3.0.*", "!=3.1.*", "~=3.0", "~= 3.1.0", "~=3", ">=3", "<= 3.1", "<3.1", ">2.9"),
    *(
        "===3",
        ">=3.0,>=3",
        "!=3.1,!=3.1.0",
        ">=3, <4",
        ">=3,",
        ",",
        "<3.1rc1",
        ">=3.dev0",
        "==1!3",
        "=>3",
    ),
    *("==3.post0", "!=3.0.post0", "<=3.1.post1", ">=3.1-1", "<3.1.post2", ">3.post0", ">3.1"),
    *("==3.0.post0", ">3.0", "<3.0-1", "~=3.0.post1", "==3.post1.*", "== 3.post 1", "!=3.0.0.*"),
    *(">3.*", "~=3.*", "==3.1+local", "== 3 . 1", "\u0663", ">=\u0663"),
)
NAMES = ("zope.interface", "A_b--c", "a", "a-", "-a", "a b", "\u0131")
REQUIREMENTS = (
    *(
        "a",
        "A.b_c",
        " a ",
        "a>=1",
        "a >=1.0, <2",
        "a (>=1,<2)",
        "a(>=1)",
        "a ()",
        "a[b]",
        "a[b]>=1",
        "a @ https://x/y.zip",
    ),
    *(
        "a>=1,",
        "a>=1;",
        "a;",
        "a<2;extra=='b'",
        "a; extra == 'b_c'",
        'a ; extra == "b-c"',
        "a; 'b' == extra",
    ),
    *(
        "a; python_version<'3.8'",
        'a; python_version<"3.8"and extra=="b"',
        "a; extra == 'b' and os_name == 'nt'",
    ),
    *(
        "a; (extra == 'b')",
        "a; extra == 'b' or extra == 'c'",
        "a; extra in 'b'",
        "a; python_version not in '3.8'",
    ),
    *(
        "a; os.name == 'nt'",
        "a; unknown == 'b'",
        "a; extra == 'b\"'",
        "a; extra == \"b'",
        "a; python_version == ''",
    ),
    *(
        "a[]",
        "a[b,]",
        "a[B_c, b , b]>=1",
        "a[b] (>=1) ; extra == 'b'",
        "a[b]@ https://x/y.zip",
        "a==1.0.post1,!=1.1-1; extra == 'b'",
    ),
    *(
        "a; (extra == 'b') and (os_name == 'nt' or os_name == 'posix')",
        "a; ((extra == 'b' or os_name == 'nt')) and os_name == 'posix'",
        "a; (os_name == 'nt' and (extra == 'b' or extra == 'c'))or(extra == 'd')",
        "a; os_name == 'nt' or extra == 'b' and extra == 'c' or (extra == 'd')",
        "a; (os_name == 'nt' or (os_name == 'posix') and extra == 'c') and extra == 'd'",
        "a; (extra == 'b'",
        "a; extra == 'b')",
        "a; (extra == 'b') (extra == 'c')",
        "a; () and extra == 'b'",
        "a; or extra == 'b'",
        "a; extra == 'b' orextra == 'c'",
        "a; " + "(" * 50 + "extra == 'b'" + ")" * 50,
    ),
    *(
        "a; sys_platform == 'win32' andos_name == 'nt'",
        "a; extra == 'b' and",
        "a==1.*",
        "a==1.0rc1",
        "a~=1",
        "-a",
        "a\n",
    ),
)
WHEELS = (
    *(
        "cowsay-5.0-py2.py3-none-any.whl",
        "numpy-1.26.4-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    ),
    *(
        "a-1-1-py3-none-any.whl",
        "a-1-1b-py3-none-any.whl",
        "a-1rc1-py3-none-any.whl",
        "A_b.c-1-PY3-none-ANY.whl",
    ),
    *(
        "a__b-1-py3-none-any.whl",
        "a-b-1-py3-none-any.whl",
        "a-1-py3-none.whl",
        "a-1-py3-none-any.zip",
        "a-x-py3-none-any.whl",
    ),
    *("a-1-py3..py2-none-any.whl", "a-1!1-py3-none-any.whl", "a-01.0-py3-none-any.whl"),
)


@pytest.mark.parametrize("text", SPECIFIERS)
def test_specifiers_are_those_of_packaging(text: str) -> None:
    found = plain.specifiers(text)
    if found is not None:
        assert found == specifier_data(SpecifierSet(text))


@pytest.mark.parametrize("version, text", product(VERSIONS, SPECIFIERS))
def test_versions_satisfy_what_they_satisfy_for_packaging(version: str, text: str) -> None:
    try:
        theirs = SpecifierSet(text)
    except InvalidSpecifier:
        return
    found = plain.satisfies(version, specifier_data(theirs))
    assert found in (None, theirs.contains(version, prereleases=True))


@pytest.mark.parametrize("text", REQUIREMENTS)
def test_requirements_are_those_of_packaging(text: str) -> None:
    found = plain.requirement(text)
    assert found is None or found == packaged_requirement(text)


def test_requirements_of_installed_projects_are_those_of_packaging() -> None:
    texts = {text for one in importlib.metadata.distributions() for text in one.requires or ()}
    found = {text: plain.requirement(text) for text in texts}
    for text, data in found.items():
        assert data is None or data == packaged_requirement(text), text


@pytest.mark.parametrize("file_name", WHEELS)
def test_tags_are_those_of_packaging(file_name: str) -> None:
    found = plain.tags(file_name)
    assert found is None or found == sorted(map(str, parse_wheel_filename(file_name)[3]))


@pytest.mark.parametrize("name", NAMES)
def test_names_are_those_of_packaging(name: str) -> None:
    assert plain.canonical_name(name) == canonicalize_name(name)


def test_usual_forms_are_plain() -> None:
    """Most wheels have only these, so that most packs are made without `packaging`."""
    assert plain.requirement('Zope.interface (>=5,<6); extra == "test"')
    assert plain.requirement('tomli>=1.1.0; python_version < "3.11" and extra == "toml"')
    assert plain.requirement(
        'celery[redis,sqs]; (os_name != "nt" or extra == "b") and extra == "sqs"'
    )
    assert plain.specifiers(">=3.8, !=3.9.*, <4")
    assert plain.satisfies("2.9.0.post0", [["==", "2.9.0.post0"], [">=", "2.8.2"]])
    assert plain.tags(WHEELS[0]) == ["py2-none-any", "py3-none-any"]
    assert plain.tags(WHEELS[1])
    assert plain.satisfies("3.11.4", [["~=", "3.9"], ["!=", "3.10.*"]])
