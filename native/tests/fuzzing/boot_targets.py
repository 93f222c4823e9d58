"""Fuzz targets for the inputs of the boot (see `testing/fuzzing.py`).

Versions, specifiers and markers must have the same meaning as for the `packaging` in Pex's runtime, wherever that has an
answer. All other inputs must be read, or refused with the boot's own error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Callable, Dict

import atheris
from fuzzing.values import Chooser, dumps
from packaging.markers import Marker
from packaging.utils import canonicalize_name
from pex.third_party.packaging.markers import Marker as PexMarker
from pex.third_party.packaging.specifiers import Specifier
from pex.third_party.packaging.version import Version

sys.path.append(str(Path(__file__).resolve().parents[2] / "boot"))

with atheris.instrument_imports(include=["boot", "pexcz"]):
    import boot
    from boot import composition, facts, markers, variables_reader, versions
    from boot.fail import CannotStart
    from pexcz import requirements

boot.manifest["format"] = 2


OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "~=", "===")
MARKER_OPERATORS = (*OPERATORS, "in", "not in")
# Texts between the numbers of a version.
PARTS = (
    *(
        ".",
        "!",
        "+",
        "-",
        "_",
        "v",
        " ",
        "*",
        ".*",
        ".post",
        "post",
        "-r",
        "rev",
        "r",
        ".dev",
        "dev",
        "_DEV",
    ),
    *("a", "b", "c", "rc", "alpha", "beta", "pre", "preview", "RC", "-alpha.", "+local", "+1.x-2"),
    *("\u0661", "\u017f", "\n", "", "x", "0!"),
)
NUMBERS = ("0", "1", "2", "3", "9", "10", "11", "00", "01", "3.11.7", "3.11", "2.7", "9" * 700)
VARIABLES = {
    "extra": ("", "x", "Some_Extra", "a.-b"),
    "implementation_name": ("cpython", "pypy"),
    "implementation_version": ("3.11.7", "7.3.12", "3.13.0rc1", "0"),
    "os_name": ("posix", "nt"),
    "platform_machine": ("x86_64", "arm64"),
    "platform_python_implementation": ("CPython", "PyPy"),
    "platform_release": (
        "6.1.0-13-amd64",
        "5.15",
        "22.6.0",
        "10",
        "4.4.0-19041-Microsoft",
        "6.1.0+x",
    ),
    "platform_system": ("Linux", "Windows"),
    "platform_version": ("#1 SMP", "10.0.19045"),
    "python_full_version": ("3.11.7", "3.13.0rc1", "2.7.18", "3.12.0a1", "3.14.0b2"),
    "python_version": ("3.11", "2.7", "3.13"),
    "sys_platform": ("linux", "win32"),
}


def version_text(choose: Chooser) -> str:
    if choose.number(15) == 15:
        return choose.text()
    text = choose.one_of(NUMBERS)
    for _ in range(choose.number(5)):
        text += choose.one_of(PARTS) + choose.one_of(("", *NUMBERS))
    return text


def normal(text: str) -> str:
    try:
        return str(Version(text))
    except ValueError:
        return text


def version(data: bytes) -> None:
    """Check that a version satisfies a specifier exactly where it does for `packaging`, if that has an answer."""
    choose = Chooser(data)
    ours, operator, wanted = version_text(choose), choose.one_of(OPERATORS), version_text(choose)
    if operator == "===":
        # This operator compares texts, and an interpreter's version is in normal form.
        ours = normal(ours)
    elif operator == "~=":
        # In `1.0-alpha.1`, some releases of `packaging` take `alpha` for a part of the release.
        wanted = normal(wanted)
    try:
        seen = versions.satisfies(ours, [[operator, wanted]])
    except versions.NotAVersion:
        seen = None
    is_specifier = versions.is_specifier(operator, wanted)
    if max(len(ours), len(wanted)) > versions.LENGTH_MAX or wanted.startswith("="):
        # The number is too long, or the operator is another one.
        return
    try:
        specifier = Specifier(operator + wanted)
        expected = specifier.contains(str(Version(ours)), prereleases=True)
    except ValueError:
        return
    assert (is_specifier, seen) == (True, expected), (ours, operator, wanted, expected, seen)


def marker_text(choose: Chooser, depth: int = 0) -> str:
    kind = choose.number(7 if depth < 4 else 4)
    if kind < 5:
        name = choose.one_of(sorted(VARIABLES))
        value = choose.one_of([*VARIABLES[name], version_text(choose), choose.text()])
        if name == "extra":
            # In parentheses `packaging` doesn't normalize an extra, although PEP 685 demands it.
            value = canonicalize_name(value)
        operator = choose.one_of(MARKER_OPERATORS)
        value = normal(value) if operator == "~=" else value
        quote = "'" if '"' in value else '"'
        sides = [name, quote + value + quote]
        return f" {operator} ".join(sides[:: -1 if choose.number(3) == 3 else 1])
    terms = [marker_text(choose, depth + 1) for _ in range(choose.number(2) + 1)]
    return "(" + choose.one_of((" and ", " or ")).join(terms) + ")"


def marker(data: bytes) -> None:
    """Check that a marker holds exactly where it does in the PEX."""
    choose = Chooser(data)
    text = marker_text(choose)
    if choose.number(7) == 7:
        text = choose.changed_text(text)
    values = {name: choose.one_of(values) for name, values in sorted(VARIABLES.items())}
    # A manifest has the extras of a requirement in this form.
    values["extra"] = canonicalize_name(values["extra"])
    read = requirements.read_requirement("a; " + text)
    requirement = json.loads(json.dumps(read))
    seen = markers.holds(requirement["marker"], values)
    if len(text) > versions.LENGTH_MAX:
        # A number in the text may be too long for a requirement or a version.
        return
    try:
        Marker(text)
        expected = PexMarker(text).evaluate(values)
    except Exception:
        # The marker is invalid, or compares values that can't be compared, or has a number too long for Python.
        return
    assert seen == expected, (text, values, expected, seen)


class Files:
    """The files that the targets write and the boot reads."""

    def __init__(self, scratch: Path) -> None:
        self._app = scratch / "other.czex"
        (self._app / ".czex").mkdir(parents=True)
        self._rc = scratch / ".pexrc"
        self._answers = scratch / "interpreters"
        self._entry_points = scratch / "entry_points.txt"
        library = facts.os.__file__
        known = {"executable": sys.executable, "library": library, "name": "x", "reason": None}
        self._facts = {
            f"q\n{facts.os.path.realpath(sys.executable)}": {
                "facts": {**known, "version": [3, 9, 1]},
                "identity": facts.identity(sys.executable, library),
            }
        }

    def manifest(self, data: bytes) -> None:
        """Check that another app on PEX_PATH is resolved, or refused with a message."""
        choose = Chooser(data)
        manifest: Any = MANIFEST
        for _ in range(choose.number(2)):
            manifest = choose.changed(manifest, ("py3-none-any", "and", "extra", "==", "1.0"))
        text = dumps(manifest)
        if choose.number(7) == 7:
            text = choose.changed_bytes(text)
        (self._app / ".czex" / "manifest.json").write_bytes(text)
        try:
            composed = composition.Composition([str(self._app)], "", False)
            assert all(isinstance(pack, dict) for pack in composed.packs)
        except CannotStart as e:
            assert str(e)

    def settings(self, data: bytes) -> None:
        """Read an rc file, cached facts about an interpreter, or the entry points of a PEX on PEX_PATH."""
        choose = Chooser(data)
        kind = choose.number(2)
        if kind == 0:
            lines = [choose.one_of(LINES) + choose.text() for _ in range(choose.number(3))]
            self._rc.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
            own = {choose.one_of(LINES).partition("=")[0] or "PEX_": choose.text()}
            try:
                variables_reader.read_variables(own, [str(self._rc)], {}, False)
            except CannotStart as e:
                assert str(e)
        elif kind == 1:
            text = dumps(choose.changed(self._facts))
            if choose.number(7) == 7:
                text = choose.changed_bytes(text)
            self._answers.write_bytes(text)
            answers = facts.Facts("app", "PROBE", str(self._answers), "q")
            found = answers._remembered(sys.executable)
            assert found is None or len(found["version"]) == 3
        else:
            lines = [choose.one_of(POINTS) + choose.text() for _ in range(choose.number(4))]
            self._entry_points.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
            target = composition.console_script(str(self._entry_points), "run")
            assert target is None or not target.split() or target == target.strip()


LINES = (
    "",
    "PEX_VERBOSE=",
    "PEX_MODULE=",
    "PEX_VENV=",
    "PEX_MAX_INSTALL_JOBS=",
    "PEX_PATH=",
    "=",
    "A=b=",
)
POINTS = ("", "[console_scripts]", "run=a:b", "run = ", "[gui_scripts]\n", "=", "[")
MANIFEST: Dict[str, Any] = {
    "fingerprint": "0" * 40,
    "format": 2,
    "interpreter_constraints": [requirements.constraint_data("CPython>=2.7")],
    "packs": [
        {"kind": "sources", "pth": [], "names": [], "bytecode": {}},
        {
            **{"kind": "wheel", "name": "a-1-py3-none-any.whl", "project": "a", "version": "1.0"},
            **{"tags": ["py3-none-any", "cp39-cp39-linux_x86_64"], "order": 0, "bytecode": {}},
            "requires_python": [[">=", "3.6"]],
            "requires": [{**requirements.read_requirement("a[x]; extra == 'y'"), "packs": [1]}],
        },
    ],
    "requirements": [
        {**requirements.read_requirement("a; python_version > '3' or os_name == 'x'"), "packs": [1]}
    ],
    "runtimes": {},
}


def main() -> None:
    files = Files(Path(sys.argv[1]))
    targets: Dict[str, Callable[[bytes], None]] = {
        "manifest": files.manifest,
        "marker": marker,
        "settings": files.settings,
        "version": version,
    }
    atheris.Setup([sys.argv[0], *sys.argv[3:]], targets[sys.argv[2]])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
