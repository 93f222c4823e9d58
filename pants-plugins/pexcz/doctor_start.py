"""Follow a start of a CZEX by its own boot, but stop before anything is written or the app runs.

`doctor.py` runs this file in the interpreter of the start. The file prints its report as JSON. It runs on Python 2.7 and 3.5+,
and can't import `pexcz`.
"""

# The boot is the one in the CZEX, so its modules have no types here.
# mypy: ignore-errors

import json
import os
import re
import sys

ENVIRON_NAME = re.compile("PEX_[A-Z_]+")


class Restart(BaseException):
    """Raised where the start would continue in another interpreter."""


def main(app):
    if sys.path[0] == os.path.dirname(os.path.abspath(__file__)):
        del sys.path[0]
    report = {"file": [], "interpreter": [], "variables": [], "cache": [], "environment": []}
    errors, sys.stderr = sys.stderr, Messages()
    try:
        examine(app, report)
    except SystemExit as end:
        report["file"].append(str(end))
    sys.stderr = errors
    sys.stdout.write("\n" + json.dumps(report))


class Messages(object):
    """Replace stderr, and collect the messages of the boot."""

    def __init__(self):
        self._text = ""

    def write(self, text):
        self._text += text

    def flush(self):
        pass

    def taken(self):
        """Return the lines since the last call."""
        lines, self._text = self._text.splitlines(), ""
        return lines


def load_boot(app):
    """Make the modules of a CZEX's boot importable, as `__pex__/__init__.py` does."""
    place = os.path.dirname(app) if os.path.basename(app) == "pex" else app
    namespace = {"__name__": "czex_main", "__file__": os.path.join(place, "__main__.py")}
    if os.path.isdir(place):
        with open(namespace["__file__"], "rb") as stream:
            source = stream.read()
    else:
        import zipimport

        namespace["__loader__"] = zipimport.zipimporter(app)
        source = namespace["__loader__"].get_data("__main__.py")
    exec(compile(source, namespace["__file__"], "exec"), namespace)
    namespace["start_cold_path"]()


def examine(app, report):
    load_boot(app)
    from boot import interpreter

    sys.path[:] = interpreter.standard_library()
    from boot import activate, cold, fail, install, unresolved

    def restart(python):
        raise Restart(python)

    activate.reexecute = restart
    # Don't write the cache's files with answers of interpreters and with redirects to them.
    install.write_whole = lambda *_: None

    class Checkup(cold.ColdStart):
        root_problem = None

        def _use_temporary_root(self, root, error):
            self.root_problem = error
            return root

    report["executable"] = interpreter.base_executable()
    report["name"] = interpreter.name()
    checkup = with_right_variables(lambda: Checkup(app), report)
    if not checkup:
        return
    report["root"] = root = checkup._root()
    try:
        packs = checkup._choose_interpreter()
    except Restart as other:
        report["restart"] = str(other)
        return
    except fail.CannotStart as error:
        report["interpreter"].append(str(error))
        return
    error = unresolved.built_elsewhere(app, checkup.manifest)
    if error:
        report["file"].append(str(error))
    if checkup.root_problem:
        # The cache is not trusted, so nothing in it may be run.
        report["cache"].append(reason(checkup.root_problem, root))
        return
    unknown = report["unknown"] = []
    try:
        compose(checkup, root, unknown)
        environment = checkup._environment(root, packs)
        found = not unknown and checkup._load(environment.venv)
        if not unknown:
            examine_environment(environment, found, report)
        examine_cache(checkup, environment, found, report)
        if not unknown:
            examine_entry(checkup, environment, report)
    except fail.CannotStart as error:
        report["environment"].append(str(error))


def compose(checkup, root, unknown):
    """Find the other apps, and add to `unknown` each PEX that no start has asked yet: it would install itself to answer."""
    from boot import composition

    def ask(part):
        unknown.append(part._path)
        return [part._path]

    composition.PexPart._ask = ask
    checkup._compose(root)


def with_right_variables(make, report):
    """Call `make`, and remove variables that make it fail until it succeeds. Return None if it can't succeed."""
    from boot import fail

    while True:
        try:
            made = make()
            break
        except fail.CannotStart as error:
            report["variables"].append(str(error))
            names = [name for name in ENVIRON_NAME.findall(str(error)) if name in os.environ]
            if not names:
                if os.environ.get("PEX_IGNORE_RCFILES") == "1":
                    return None
                os.environ["PEX_IGNORE_RCFILES"] = "1"
            for name in names:
                os.environ.pop(name, None)
            # The next attempt repeats the warnings.
            sys.stderr.taken()
    report["deprecated"] = sys.stderr.taken()
    return made


def examine_environment(environment, found, report):
    """Report missing files of an installed environment."""
    import marshal

    from boot import damage

    report["venv"], report["installed"] = environment.venv, bool(found)
    problems = report["environment"]
    if not found:
        if os.path.lexists(environment.venv):
            problems.append(
                "{0} can't be read; the next start installs it again".format(environment.venv)
            )
        return
    try:
        with open(os.path.join(environment.venv, "packs"), "rb") as stream:
            packs = [damage.Found(*pack) for pack in marshal.loads(stream.read())[0]]
        problems += [pack.problem for pack in packs if pack.problem]
    except (EnvironmentError, EOFError, ValueError, TypeError) as error:
        problems.append("{0}/packs can't be read: {1}".format(environment.venv, error))
    if problems:
        return
    for parent, names, files in os.walk(environment.venv):
        for path in [os.path.join(parent, name) for name in names + files]:
            if os.path.islink(path) and not os.path.exists(path):
                problems.append("{0} is a link that leads nowhere".format(path))
    if not os.path.isdir(found["site_packages"]):
        problems.append("{0} is gone".format(found["site_packages"]))


def examine_cache(checkup, environment, found, report):
    from boot import damage, install, rescue

    problems, root = report["cache"], environment.root
    there = root
    try:
        for name in ("runtimes", "sources", "venvs", "wheels"):
            there = os.path.join(root, name)
            while not install.is_directory(there):
                there = os.path.dirname(there)
            if not found and not os.access(there, os.W_OK | os.X_OK):
                problems.append("{0}: this user can't write to it".format(there))
                return
    except OSError as error:
        problems.append(reason(error, root))
        return
    report["noexec"] = damage.is_noexec(there)
    if not found:
        report["needed"] = environment.bytes_to_unpack()
        # If the cache doesn't exist yet, look at the file system that it will be on.
        environment.root = there
        rescue.tell_of_space(checkup._app, environment)
        problems += sys.stderr.taken()
    if hasattr(os, "statvfs"):
        status = os.statvfs(there)
        report["free"] = status.f_bavail * status.f_frsize


def reason(error, root):
    path = error.filename or root
    return "{0}: {1}".format(path, error.strerror or error)


def examine_entry(checkup, environment, report):
    """Report problems of variables that replace the app's entry point."""
    from boot import asked, fail, settings

    if not checkup._variables.given:
        return
    if checkup._variables.flag("TOOLS"):
        if not settings.includes_tools(environment.info):
            report["variables"].append(
                "PEX_TOOLS is set, but the PEX was built without tools; unset it"
            )
        return
    asked_for = settings.settings(environment)
    try:
        asked.adapt(asked_for, checkup._variables, environment)
    except fail.CannotStart as error:
        report["variables"].append(str(error))
        return
    entry = asked_for["entry"]
    if entry and entry["kind"] == "missing":
        report["variables"].append("there is no script {0} in this app".format(entry["target"]))


if __name__ == "__main__":
    main(sys.argv[1])
