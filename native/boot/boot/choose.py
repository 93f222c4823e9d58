"""Finds the interpreter to run in, where the running one doesn't fit or another was asked for.

Each candidate is started on the CZEX itself with a question in its environment, and answers in JSON whether it
fits: so it is judged by the same rules as the running one, and an interpreter that can't start is one that says so.
"""

import json
import marshal
import os
import sys

from boot import install, interpreter
from boot.fail import CannotStart

PROBES_AT_ONCE = 4
NAME_STEMS = ("python", "pypy")


def answer(reason):
    """Tell whoever asked what this interpreter is, and why it doesn't fit, if it doesn't."""
    facts = {
        "executable": sys.executable,
        "reason": reason,
        "version": list(sys.version_info[:3]),
    }
    sys.stdout.write(json.dumps(facts))
    sys.stdout.flush()
    sys.exit(0)


class Choice(object):
    """A choice among the interpreters that PEX_PYTHON, PEX_PYTHON_PATH or PATH lead to.

    :param probe: The environment variable that asks a start for its `answer`.
    :param strategy: "oldest" or "newest", of PEX-INFO's `interpreter_selection_strategy`.
    """

    def __init__(self, app, probe, strategy, variables):
        self._app = app
        self._probe = probe
        self._strategy = strategy
        self._search = variables.text("PYTHON_PATH")
        self._python = variables.text("PYTHON")

    def python(self, reason):
        """The interpreter to start over in, or None to stay in the running one.

        :param reason: Why the running one doesn't fit, or None. Raises CannotStart, with every candidate and the
            reason it was turned down, if none fits.
        """
        if self._python:
            return self._asked_for(reason)
        if not reason and self._is_in_search_path():
            return None
        return self._best(reason)

    def _asked_for(self, reason):
        python = self._python
        if os.path.isabs(python):
            return self._required(python, reason)
        for candidate in _candidates(self._search):
            if os.path.basename(candidate) == python:
                facts = self._facts(candidate)
                if facts and not facts["reason"]:
                    return self._unless_running(facts)
        return self._best(reason)

    def _required(self, python, reason):
        if os.path.realpath(python) == interpreter.base_executable():
            facts = {"executable": sys.executable, "reason": reason}
        else:
            facts = self._facts(python)
        if facts is None:
            raise CannotStart("PEX_PYTHON={0} is not a Python that runs".format(python))
        if facts["reason"]:
            raise CannotStart(
                "PEX_PYTHON={0} can't run {1}: {2}".format(python, self._app, facts["reason"])
            )
        return self._unless_running(facts)

    def _unless_running(self, facts):
        executable = facts["executable"]
        return None if os.path.realpath(executable) == interpreter.base_executable() else executable

    def _is_in_search_path(self):
        running = interpreter.base_executable()
        return not self._search or any(
            os.path.realpath(candidate) == running for candidate in _candidates(self._search)
        )

    def _best(self, reason):
        fitting = []
        turned_down = []
        if reason:
            turned_down.append((sys.executable, interpreter.version_text(), reason))
        paths = list(_candidates(self._search))
        while paths:
            batch, paths = paths[:PROBES_AT_ONCE], paths[PROBES_AT_ONCE:]
            for process in [self._ask(path) for path in batch]:
                facts = _listen(process)
                if facts is None:
                    continue
                if facts["reason"]:
                    version = ".".join(str(part) for part in facts["version"])
                    turned_down.append((facts["executable"], version, facts["reason"]))
                else:
                    fitting.append(facts)
        if not fitting:
            raise CannotStart(_explain(self._app, turned_down))
        return min(fitting, key=self._order)["executable"]

    def _order(self, facts):
        sign = -1 if self._strategy == "newest" else 1
        return [sign * part for part in facts["version"][:2]] + [-facts["version"][2]]

    def _facts(self, python):
        return _listen(self._ask(python))

    def _ask(self, python):
        import subprocess

        environ = dict(os.environ)
        environ[self._probe] = "1"
        try:
            with open(os.devnull, "r+b") as null:
                return subprocess.Popen(
                    [python, "-sE", self._app],
                    stdin=null,
                    stdout=subprocess.PIPE,
                    stderr=null,
                    env=environ,
                )
        except EnvironmentError:
            return None


def record(venv, text, python, activation):
    """Let the next start of the running interpreter go on in `python` at once, while PATH is the same.

    :param venv: Where the running interpreter's environment would be; `text` tells it from others.
    """
    settings = {"redirect": python, "path": os.environ.get("PATH")}
    try:
        if not os.path.isdir(venv):
            os.makedirs(venv)
        content = marshal.dumps((text, settings, activation["CODE"]))
        install.write_whole(os.path.join(venv, "boot"), content, 0o644)
    except OSError:
        # The next start chooses again.
        pass


def _candidates(search):
    """Every interpreter of PEX_PYTHON_PATH, else of PATH, once."""
    seen = set()
    for entry in (search or os.environ.get("PATH", "")).split(os.pathsep):
        if os.path.isdir(entry):
            paths = [os.path.join(entry, name) for name in sorted(os.listdir(entry))]
        else:
            paths = [entry]
        for path in paths:
            if not _is_interpreter_name(os.path.basename(path)) or not os.access(path, os.X_OK):
                continue
            real = os.path.realpath(path)
            # A shim is one file under many names, and each name starts another interpreter.
            identity = (real, os.path.basename(path)) if "shims" in real else real
            if identity not in seen and not os.path.isdir(real):
                seen.add(identity)
                yield path


def _is_interpreter_name(name):
    if name.lower().endswith(".exe"):
        name = name[:-4]
    for stem in NAME_STEMS:
        if name.startswith(stem):
            rest = name[len(stem) :].rstrip("t")
            return not rest or rest.replace(".", "").isdigit()
    return False


def _listen(process):
    if process is None:
        return None
    output = process.communicate()[0]
    try:
        facts = json.loads(output.decode("utf-8"))
        facts["executable"] = str(facts["executable"])
        return facts if process.returncode == 0 else None
    except (ValueError, KeyError, TypeError):
        return None


def _explain(app, turned_down):
    lines = ["no interpreter that can run {0} was found; tried".format(app)]
    for executable, version, reason in sorted(set(turned_down)):
        lines.append("  {0} ({1}): {2}".format(executable, version, reason.replace("\n", "\n  ")))
    lines.append("install one, or name one by PEX_PYTHON or PEX_PYTHON_PATH")
    return "\n".join(lines)
