"""Cases of choosing wheels: the wheels and requirements of a PEX, and the wheels that CPython 3.11 gets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Sequence

from support.wheels import Wheel


@dataclass(frozen=True)
class Case:
    """A PEX, and the expected choice.

    :param expected: The chosen wheels, in order, or a part of the error message.
    """

    name: str
    requirements: Sequence[str]
    wheels: Sequence[Wheel]
    expected: List[str] | str
    info: Dict[str, Any] = field(default_factory=dict)


def wheel(
    project: str,
    *requires: str,
    version: str = "1.0",
    tag: str = "",
    python: str = "",
    meta: str = "",
) -> Wheel:
    """Return a wheel with one module, with `Requires-Dist` and `Requires-Python` as given."""
    meta += "".join(f"Requires-Dist: {text}\n" for text in requires)
    meta += f"Requires-Python: {python}\n" if python else ""
    return Wheel(project, {f"{project}.py": ""}, version, tag or "py2.py3-none-any", meta)


A, B, C = wheel("a"), wheel("b"), wheel("c")
B2 = wheel("b", version="2.0")
TAGGED = [
    wheel("a", tag=tag)
    for tag in (
        "py2.py3-none-any",
        "cp311-cp311-manylinux2014_x86_64",
        "cp311-cp311-linux_x86_64",
        "cp38-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64",
        "cp27-cp27mu-manylinux2010_x86_64",
        "cp36-cp36m-manylinux1_x86_64",
        "pp39-pypy39_pp73-manylinux2014_x86_64",
        "cp311-cp311-musllinux_1_1_x86_64",
        "cp311-cp311-win_amd64",
        "cp311-cp311-macosx_11_0_arm64",
    )
]
# Extras of `a`: `all` requires the two others of `a` itself; `net` requires an extra of another project.
WITH_EXTRAS = [
    wheel(
        "a",
        'a[net,fast]; extra == "all"',
        'b[tls]; extra == "net"',
        'c; extra == "fast" and python_version >= "2"',
        meta="Provides-Extra: all\nProvides-Extra: net\nProvides-Extra: fast\n",
    ),
    wheel("b", 'd; extra == "tls" or extra == "ssl"', 'e; extra == "other"'),
    C,
    wheel("d"),
    wheel("e"),
]

CASES = [
    Case("nothing is required", [], [A], []),
    Case("a wheel that nothing requires stays out", ["a"], [A, B], ["a-1.0"]),
    Case("the best tag wins", ["a"], TAGGED, ["a-1.0"]),
    Case(
        "a better tag wins over a higher version",
        ["a"],
        [wheel("a", tag="cp311-cp311-linux_x86_64"), wheel("a", version="2.0")],
        ["a-1.0"],
    ),
    Case("the highest version wins", ["b"], [B, B2, wheel("b", version="2.0rc1")], ["b-2.0"]),
    Case("a prerelease satisfies", ["b>=2.0rc1"], [B, wheel("b", version="2.0rc2")], ["b-2.0rc2"]),
    Case(
        "of two builds the last one counts",
        ["a"],
        [wheel("a", tag="1-py2.py3-none-any"), wheel("a", tag="2-py2.py3-none-any")],
        ["a-1.0-2"],
    ),
    Case("a build tag is no tag", ["a"], [wheel("a", tag="7-py2.py3-none-any")], ["a-1.0-7"]),
    Case("names are normalised", ["Ab.c_D"], [wheel("aB_c.d")], ["aB_c.d-1.0"]),
    Case(
        "Requires-Python is obeyed",
        ["a"],
        [wheel("a", python="<3.7"), wheel("a", version="0.9", python=">=3.7")],
        ["a-0.9"],
    ),
    Case(
        "no wheel is for this Python",
        ["a"],
        [wheel("a", python=">=3.12")],
        "a: it has a-1.0-py2.py3-none-any.whl (for Python >=3.12)",
    ),
    Case(
        "dependencies come depth first",
        ["a", "e"],
        [wheel("a", "b", "d"), wheel("b", "c"), C, wheel("d"), wheel("e")],
        ["a-1.0", "b-1.0", "c-1.0", "d-1.0", "e-1.0"],
    ),
    Case("a circle ends", ["a"], [wheel("a", "b"), wheel("b", "a")], ["a-1.0", "b-1.0"]),
    Case(
        "a marker keeps a requirement out",
        ['a; python_version < "3.11"', 'b; python_version >= "2.7"', 'c; sys_platform == "win32"'],
        [A, B, C],
        ["b-1.0"],
    ),
    Case(
        "a marker of a dependency keeps it out",
        ["a"],
        [wheel("a", 'b; python_version < "3"', 'c; python_version >= "3" or extra == "x"'), B, C],
        ["a-1.0", "c-1.0"],
    ),
    Case("an extra that isn't asked for brings nothing", ["a"], WITH_EXTRAS, ["a-1.0"]),
    Case("extras nest", ["a[net]"], WITH_EXTRAS, ["a-1.0", "b-1.0", "d-1.0"]),
    Case(
        "an extra may be others of itself",
        ["a[all]"],
        WITH_EXTRAS,
        ["a-1.0", "b-1.0", "d-1.0", "c-1.0"],
    ),
    Case(
        "extras of all requirements count",
        ["a[net]", "a", "b[other]"],
        WITH_EXTRAS,
        ["a-1.0", "b-1.0", "d-1.0", "e-1.0"],
    ),
    Case(
        "a marker against an extra holds only without one",
        ["a[x]", "b"],
        [wheel("a", 'c; extra != "x"'), wheel("b", 'd; extra != "x"'), C, wheel("d")],
        ["a-1.0", "b-1.0", "d-1.0"],
    ),
    Case(
        "of two root requirements of a project one decides and both add extras",
        ["b[x]==1.0", "b[y]>=1"],
        [
            wheel("b", 'c; extra == "x"', 'd; extra == "y"'),
            wheel("b", 'c; extra == "x"', 'd; extra == "y"', version="2.0"),
            C,
            wheel("d"),
        ],
        ["b-2.0", "c-1.0", "d-1.0"],
    ),
    Case(
        "what is there already satisfies whatever comes",
        ["b", "a"],
        [wheel("a", "b<2"), B, B2],
        ["b-2.0", "a-1.0"],
    ),
    Case(
        "another extra chooses anew",
        ["b", "a"],
        [wheel("a", "b[x]<2"), B, B2],
        ["b-2.0", "a-1.0", "b-1.0"],
    ),
    Case("a version that isn't there is missing", ["b>=3"], [B, B2], "b>=3: it has b-1.0-py2"),
    Case("a project that isn't there is missing", ["c"], [B], "c: it has no wheel of that project"),
    Case(
        "a message names who requires it",
        ["a"],
        [wheel("a", "b>1,<3"), B],
        "b<3,>1 (required by a 1.0): it has b-1.0-py2.py3-none-any.whl",
    ),
    Case(
        "errors are ignored below the roots",
        ["a"],
        [wheel("a", "b>=3", "c"), B],
        ["a-1.0"],
        {"ignore_errors": True},
    ),
    Case(
        "a root's version may be ignored, too",
        ["b>=3", "a"],
        [A, B],
        ["a-1.0"],
        {"ignore_errors": True},
    ),
    Case(
        "a root without any wheel is never ignored",
        ["b", "a"],
        [wheel("a", "b")],
        "b: it has no wheel",
        {"ignore_errors": True},
    ),
    Case(
        "unless something else has missed it before",
        ["a", "b"],
        [wheel("a", "b")],
        ["a-1.0"],
        {"ignore_errors": True},
    ),
    Case("an excluded root is not missed", ["a", "b"], [A], ["a-1.0"], {"excluded": ["b"]}),
    Case(
        "an excluded dependency is not missed, nor what it requires",
        ["a"],
        [wheel("a", "b", "c"), C],
        ["a-1.0", "c-1.0"],
        {"excluded": ["B"]},
    ),
    Case("what is excluded is not taken", ["a", "b"], [A, B], ["a-1.0"], {"excluded": ["b"]}),
    Case(
        "a version is excluded where all that is required is",
        ["a", "b==1.5", "c>=1"],
        [A, C],
        ["a-1.0", "c-1.0"],
        {"excluded": ["b<2", "c<2", "a==2"]},
    ),
    Case(
        "a requirement wider than what is excluded is not",
        ["b"],
        [],
        "b: it has no wheel",
        {"excluded": ["b<2"]},
    ),
    Case(
        "a requirement with holes can be excluded",
        ["b!=1.2,~=1.0", "c===1.0"],
        [],
        [],
        {"excluded": ["b>=1,!=1.2,<2", "c===1.0"]},
    ),
    Case(
        "an override takes the place of a dependency",
        ["a"],
        [wheel("a", "b<2"), B, B2],
        ["a-1.0", "b-2.0"],
        {"overridden": ["b==2.0"]},
    ),
    Case(
        "an override drops the marker and the extras of the dependent",
        ["a"],
        [
            wheel("a", 'b[x]; extra == "never"'),
            wheel("b", 'c; extra == "x"', 'd; extra == "y"'),
            C,
            wheel("d"),
        ],
        ["a-1.0", "b-1.0", "d-1.0"],
        {"overridden": ["b[y]"]},
    ),
    Case(
        "an override's own marker decides which one it is",
        ["a"],
        [wheel("a", "b"), B, B2],
        ["a-1.0", "b-1.0"],
        {"overridden": ['b==1.0; python_version>="3"', 'b==2.0; python_version<"3"']},
    ),
    Case(
        "an override that doesn't apply leaves the dependency as it is",
        ["a"],
        [wheel("a", "b==1.0"), B, B2],
        ["a-1.0", "b-1.0"],
        {"overridden": ['b==2.0; sys_platform=="win32"']},
    ),
    Case(
        "only one override may apply",
        ["a"],
        [wheel("a", "b"), B, B2],
        "b is overridden by b==1.0 and b==2.0, and only one of them may apply",
        {"overridden": ["b==1.0", "b==2.0"]},
    ),
    Case(
        "an override may be another project",
        ["a"],
        [wheel("a", "b"), B, wheel("cow")],
        ["a-1.0", "cow-1.0"],
        {"overridden": ["b=cow>=1"]},
    ),
    Case("a root is not overridden", ["b==1.0"], [B, B2], ["b-1.0"], {"overridden": ["b==2.0"]}),
    Case(
        "an override may be excluded",
        ["a"],
        [wheel("a", "b"), B, B2],
        ["a-1.0"],
        {"excluded": ["b>=2"], "overridden": ["b==2.0"]},
    ),
    Case(
        "what is overridden may have been excluded",
        ["a"],
        [wheel("a", "b==1.0"), B, B2],
        ["a-1.0", "b-2.0"],
        {"excluded": ["b<2"], "overridden": ["b==2.0"]},
    ),
    Case("a requirement may be a URL", ["a @ file:///nowhere/a.whl"], [A], ["a-1.0"]),
    Case(
        "a URL may have extras and a marker",
        ['a[x] @ git+https://example.org/a@main ; python_version >= "2.7"'],
        [wheel("a", 'b; extra == "x"', "c @ file:///c"), B, C],
        ["a-1.0", "b-1.0", "c-1.0"],
    ),
    Case("arbitrary equality compares texts", ["b===1.0"], [B, B2], ["b-1.0"]),
    Case(
        "arbitrary equality distinguishes equal versions", ["b===1"], [B], "b===1: it has b-1.0-py2"
    ),
    Case(
        "names in the metadata count, not those of the file",
        ["real"],
        [Wheel("fake", {"fake.py": ""}, metadata="", name_in_metadata="Real")],
        ["fake-1.0"],
    ),
]

# Older versions of Pex could build a PEX of these wheels, but it can't start with a newer Python.
DIFFERENT = [
    Case(
        "a specifier that PEP 440 doesn't allow is ignored",
        ["a"],
        [wheel("a", "b (>dev)", "c>=1.0.*,<2"), B, C],
        ["a-1.0", "b-1.0", "c-1.0"],
    ),
    Case(
        "a malformed requirement does not matter if its wheel is not needed",
        ["b"],
        [wheel("a", "not a requirement"), B],
        ["b-1.0"],
    ),
    Case(
        "a malformed requirement of a needed wheel is named",
        ["a"],
        [wheel("a", "not a requirement")],
        "'not a requirement', which is not a requirement by PEP 508 (required by a 1.0)",
    ),
    Case(
        "a malformed Requires-Python is ignored", ["a"], [wheel("a", python=">=3.6.*")], ["a-1.0"]
    ),
]
