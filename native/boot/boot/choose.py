"""Chooses the interpreter to run in, where the running one doesn't fit or another was asked for.

The running one wins if it is among those that may be chosen and fits; else the strategy of the PEX decides. See the Pex
docs on PEX_PYTHON and PEX_PYTHON_PATH.
"""

import marshal
import os
import sys

from boot import code_of, install, interpreter
from boot.candidates import Search, contain
from boot.fail import CannotStart

# What the environment says of where to look, apart from what PEX_* variables say.
ENVIRONMENT = ("PATH", "PYENV_VERSION")
INACTIVE = "no active pyenv version has it"


class Choice(object):
    """A choice among the interpreters that PEX_PYTHON, PEX_PYTHON_PATH or PATH lead to.

    :param manifest: That of the app.
    :param facts: The `facts.Facts` about them.
    :param strategy: "oldest" or "newest", of PEX-INFO's `interpreter_selection_strategy`.
    :param reason: Why the running one doesn't fit, or None.
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
        # Whether what was chosen is known from an earlier start.
        self.is_cached = False

    def python(self):
        """The interpreter to start over in, or None to stay in the running one.

        Raises CannotStart, with every candidate and why it was turned down, if none fits.
        """
        if self._python and os.path.isabs(self._python):
            return self._required()
        entries = self._search_path or os.environ.get("PATH", "").split(os.pathsep)
        # PEX_PYTHON_PATH alone decides where both are set.
        name = os.path.basename(self._python) if self._python and not self._search_path else None
        candidates = self._search.candidates(entries, name)
        others = [python for python in candidates if not self._is_running(python)]
        if self._search_path:
            excluded = "it is not on PEX_PYTHON_PATH"
            allowed = contain(entries, self._running)
        else:
            excluded = "PEX_PYTHON names another interpreter"
            allowed = name in (None, os.path.basename(self._running))
        if not self._reason and (allowed or len(others) < len(candidates)):
            return None
        reason = self._reason or excluded
        self._turn_down(self._running, interpreter.name(), reason)
        return self._best(others)

    def record(self, venv, text, python, activation):
        """Let the next start of the running interpreter go on in `python` at once, while nothing has changed.

        :param venv: Where the running interpreter's environment would be; `text` tells it from others.
        :param activation: The code of `activate.py`.
        """
        settings = {
            "activation": activation,
            "directory": self._search.directory,
            "environ": [(name, os.environ.get(name)) for name in ENVIRONMENT],
            "python": python,
            "version_file": self._search.version_file,
            "watched": sorted(self._search.watched.items()),
        }
        content = marshal.dumps((text, settings, code_of("redirect")))
        try:
            install.write_whole(os.path.join(venv, "boot"), content)
            return True
        except OSError:
            # The next start chooses again.
            return False

    def _is_running(self, python):
        return os.path.realpath(python) == self._running

    def _required(self):
        """The interpreter that PEX_PYTHON names by an absolute path."""
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
        fitting = []
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
        """The error where no interpreter could help, for one of these reasons."""
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
    """The interpreter that has answered, where `python` only starts it."""
    executable = facts.get("executable")
    if not executable or os.path.realpath(executable) == os.path.realpath(python):
        return python
    return executable


def question(ignore_errors):
    """What the answer of an interpreter depends on beside itself: a request, the machine and its libraries."""
    parts = ["ignore errors" if ignore_errors else "all"]
    parts += list(os.uname()[2:]) if hasattr(os, "uname") else [sys.platform]
    try:
        parts.append(os.confstr("CS_GNU_LIBC_VERSION") or "")
    except (AttributeError, OSError, ValueError):
        pass
    return " ".join(parts)
