"""Extends `sys.path` by PEX_EXTRA_SYS_PATH, in the app and in the processes that it starts."""

import os
import sys

for name in ("PEX_EXTRA_SYS_PATH", "__PEX_EXTRA_SYS_PATH__"):
    if os.environ.get(name):
        sys.path.extend(os.environ[name].split(os.pathsep))
