"""A CZEX starts on the newest Pythons, and follows their changes."""

from __future__ import annotations

from pathlib import Path

from support.workshop import COW, Workshop
from testing.machine import Machine, fill_path
from testing.pythons import NEWEST, Python, on

# CPython 3.15 has removed `__cached__`, and a `lib64` that leads to `lib` from virtual environments.
CHANGES = {
    "changes.py": (
        "import os, sys\n"
        "from cow import say\n"
        "def main():\n"
        "    say.main()\n"
        "    main = vars(sys.modules['__main__'])\n"
        "    lib64 = os.path.join(sys.prefix, 'lib64')\n"
        "    print('__cached__' in main, os.path.islink(lib64), sys.version)\n"
    )
}


@on(*NEWEST)
def test_app_starts_on_the_newest_pythons_as_its_pex_does(
    workshop: Workshop, machine: Machine, tmp_path: Path, python: Python
) -> None:
    interpreter = python.path()
    pex = workshop.pex(
        f"newest-{python.name}",
        requirements=["cow"],
        wheels=[COW],
        sources=CHANGES,
        options=["-m", "changes:main", "--venv"],
    )
    app = workshop.czex(pex)
    path = fill_path(tmp_path / "bin", {"python3": interpreter})
    machine = machine.with_(PATH=str(path))
    # PEP 810, in CPython 3.15. Older Pythons ignore the option.
    lazy = (interpreter, "-X", "lazy_imports=all")
    expected = machine.run(*lazy, pex, "x")
    assert expected.code == 0, expected.stderr
    for command in (lazy, lazy, (), ()):
        assert machine.run(*command, app, "x") == expected, command
