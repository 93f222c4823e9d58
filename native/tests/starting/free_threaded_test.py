"""A CZEX runs on free-threaded builds of Python, which have their own wheels and another site-packages.

The build is a stand-in: only its answers to Python code are those of a free-threaded build.
"""

from __future__ import annotations

from pathlib import Path

from support.interpreters import free_threaded
from support.wheels import Wheel
from support.workshop import Workshop
from testing.machine import Machine, fill_path
from testing.pythons import Python

GIL = Python("cpython3.13")
KINDS = [
    Wheel("kind", {"kind.py": f"KIND = {abi!r}\n"}, tag=f"cp313-{abi}-linux_x86_64")
    for abi in ("cp313", "cp313t")
]
SHOW = {
    "show.py": """\
import subprocess, sys
from kind import KIND

def main():
    child = subprocess.check_output([sys.executable, "-c", "import kind; print(kind.KIND)"])
    print(KIND, child.decode().strip(), sys._xoptions)
"""
}
PLATFORMS = [f"--platform=linux_x86_64-cp-313-{abi}" for abi in ("cp313", "cp313t")]


def test_the_build_gets_its_own_wheels_in_its_own_site_packages(
    workshop: Workshop, machine: Machine, tmp_path: Path
) -> None:
    python = free_threaded(tmp_path / "python", GIL)
    pex = workshop.pex(
        "kind",
        requirements=["kind"],
        wheels=KINDS,
        sources=SHOW,
        options=["-m", "show:main", "--venv", *PLATFORMS],
    )
    app = workshop.czex(pex)
    path = fill_path(tmp_path / "bin", {"python3": str(python)})
    machine = machine.with_(PATH=str(path))
    for interpreter, abi in ((GIL.path(), "cp313"), (str(python), "cp313t")):
        expected = machine.run(interpreter, "-X", "gil=1", pex)
        assert expected.stdout == f"{abi} {abi} {{'gil': '1'}}\n", expected
        for start in ("cold", "warm"):
            assert machine.run(interpreter, "-X", "gil=1", app) == expected, start
    for start in ("cold", "warm"):
        assert machine.run(app).stdout == "cp313t cp313t {}\n", start
