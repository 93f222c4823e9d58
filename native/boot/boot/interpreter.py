"""What the running interpreter is: name, version, where its library is. Asked of `sys`, without imports."""

import os
import sys

IS_PYPY = "__pypy__" in sys.builtin_module_names
IS_WINDOWS = os.name == "nt"


def implementation():
    """The name that markers and constraints use."""
    return "PyPy" if IS_PYPY else "CPython"


def is_free_threaded():
    return "t" in getattr(sys, "abiflags", "")


def version_text():
    """X.Y.Z, and a suffix such as rc1 before the release."""
    version = sys.version_info
    text = "{0}.{1}.{2}".format(*version[:3])
    return text if version[3] == "final" else text + version[3][0] + str(version[4])


def name():
    """What messages call it, such as "CPython 3.11.7"."""
    return "{0} {1}".format(implementation(), version_text())


def base_executable():
    """The interpreter itself, also where a virtual environment's is running."""
    executable = getattr(sys, "_base_executable", None) or sys.executable
    if is_virtual_environment() and os.path.dirname(executable) == os.path.dirname(sys.executable):
        bases = getattr(sys, "real_prefix", None) or sys.base_exec_prefix
        directory = bases if IS_WINDOWS else os.path.join(bases, "bin")
        for pattern in (
            "pypy{0}.{1}" if IS_PYPY else "python{0}.{1}",
            "pypy" if IS_PYPY else "python",
        ):
            candidate = os.path.join(directory, pattern.format(*sys.version_info[:2]))
            candidate += ".exe" if IS_WINDOWS else ""
            if os.access(candidate, os.X_OK):
                executable = candidate
                break
    return os.path.realpath(executable)


def base_prefix():
    """The prefix of the interpreter itself."""
    return getattr(sys, "real_prefix", None) or getattr(sys, "base_prefix", sys.prefix)


def is_virtual_environment():
    return base_prefix() != sys.prefix


def library_name():
    """The directory below `lib` that holds an environment's site-packages."""
    return "{0}{1}.{2}".format("pypy" if IS_PYPY else "python", *sys.version_info[:2])


def site_packages():
    """The path of site-packages in an environment, with "/" between components."""
    if IS_WINDOWS:
        return "Lib/site-packages"
    if IS_PYPY and sys.version_info < (3, 8):
        return "site-packages"
    return "lib/" + library_name() + "/site-packages"


def standard_library():
    """The entries of `sys.path` that are the interpreter's own, in their order."""
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
    """The directories with what is installed for the interpreter itself, without the user's own."""
    import site

    base = base_prefix()
    prefixes = site.PREFIXES[:]
    try:
        site.PREFIXES[:] = [base]
        return [path for path in site.getsitepackages() if os.path.isdir(path)]
    finally:
        site.PREFIXES[:] = prefixes


def cache_tag():
    """What names this interpreter's bytecode (PEP 3147); Python 2 has none."""
    return sys.implementation.cache_tag if hasattr(sys, "implementation") else None
