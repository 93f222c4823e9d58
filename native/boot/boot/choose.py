"""Choose the interpreter to run in, if the running one doesn't fit or a variable names another.

The running interpreter wins if it may be chosen and fits; otherwise the strategy of the PEX decides. The Pex docs on
PEX_PYTHON and PEX_PYTHON_PATH describe the rules.
"""

import marshal
import os
import sys

from boot import code_of, install, interpreter
from boot.candidates import Search, contain, is_named
from boot.fail import CannotStart

# Beside the PEX_* variables, these decide where to search.
ENVIRONMENT = ("PATH", "PYENV_VERSION")
INACTIVE = "no active pyenv version has it"


class Choice(object):
    """A choice among the interpreters on PEX_PYTHON, PEX_PYTHON_PATH or PATH.

    :param manifest: The manifest of the app.
    :param facts: The `facts.Facts` about the interpreters.
    :param strategy: "oldest" or "newest", from `interpreter_selection_strategy` of PEX-INFO.
    :param reason: The reason why the running interpreter doesn't fit, or `None`.
    """

    def __init__(self, app, manifest, facts, strategy, variables, reason):
        self._app = app
        self._manifest = manifest
        self._facts = facts
        self._sign = -1 if strategy == "newest" else 1
        self._reason = reason
        self._python = variables.text("PYTHON")
        self._search_path = variables.paths("PYTHON_PATH")
        self._search = Search()
        self._running = interpreter.base_executable()
        self._turned_down = []
        self._reasons = []
        # Whether an earlier start has kept the facts about the chosen interpreter.
        self.is_cached = False

    def python(self):
        """Return the interpreter to start over in, or `None` to stay in the running one.

        Raises CannotStart if no candidate fits, with the reason why each was rejected.
        """
        if self._python and os.path.isabs(self._python):
            return self._required()
        entries = self._search_path or os.environ.get("PATH", "").split(os.pathsep)
        # If both are set, only PEX_PYTHON_PATH counts.
        name = os.path.basename(self._python) if self._python and not self._search_path else None
        candidates = self._search.candidates(entries, name)
        others = [python for python in candidates if not self._is_running(python)]
        if self._search_path:
            excluded = "it is not on PEX_PYTHON_PATH"
            allowed = contain(entries, self._running)
        else:
            excluded = "PEX_PYTHON names another interpreter"
            allowed = name is None or is_named(self._running, name)
        if not self._reason and (allowed or len(others) < len(candidates)):
            return None
        reason = self._reason or excluded
        self._turn_down(self._running, interpreter.name(), reason)
        return self._best(others)

    def record(self, venv, text, python):
        """Let the next start by the running interpreter continue in `python` at once, if nothing has changed.

        :param venv: The directory that the running interpreter's environment would have; `text` identifies that interpreter.
        """
        redirect = {
            "activate": code_of("activate"),
            "directory": self._search.directory,
            "environ": [(name, os.environ.get(name)) for name in ENVIRONMENT],
            "interpreter_text": text,
            "python": python,
            "redirect": code_of("redirect"),
            "version_file": self._search.version_file,
            "watched": sorted(self._search.watched.items()),
        }
        try:
            install.write_whole(os.path.join(venv, "redirect"), marshal.dumps(redirect))
            return True
        except OSError:
            # The next start chooses again.
            return False

    def _is_running(self, python):
        return os.path.realpath(python) == self._running

    def _required(self):
        """Return the interpreter that PEX_PYTHON names by an absolute path, or `None` if it is the running one."""
        python = self._search.started_by(self._python)
        if python is None:
            words = self._facts.words(self._python)
            raise self._unusable("{0}: {1}".format(INACTIVE, words) if words else INACTIVE)
        if self._is_running(python):
            reason = self._reason
        else:
            facts = self._facts.of([python])[0]
            python, reason = itself(python, facts), facts["reason"]
            self.is_cached = "cached" in facts
        if not reason and self._search_path and not self._is_on_search_path(python):
            reason = "it is not on PEX_PYTHON_PATH={0}".format(os.pathsep.join(self._search_path))
        if reason:
            raise self._unusable(reason)
        return None if self._is_running(python) else python

    def _is_on_search_path(self, python):
        real = os.path.realpath(python)
        candidates = self._search.candidates(self._search_path)
        return contain(self._search_path, real) or real in map(os.path.realpath, candidates)

    def _unusable(self, reason):
        return self._built_elsewhere([reason]) or CannotStart(
            "PEX_PYTHON={0} can't run it: {1}; unset PEX_PYTHON, or name another interpreter".format(
                self._python, reason
            )
        )

    def _best(self, candidates):
        fitting = []  # type: list
        for python, facts in zip(candidates, self._facts.of(candidates)):
            if facts["reason"]:
                self._turn_down(python, facts.get("name"), facts["reason"])
                continue
            python = itself(python, facts)
            if self._is_running(python):
                return None
            fitting.append((self._rank(facts["version"]), len(fitting), python, "cached" in facts))
        if not fitting:
            raise self._built_elsewhere(self._reasons) or CannotStart(self._explain())
        python, self.is_cached = min(fitting)[2:]
        return python

    def _built_elsewhere(self, reasons):
        """Return the error if, for one of these reasons, no interpreter on this machine could run the app; else `None`."""
        from boot import unresolved

        errors = [unresolved.built_elsewhere(self._app, self._manifest, one) for one in reasons]
        return ([error for error in errors if error] or [None])[0]

    def _rank(self, version):
        return [self._sign * part for part in version[:2]] + [-version[2]]

    def _turn_down(self, python, name, reason):
        self._reasons.append(reason)
        text = python + (" ({0})".format(name) if name else "")
        self._turned_down.append("{0}: {1}".format(text, reason.replace("\n", "\n  ")))

    def _explain(self):
        hint = "install one, or name one in PEX_PYTHON or PEX_PYTHON_PATH"
        if self._search_path:
            place = "PEX_PYTHON_PATH={0}".format(os.pathsep.join(self._search_path))
            hint = "unset PEX_PYTHON_PATH, or add one that can"
        else:
            from boot import pyenv

            place = "PATH={0}".format(os.pathsep.join(pyenv.callers_path()))
            if self._python:
                place += " for PEX_PYTHON={0}".format(self._python)
                hint = "unset PEX_PYTHON, or name another interpreter"
                for shim in self._search.inactive:
                    words = self._facts.words(shim) or INACTIVE
                    self._turn_down(shim, None, words)
        lines = ["found no interpreter that can run it; tried:"]
        lines += ["  " + text for text in self._turned_down]
        lines += ["searched " + place, hint]
        return "\n".join(lines)


def itself(python, facts):
    """Return the interpreter that has answered; `python` may be a program that starts it."""
    executable = facts.get("executable")
    if not executable or os.path.realpath(executable) == os.path.realpath(python):
        return python
    return executable


def question(ignore_errors):
    """Return the facts that an interpreter's answer depends on: a variable, the machine and its C library."""
    parts = ["ignore errors" if ignore_errors else "all"]
    parts += list(os.uname()[2:]) if hasattr(os, "uname") else [sys.platform]
    try:
        parts.append(os.confstr("CS_GNU_LIBC_VERSION") or "")
    except (AttributeError, OSError, ValueError):
        pass
    return " ".join(parts)
