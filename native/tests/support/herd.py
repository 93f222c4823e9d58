"""Support for tests of the tools: an app whose wheels have all kinds of files, as a PEX and as a CZEX."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Set

from support.wheels import Wheel
from support.workshop import Workshop
from testing.machine import Machine, Outcome

# Prints all that an app can observe, except for facts that depend on the place or the time.
PROBE = """\
import json, os, sys

def main():
    main = sys.modules["__main__"]
    facts = {
        "argv": sys.argv,
        "environment": dict(
            (name, value)
            for name, value in os.environ.items()
            if name not in ("_", "LC_CTYPE", "OLDPWD", "PWD", "SHLVL")
        ),
        "executable": sys.executable,
        "flags": [getattr(sys.flags, name, None) for name in ("isolated", "no_user_site", "ignore_environment")],
        "main": [main.__name__, getattr(main, "__file__", None), getattr(main, "__spec__", None) is None],
        "modules": sorted(name for name in sys.modules if name.startswith(("boot", "czex"))),
        "path": sys.path,
        "prefix": sys.prefix,
    }
    json.dump(facts, sys.stdout, sort_keys=True)
    return 3
"""
BULL = Wheel(
    "Bull",
    {
        "bull.py": PROBE,
        "herd/bull.py": "",
        "Bull-1.0.data/scripts/graze.py": "#!python\nimport bull, sys\nsys.exit(bull.main())\n",
        "Bull-1.0.data/scripts/native": "#!/bin/sh\necho native $*\n",
        "Bull-1.0.data/headers/bull.h": "// bull\n",
        "Bull-1.0.data/data/share/bull/grass.txt": "green\n",
    },
    metadata=(
        "Requires-Dist: calf[young] (>=0.5,<3) ; python_version >= '2.7'\n"
        "Requires-Dist: Wolf.Pack ; sys_platform == 'nowhere'\n"
        "Requires-Python: >=2.7\n"
    ),
    scripts={"bull": "bull:main"},
    executables=["Bull-1.0.data/scripts/graze.py", "Bull-1.0.data/scripts/native"],
)
CALF = Wheel(
    "calf", {"calf.py": "AGE = 1\n", "herd/calf.py": ""}, metadata="Provides-Extra: young\n"
)


@dataclass(frozen=True)
class Herd:
    """The PEX of the app, and its CZEX."""

    pex: Path
    czex: Path

    @classmethod
    def make(cls, workshop: Workshop, name: str, **kwargs: object) -> Herd:
        pex = workshop.pex(name, **kwargs)
        return cls(pex, workshop.czex(pex))

    def both(self, machine: Machine, python: str, *arguments: object) -> List[Outcome]:
        """Run a tool of the PEX and of the CZEX, and return both outcomes, with "APP" instead of the app's name."""
        # PEXes share a root, because unpacking one takes long.
        root = str(self.pex.parent / "pex-tools")
        shared = machine.with_(PEX_ROOT=root, PEXCZ_ROOT=str(machine.root / "czex"))
        outcomes = []
        for app in (self.pex, self.czex):
            outcome = tool(shared, python, app, *arguments)
            stdout, stderr = (
                text.replace(str(app), "APP").replace(app.name, "APP")
                for text in (outcome.stdout, outcome.stderr)
            )
            outcomes.append(Outcome(stdout, stderr, outcome.code))
        return outcomes


def tool(machine: Machine, python: str, app: Path, *arguments: object, **kwargs: Any) -> Outcome:
    return machine.with_(PEX_TOOLS="1").run(python, app, *arguments, **kwargs)


def files(directory: Path) -> Set[str]:
    """Return the names of all files and links below a directory, without bytecode."""
    found = set()
    for parent, directories, names in os.walk(directory):
        directories[:] = [name for name in directories if name != "__pycache__"]
        links = [name for name in directories if os.path.islink(os.path.join(parent, name))]
        for name in names + links:
            if not name.endswith(".pyc"):
                found.add(os.path.relpath(os.path.join(parent, name), directory))
    return found
