"""Apps with a wheel that has a native library."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from support.wheels import Wheel
from support.workshop import Workshop

NATIVE_WHEEL = {
    "whinny/__init__.py": "import ctypes, os\nctypes.CDLL(os.path.dirname(__file__) + '/libneigh.so.1')\n",
    "hoof.py": "try:\n    import whinny\nexcept (ImportError, OSError):\n    whinny = None\n",
}


def with_library(workshop: Workshop, module: str) -> Path:
    """Make an app that imports a module of a wheel with a native library.

    :param module: `whinny` needs the library, `hoof` also works without it.
    """
    app = workshop.root / f"native-{module}.czex"
    if not app.exists():
        # Any library will do: it can't be loaded.
        library = next(Path(sysconfig.get_path("stdlib")).glob("lib-dynload/*.so"))
        wheel = Wheel("whinny", {**NATIVE_WHEEL, "whinny/libneigh.so.1": library.read_bytes()})
        main = f"import {module}\ndef main():\n    print({module}.whinny)\n"
        workshop.make(
            f"native-{module}",
            requirements=["whinny"],
            wheels=[wheel],
            sources={"main.py": main},
            options=["-m", "main:main"],
        )
    return app
