"""The wheel and the sdist of the backend, built by `pants package`."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

from testing.dists import (
    VERSIONS,
    built_from,
    checked_by_twine,
    installed,
    metadata,
    names,
)
from testing.pythons import Python, on_cpython

ROOT = Path(__file__).resolve().parents[2]
((WHEEL,), (SDIST,)) = (tuple(Path().glob(f"czex-*{end}")) for end in (".whl", ".tar.gz"))


def test_sdist_builds_the_same_wheel(tmp_path: Path) -> None:
    assert built_from(SDIST, tmp_path).read_bytes() == WHEEL.read_bytes()


def test_metadata_passes_twine() -> None:
    checked_by_twine(WHEEL, SDIST)
    facts = metadata(WHEEL, "METADATA")
    assert facts["License-Expression"] == "Apache-2.0"
    assert str(facts.get_payload()).startswith("# czex\n")


def test_wheel_fits_every_pants_and_requires_nothing() -> None:
    assert metadata(WHEEL, "WHEEL")["Tag"] == "py3-none-any"
    assert metadata(WHEEL, "METADATA")["Requires-Python"] == ">=3.9"
    assert metadata(WHEEL, "METADATA").get_all("Requires-Dist") is None


def test_wheel_has_the_assets_and_no_tests() -> None:
    found = names(WHEEL)
    for name in ("native/src/main.zig", "native/boot/header.sh", "pexcz/cli.py"):
        assert f"czex/_assets/{name}" in found
    assert {"czex/register.py", "czex/zig.lock", "czex/compat/by_name.py"} <= found
    assert not [name for name in found if "test" in Path(name).stem]
    tops = {name.split("/")[0] for name in found}
    assert tops == {"czex", f"{'-'.join(WHEEL.name.split('-')[:2])}.dist-info"}


def test_runtimes_in_the_wheel_are_built_from_its_sources() -> None:
    """For this test, Pants builds `native/runtime/` from source."""
    platforms = json.loads((ROOT / "native" / "platforms.json").read_text())
    with zipfile.ZipFile(WHEEL) as wheel:
        prefix = "czex/_assets/native/runtime/"
        carried = {
            name[len(prefix) :]: wheel.read(name)
            for name in wheel.namelist()
            if name.startswith(prefix)
        }
    built = {
        f"{platform}/{facts['executable']}": (
            ROOT / "native" / "runtime" / platform / facts["executable"]
        ).read_bytes()
        for platform, facts in platforms.items()
    }
    assert carried == built


def test_wheel_has_the_version_of_the_tool() -> None:
    with zipfile.ZipFile(WHEEL) as wheel:
        tool = wheel.read("czex/_assets/pexcz/__init__.py").decode()
    assert f'__version__ = "{metadata(WHEEL, "METADATA")["Version"]}"' in tool


@on_cpython(*(version for version in VERSIONS if version != "3.8"))
def test_installed_wheel_has_the_backend_and_its_assets(python: Python, tmp_path: Path) -> None:
    """This environment has no Pants, so only the package itself can be imported."""
    own = installed(WHEEL, python.path(), tmp_path / "venv")
    code = "import czex, pathlib; print(pathlib.Path(czex.__file__).parent)"
    process = subprocess.run([own, "-I", "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert process.stderr == ""
    package = Path(process.stdout.strip())
    assert package.is_relative_to(tmp_path / "venv")
    assert (package / "_assets" / "native" / "runtime" / "linux-x86_64" / "pexcz").is_file()
