"""An app that prints all that it can observe of its process, as JSON: some hundred names and their values.

Tests pack this file into apps that run on every Python, including 2.7 and PyPy. A name has the form `group.name`.
"""

import sys

# The modules that were loaded before this module imports others.
LOADED = dict(sys.modules)
import atexit  # noqa: E402
import gc  # noqa: E402
import json  # noqa: E402
import locale  # noqa: E402
import os  # noqa: E402
import pkgutil  # noqa: E402
import resource  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
import traceback  # noqa: E402
import warnings  # noqa: E402

# Attributes of `sys` that differ between any two starts.
BY_NATURE = (
    "_current_exceptions",
    "_current_frames",
    "_debugmallocstats",
    "_getframe",
    "_getquickenedcount",
    "exc_info",
    "getallocatedblocks",
    "getunicodeinternedsize",
    "gettotalrefcount",
    "last_exc",
    "last_traceback",
    "modules",
    "path_importer_cache",
)
STDLIB = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
STREAM = "name", "mode", "encoding", "errors", "line_buffering", "write_through", "newlines"
# Frames of a start. Python runs a zip file by the first two.
START = "runpy.py", "<frozen runpy>", "__main__.py", "venv_start.py", "warm.py"
SCALARS = (type(None), bool, int, float, type(""), type(""), type(2**70))


def describe(value, depth=3):
    """Convert a value to JSON's types, without addresses."""
    if isinstance(value, bytes) and sys.version_info[0] > 2:
        return repr(value)
    if isinstance(value, SCALARS):
        return value
    if isinstance(value, dict) and depth:
        return dict((str(key), describe(value[key], depth - 1)) for key in value)
    if isinstance(value, (list, tuple)) and depth:
        return [describe(item, depth - 1) for item in value]
    if isinstance(value, (set, frozenset)) and depth:
        return sorted(describe(item, depth - 1) for item in value)
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if isinstance(name, str):
        module = getattr(value, "__module__", None) or ""
        # Both names are of the same module.
        module = module.replace("importlib._bootstrap", "_frozen_importlib")
        return "{0} {1}.{2}".format(type(value).__name__, module, name)
    return "{0} of {1}".format(type(value).__name__, type(value).__module__)


def attributes(thing, without=()):
    return dict(
        (name, describe(getattr(thing, name)))
        for name in dir(thing)
        if name not in without and hasattr(thing, name)
    )


def see_sys():
    facts = attributes(sys, BY_NATURE)
    # The repr of a structure has names, too.
    for name in ("flags", "float_info", "hash_info", "thread_info", "version_info"):
        facts[name] = repr(getattr(sys, name, None))
    for name in dir(sys):
        if name.startswith(("get", "_get", "is_", "_is_")) and name not in BY_NATURE:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    facts[name + "()"] = describe(getattr(sys, name)())
            except (TypeError, ValueError):
                pass
    # Search all entries of `sys.path` once, because the entries that earlier imports have searched may differ.
    try:
        __import__("nowhere_to_be_found")
    except ImportError:
        pass
    facts["path_importer_cache"] = sorted(
        entry for entry in sys.path_importer_cache if not entry.startswith(STDLIB)
    )
    facts["standard_streams"] = [
        [getattr(stream, name, None) for name in STREAM] + [stream.isatty(), stream.fileno()]
        for stream in (sys.stdin, sys.stdout, sys.stderr)
    ]
    return facts


def see_modules():
    """Return the origin of each module."""
    facts = {}
    for name, module in LOADED.items():
        spec = getattr(module, "__spec__", None)
        facts[name] = [
            strip_c(getattr(module, "__file__", None)),
            describe(getattr(module, "__path__", None)),
            describe(getattr(module, "__loader__", None)),
            getattr(spec, "origin", None),
            strip_c(getattr(module, "__cached__", None)),
        ]
    return facts


def strip_c(path):
    return path[:-1] if path and path.endswith((".pyc", ".pyo")) else path


def see_main():
    main = sys.modules["__main__"]
    facts = dict((name, describe(vars(main)[name])) for name in vars(main) if name[:2] == "__")
    facts["names"] = sorted(vars(main))
    facts["is_module"] = type(main) is type(sys)
    return facts


def see_builtins():
    module = sys.modules.get("builtins") or sys.modules["__builtin__"]
    facts = attributes(module, ("copyright", "credits", "license", "_"))
    for name in ("copyright", "credits", "license"):
        printer = getattr(module, name, None)
        facts[name] = describe(vars(printer)) if printer else None
    return facts


def see_process():
    status = {}
    if os.path.isfile("/proc/self/status"):
        with open("/proc/self/status") as stream:
            for line in stream:
                name, _, value = line.partition(":")
                if name in ("SigIgn", "SigBlk", "SigCgt", "Umask", "Threads", "NoNewPrivs"):
                    status[name] = value.strip()
    mask = os.umask(0)
    os.umask(mask)
    return {
        "atexit": getattr(atexit, "_ncallbacks", lambda: None)(),
        "cwd": os.getcwd(),
        "descriptors": descriptors(),
        "limits": [
            [name, describe(resource.getrlimit(getattr(resource, name)))]
            for name in sorted(dir(resource))
            if name.startswith("RLIMIT_")
        ],
        "nice": os.nice(0),
        "process_group_is_ours": os.getpgrp() == os.getpid(),
        "status": status,
        "threads": [thread.name for thread in threading.enumerate()],
        "time_zone": describe(time.tzname),
        "umask": mask,
    }


def descriptors():
    found = []
    for number in range(64):
        try:
            target = os.readlink("/proc/self/fd/{0}".format(number))
            if target.endswith("/imports"):
                # The import table, which the first starts don't have.
                continue
        except OSError:
            continue
        # Python 2.7 keeps this file open after the first call of `os.urandom`.
        if target == "/dev/urandom":
            continue
        inherited = getattr(os, "get_inheritable", lambda number: None)(number)
        # The environment's own file. Its number differs on Python 2.7, which has its script open at that time.
        if target.endswith("/record") and sys.version_info[0] == 2:
            number = None
        found.append([number, target.partition(":[")[0], inherited])
    return found


def see_signals():
    numbers = dict(
        (getattr(signal, name), name)
        for name in dir(signal)
        if name.startswith("SIG") and not name.startswith("SIG_") and name[3:].isalnum()
    )
    return dict((numbers[n], describe(signal.getsignal(n))) for n in numbers if 0 < n < 65)


def see_environment():
    return dict(os.environ)


def see_site():
    site = LOADED.get("site")
    if not site:
        return {"loaded": False}
    facts = attributes(site, ("__builtins__", "__cached__", "__file__", "__spec__", "__doc__"))
    for name in ("getsitepackages", "getuserbase", "getusersitepackages"):
        facts[name + "()"] = describe(getattr(site, name)())
    return facts


def see_sysconfig():
    import sysconfig

    facts = {
        "default": describe(getattr(sysconfig, "get_default_scheme", lambda: None)()),
        "platform": sysconfig.get_platform(),
        "is_python_build": describe(sysconfig.is_python_build()),
        "makefile": sysconfig.get_makefile_filename(),
        "config_h": sysconfig.get_config_h_filename(),
        "file": strip_c(sysconfig.__file__),
    }
    for scheme in sysconfig.get_scheme_names():
        facts["paths." + scheme] = sysconfig.get_paths(scheme)
    facts["paths"] = sysconfig.get_paths()
    variables = sysconfig.get_config_vars()
    for name in variables:
        if isinstance(variables[name], str) and ("/" in variables[name] or "prefix" in name):
            facts["variable." + name] = variables[name]
    return facts


def see_distutils():
    if sys.version_info >= (3, 12):
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # `distutils.util` becomes an attribute of the package only by an import.
        import distutils.util
        from distutils import sysconfig

    return {
        "prefix": sysconfig.PREFIX,
        "exec_prefix": sysconfig.EXEC_PREFIX,
        "base_prefix": getattr(sysconfig, "BASE_PREFIX", None),
        "lib": sysconfig.get_python_lib(),
        "standard_lib": sysconfig.get_python_lib(standard_lib=True),
        "inc": sysconfig.get_python_inc(),
        "file": strip_c(sysconfig.__file__),
        "util": describe(distutils.util),
    }


def see_text():
    return {
        "locale": describe(locale.setlocale(locale.LC_ALL, None)),
        "preferred": locale.getpreferredencoding(False),
        "decimal_point": locale.localeconv()["decimal_point"],
        "filters": describe(warnings.filters),
        "default_action": getattr(warnings, "defaultaction", None),
        "linesep": os.linesep,
    }


def see_runtime():
    facts = {
        "gc.enabled": gc.isenabled(),
        "gc.debug": describe(getattr(gc, "get_debug", lambda: None)()),
        "gc.threshold": describe(getattr(gc, "get_threshold", lambda: None)()),
        "gc.frozen": describe(getattr(gc, "get_freeze_count", lambda: None)()),
        "gc.callbacks": describe(getattr(gc, "callbacks", None)),
        "trace": describe(sys.gettrace()),
        "profile": describe(sys.getprofile()),
    }
    try:
        import faulthandler

        facts["faulthandler"] = faulthandler.is_enabled()
        import tracemalloc

        facts["tracemalloc"] = [tracemalloc.is_tracing(), tracemalloc.get_traceback_limit()]
    except ImportError:
        pass
    return facts


def see_distributions():
    try:
        from importlib import metadata
    except ImportError:
        return {}
    points = metadata.entry_points()
    groups = points.groups if hasattr(points, "groups") else points
    return {
        "distributions": [
            [dist.metadata["Name"], dist.version, str(dist.locate_file(""))]
            for dist in metadata.distributions()
        ],
        "groups": sorted(groups),
    }


def see_importable():
    return {
        "modules": sorted(
            "{0} {1}".format(item[1], getattr(item[0], "path", ""))
            for item in pkgutil.iter_modules()
            if not getattr(item[0], "path", "").startswith(STDLIB)
        ),
        "cow": import_of("cow"),
        "shadow": import_of("shadow"),
        "hidden": import_of("hidden"),
        "editable": import_of("editable"),
        "setuptools": import_of("setuptools"),
        "space.inside": import_of("space.inside"),
    }


def import_of(name):
    try:
        __import__(name)
        return strip_c(sys.modules[name].__file__)
    except ImportError as error:
        return type(error).__name__


def see_source():
    import inspect

    return {
        "module": strip_c(inspect.getsourcefile(see_source)),
        "text": len(inspect.getsource(see_source)),
        "name": __name__,
        "file": strip_c(__file__),
        "package": __package__,
        "loader": describe(globals().get("__loader__")),
        "spec": describe(globals().get("__spec__")),
        "cached": strip_c(globals().get("__cached__")),
    }


def see_frames():
    try:
        raise ValueError("seen")
    except ValueError:
        text = traceback.format_exc()
    above = [[os.path.basename(frame[0]), frame[2]] for frame in traceback.extract_stack()]
    length = [frame[0] in START for frame in above].index(False)
    return {
        "above": above[length:],
        "start": above[:length],
        "exception": text.splitlines()[-1],
    }


def see_spawned():
    if sys.version_info < (3, 5):
        return {}
    from multiprocessing import context, get_all_start_methods, get_start_method, spawn

    data = spawn.get_preparation_data("child")
    data.pop("authkey", None)
    return {
        "data": describe(data),
        "executable": describe(spawn.get_executable()),
        "methods": get_all_start_methods(),
        "method": get_start_method(),
        "context": describe(context._default_context),
    }


CHILD = """
import json, sys
site = sys.modules.get("site")
print(json.dumps([
    ["argv", sys.argv],
    ["executable", sys.executable],
    ["flags", repr(sys.flags)],
    ["path", sys.path],
    ["prefixes", [sys.prefix, sys.exec_prefix, getattr(sys, "base_prefix", None)]],
    ["user", [site and site.ENABLE_USER_SITE, site and site.PREFIXES]],
    ["meta_path", [getattr(finder, "__module__", None) for finder in sys.meta_path]],
    ["orig_argv", getattr(sys, "orig_argv", None)],
    ["warnoptions", sys.warnoptions],
]))
"""


def see_child():
    # Verbose output of the child goes to standard error, which is not read.
    output = subprocess.check_output([sys.executable, "-c", CHILD])
    return dict(json.loads(output.decode("utf-8").splitlines()[-1]))


GROUPS = (
    ("sys", see_sys),
    ("modules", see_modules),
    ("main", see_main),
    ("builtins", see_builtins),
    ("process", see_process),
    ("signals", see_signals),
    ("environment", see_environment),
    ("site", see_site),
    ("runtime", see_runtime),
    ("text", see_text),
    ("frames", see_frames),
    ("source", see_source),
    ("sysconfig", see_sysconfig),
    ("distutils", see_distutils),
    ("distributions", see_distributions),
    ("importable", see_importable),
    ("spawned", see_spawned),
    ("child", see_child),
)


def main():
    facts = {}
    for group, see in GROUPS:
        for name, value in see().items():
            facts["{0}.{1}".format(group, name)] = value
    print(json.dumps(facts, sort_keys=True))


if __name__ == "__main__":
    main()
