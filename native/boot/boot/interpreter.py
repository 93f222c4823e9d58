"""Describe the running interpreter: its name, version and directories. The answers come from `sys`, without imports."""

import os
import sys

IS_PYPY = "__pypy__" in sys.builtin_module_names
IS_WINDOWS = os.name == "nt"


def implementation():
    """Return the name that markers and constraints use."""
    return "PyPy" if IS_PYPY else "CPython"


def is_free_threaded():
    # Before Python 3.14, `sys.abiflags` is missing on Windows.
    return "free-threading" in sys.version


def version_text():
    """Return X.Y.Z, with a suffix such as rc1 for a prerelease."""
    version = sys.version_info
    text = "{0}.{1}.{2}".format(*version[:3])
    return text if version[3] == "final" else text + version[3][0] + str(version[4])


def name():
    """Return the name for messages, such as "CPython 3.11.7"."""
    return "{0} {1}".format(implementation(), version_text())


def base_executable():
    """Return the path of the base interpreter, even if the interpreter of a virtual environment is running."""
    executable = getattr(sys, "_base_executable", None) or sys.executable
    if is_virtual_environment() and os.path.dirname(executable) == os.path.dirname(sys.executable):
        bases = getattr(sys, "real_prefix", None) or sys.base_exec_prefix
        directory = bases if IS_WINDOWS else os.path.join(bases, "bin")
        for name in (library_name(), "pypy" if IS_PYPY else "python"):
            candidate = os.path.join(directory, name)
            candidate += ".exe" if IS_WINDOWS else ""
            if os.access(candidate, os.X_OK):
                executable = candidate
                break
    return os.path.realpath(executable)


def base_prefix():
    """Return the prefix of the base interpreter."""
    return getattr(sys, "real_prefix", None) or getattr(sys, "base_prefix", sys.prefix)


def is_virtual_environment():
    return base_prefix() != sys.prefix


def library_name():
    """Return the name of the directory below `lib` that holds an environment's site-packages."""
    thread = "t" if is_free_threaded() else ""
    return "{0}{1}.{2}".format("pypy" if IS_PYPY else "python", *sys.version_info[:2]) + thread


def site_packages():
    """Return the path of site-packages in an environment, with "/" between components."""
    if IS_WINDOWS:
        return "Lib/site-packages"
    if IS_PYPY and sys.version_info < (3, 8):
        return "site-packages"
    return "lib/" + library_name() + "/site-packages"


def standard_library():
    """Return the entries of `sys.path` that belong to the standard library, in their order."""
    home = os.path.dirname(os.path.abspath(os.__file__))
    parent = os.path.dirname(home)
    base = base_prefix()
    entries = []
    for entry in sys.path:
        own = (
            entry == home
            or entry.startswith(home + os.sep)
            or entry.startswith(os.path.join(parent, "lib_pypy"))
            or (entry.endswith(".zip") and os.path.dirname(entry) in (parent, base))
            or (IS_WINDOWS and entry in (base, os.path.join(base, "DLLs")))
        )
        if own and "-packages" not in entry and entry not in entries:
            entries.append(entry)
    return entries


def system_site_packages():
    """Return the site-packages directories of the base interpreter, without the user's."""
    import site

    base = base_prefix()
    prefixes = site.PREFIXES[:]
    try:
        site.PREFIXES[:] = [base]
        return [path for path in site.getsitepackages() if os.path.isdir(path)]
    finally:
        site.PREFIXES[:] = prefixes


def cache_tag():
    """Return the tag in the names of this interpreter's bytecode files (PEP 3147), or `None` for Python 2."""
    return sys.implementation.cache_tag if hasattr(sys, "implementation") else None
