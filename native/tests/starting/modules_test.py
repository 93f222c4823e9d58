"""A plain interpreter imports each module of the boot, as an editor or a type checker does. A CZEX brings them in its own way."""

from __future__ import annotations

import subprocess

from support.runtime import NATIVE
from testing.pythons import Python, on_every_python

BOOT = NATIVE / "boot"
IMPORT_ALL = """\
import importlib, sys

sys.path.append(sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
    sys.stdout.write(name + "\\n")
"""


@on_every_python()
def test_every_module_is_imported(python: Python) -> None:
    files = [path.relative_to(BOOT) for path in sorted((BOOT / "boot").rglob("*.py"))]
    modules = [".".join(file.with_suffix("").parts) for file in files]
    if python.minor == (2, 7):
        # Its import system has another form.
        modules.remove("boot.imports")
    process = subprocess.run(
        [python.path(), "-sB", "-c", IMPORT_ALL, BOOT, *modules], capture_output=True, text=True
    )
    assert (process.stdout.split(), process.stderr, process.returncode) == (modules, "", 0)
    assert "boot.tools.venv" in modules
