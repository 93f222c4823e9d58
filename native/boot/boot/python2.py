"""Make an environment for Python 2.7, which doesn't read pyvenv.cfg.

Python 2.7 searches for its library upwards from its executable. Therefore the executable is a copy, and the library is a
directory of links. The `site.py` in that directory switches to the real library, as in a virtualenv.
"""

import os
import sys

from boot import interpreter

SITE = """\
import sys

sys.real_prefix = {prefix!r}
sys.path[:] = [
    {root!r} + entry[len(sys.prefix) :]
    if entry.startswith(sys.prefix + "/lib/python2") and "-packages" not in entry
    else entry
    for entry in sys.path
]
for module in list(sys.modules.values()):
    if getattr(module, "__file__", "").startswith(sys.prefix + "/lib/python2"):
        module.__file__ = {root!r} + module.__file__[len(sys.prefix) :]
del entry, module
__file__ = {home!r} + "/site.py"
"""


def add_library(plan):
    home = os.path.dirname(os.path.abspath(os.__file__))
    for name in sorted(os.listdir(home)):
        stem, suffix = os.path.splitext(name)
        if stem != "site" and name not in ("site-packages", "dist-packages"):
            if suffix not in (".pyc", ".pyo"):
                plan.add("link", "lib/python2.7/" + name, os.path.join(home, name))
    # An environment ignores the user's site-packages.
    with open(os.path.join(home, "site.py")) as stream:
        site = stream.read().replace("ENABLE_USER_SITE = None", "ENABLE_USER_SITE = False")
    start = SITE.format(
        prefix=interpreter.base_prefix(), root=os.path.dirname(os.path.dirname(home)), home=home
    )
    plan.add_file("644", "lib/python2.7/site.py", start + site)
    include = os.path.join(sys.prefix, "include", "python2.7")
    if os.path.isdir(include):
        plan.add("link", "include/python2.7", include)


def add_system_site_packages(plan):
    """Do what pyvenv.cfg does for `include-system-site-packages`."""
    lines = [
        "import site; site.addsitedir({0!r})\n".format(path)
        for path in interpreter.system_site_packages()
    ]
    plan.add_file("644", interpreter.site_packages() + "/system-site-packages.pth", "".join(lines))
