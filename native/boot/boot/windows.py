"""Give an environment its interpreter on Windows: the launchers of a venv, which find the interpreter by pyvenv.cfg."""

import os
import sys


def add_interpreter(plan, scripts):
    """Add `python.exe` and `pythonw.exe` to the environment's directory of scripts."""
    launchers = os.path.join(sys.base_prefix, "Lib", "venv", "scripts", "nt")
    for name, sources in (
        ("python.exe", ("venvlauncher.exe", "python.exe")),
        ("pythonw.exe", ("venvwlauncher.exe", "pythonw.exe")),
    ):
        for source in sources:
            if os.path.isfile(os.path.join(launchers, source)):
                with open(os.path.join(launchers, source), "rb") as stream:
                    plan.add_file("755", scripts + "/" + name, stream.read())
                break
