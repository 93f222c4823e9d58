"""Start a CZEX if the warm path can't: it is not installed yet, or a variable changes the start.

The steps are: read the variables, choose the interpreter, choose the wheels, install, run.
"""

import gc
import os
import sys

from place import cache_root

import boot
from boot import activate, fail, install, keep, resolve, warm
from boot.archive import Archive
from boot.environment import Environment
from boot.fail import CannotStart
from boot.variables import Variables

# Variables between the processes of one start. If one of them is set, the warm path leaves the start to the cold path.
PROBE = "_CZEX_COLD_PROBE"
CHOSEN = "_CZEX_COLD_CHOSEN"
TEMPORARY = "_CZEX_COLD_TEMPORARY"


def start(app, path):
    """Install `app` if need be, and return the function that runs it.

    :param path: `sys.path` as the interpreter had it.
    """
    try:
        return ColdStart(app).run(path)
    except CannotStart as error:
        fail.stop(error)
    except MemoryError:
        fail.stop(CannotStart("out of memory; free some memory and start again"))
    except EnvironmentError as error:
        fail.stop(refused(error))


def settings_for_import(app):
    """Install `app` if need be, for the running interpreter, and return its record. Raises ImportError if that fails."""
    try:
        cold = ColdStart(app)
        packs = resolve.resolve(cold.manifest, cold.ignore_errors)
        return cold.installed(packs)[1]
    except CannotStart as error:
        raise ImportError("can't import from {0}: {1}".format(app, error))
    except EnvironmentError as error:
        raise ImportError("can't import from {0}: {1}".format(app, refused(error)))


def refused(error):
    """Return the error for a failed system call that a start needs."""
    return CannotStart("{0}: {1}".format(error.filename or "a system call failed", error.strerror))


class ColdStart(object):
    def __init__(self, app):
        self._keeper = keep.Keeper(self._log)
        loader = boot.main.__loader__
        if hasattr(loader, "place"):
            from boot.packed import Directory

            self._archive = Directory(loader.place, loader, boot.files)  # type: Archive
        else:
            self._archive = Archive(app, loader, boot.files)
        # Python has run these files without a check of their checksums.
        self._archive.read("__main__.py")
        if boot.main.__name__ == "czex_main":
            self._archive.read("__pex__/__init__.py")
        self._app, self._way_in = self._archive.path, app
        self._variables = self._read_variables(app)
        self._verbose = self._variables.number("VERBOSE")
        self.manifest, self._info = boot.manifest, boot.info
        self.ignore_errors = self._variables.flag(
            "IGNORE_ERRORS", bool(self._info.get("ignore_errors"))
        )
        # A text that differs if variables change the environment itself.
        self._variant = ""
        if self._variables.given:
            from boot import asked

            self._info, self._variant = asked.info(self._variables, self._info)
        self._text = warm.interpreter_text()
        self._composition = None
        self._temporary = os.environ.pop(TEMPORARY, None)
        self._is_new = False
        self._checked_root = None

    def _read_variables(self, app):
        rc_files = warm.rc_files(app)
        own = dict((name, os.environ[name]) for name in os.environ if name.startswith("PEX_"))
        variables = Variables(own)
        if not variables.given and not any([os.access(path, os.F_OK) for path in rc_files]):
            return variables
        from boot import variables_reader

        # Only the first process of a start prints warnings.
        later = (PROBE, CHOSEN, activate.REEXECUTED)
        is_first = not any(name in os.environ for name in later)
        return variables_reader.read_variables(own, rc_files, boot.info, is_first)

    def run(self, path):
        """Install the app if need be, and return the function that runs it.

        :param path: `sys.path` as the interpreter had it.
        """
        packs = self._choose_interpreter()
        if self._variables.flag("TOOLS"):
            from boot import toolbox

            toolbox.run(
                self._app, self._archive, self._info, packs, self._variables, self.installed
            )
        environment, settings = self.installed(packs)
        if not self._variant:
            self._keeper.keep(environment, settings)
        # A new environment lacks the bytecode that this start makes.
        settings["learns"] = not self._is_new
        if self._verbose > 0:
            settings["log"] = self._log
        # The stamps of other apps were read just now.
        settings["composed"] = []
        if self._temporary:
            settings["for_restart"] = [(TEMPORARY, self._temporary)]
        if self._variables.given:
            from boot import asked

            asked.adapt(settings, self._variables, environment)
        if activate.wants_repl(settings):
            from boot import repl

            settings["repl"] = repl.Repl(self._variables, environment).run
        # The modules are removed only from `sys.modules`. The app may still need some of them, such as the REPL.
        settings["modules"] = boot.forget()
        gc.enable()
        sys.path[:] = path
        start = activate.run(settings, self._way_in)
        assert start, "the cold path can't leave the start to itself"
        return start

    def _log(self, message):
        if self._verbose > 0:
            sys.stderr.write("czex: {0}\n".format(message))

    def _choose_interpreter(self):
        """Return the packs for the running interpreter, or start over in another one if the rules say so."""
        packs = reason = None
        try:
            packs = resolve.resolve(self.manifest, self.ignore_errors)
        except resolve.Unresolvable as error:
            reason = str(error)
        if os.environ.pop(PROBE, None):
            from boot import facts

            facts.answer(reason)
        chosen = os.environ.pop(CHOSEN, None)
        asked = self._variables.text("PYTHON") or self._variables.paths("PYTHON_PATH")
        if reason and chosen == "asked":
            raise CannotStart("{0}: {1}".format(sys.executable, reason))
        if reason or asked and not chosen:
            self._start_over(reason, chosen)
        return packs

    def _start_over(self, reason, chosen):
        """Choose an interpreter and start over in it, unless it is the running one.

        :param chosen: Set if an earlier process has chosen the running interpreter, which doesn't fit after all.
        """
        from boot import choose, facts

        venv = self._venv(self._root())
        path = os.path.join(os.path.dirname(venv), "interpreters")
        answers = facts.Facts(self._app, PROBE, path, choose.question(self.ignore_errors))
        if chosen:
            answers.forget()
        strategy = self._info.get("interpreter_selection_strategy") or "oldest"
        choice = choose.Choice(self._app, self.manifest, answers, strategy, self._variables, reason)
        python = choice.python()
        if python is None:
            return
        self._log("restarting in {0}".format(python))
        if reason and not self._variables.given and choice.record(venv, self._text, python):
            self._keeper.tell_sh_header(venv)
        os.environ[CHOSEN] = "cached" if choice.is_cached else "asked"
        if self._temporary:
            os.environ[TEMPORARY] = self._temporary
        try:
            activate.reexecute(python)
        except OSError as error:
            raise CannotStart("{0} can't be executed: {1}".format(python, error.strerror))

    def _root(self):
        """Return the directory of the cache. It is a temporary one if other users could have changed the configured one."""
        if self._checked_root is None:
            environ = dict(os.environ)
            environ["PEX_ROOT"] = self._variables.text("ROOT") or ""
            root = os.path.abspath(cache_root(environ.get, boot.info.get("pex_root") or ""))
            try:
                if os.path.exists(root):
                    install.check_root(root)
            except OSError as error:
                root = self._use_temporary_root(root, error)
            self._checked_root = root
        return self._checked_root

    def _use_temporary_root(self, root, error):
        from boot import temporary

        self._temporary = temporary.temporary_root(root, error, self._temporary)
        return self._temporary

    def _venv(self, root):
        key = self._composition.key() if self._composition else ""
        return warm.venv_dir(root, self._text + self._variant + key)

    def _compose(self, root):
        """Find the other apps that PEX_PATH or PEX-INFO adds."""
        if self._info.get("pex_paths") or self._info.get("pex_path"):
            from boot.composition import Composition, built_in_path

            paths = built_in_path(self._info)
            cache = os.path.join(root, "pexes")
            self._composition = Composition(paths, cache, self.ignore_errors)

    def installed(self, packs):
        """Return the installed environment, and its record."""
        root = self._root()
        self._compose(root)
        environment = self._environment(root, packs)
        record = self._load(environment.venv)
        if record:
            return environment, record
        try:
            install.make_root(root)
            install.check_root(root)
        except OSError as error:
            root = self._checked_root = self._use_temporary_root(root, error)
            environment = self._environment(root, packs)
        if os.path.lexists(environment.venv):
            from boot import rescue

            rescue.discard(environment.venv, self._load)
        self._log("installing into {0}".format(environment.venv))
        try:
            executable = install.runtime(self._archive, self.manifest, root)
            code = install.run_runtime(executable, environment.plan(executable))
        except OSError as error:
            raise CannotStart(
                "{0}: {1}; free space or allow access there, or set PEXCZ_ROOT to another directory".format(
                    error.filename or root, error.strerror
                )
            )
        if code != 0:
            if 0 < code < install.NOT_STARTED:
                # The runtime has printed a message.
                if code == install.CACHE_REFUSED:
                    from boot import rescue

                    rescue.tell_of_space(self._app, environment)
                sys.exit(code)
            from boot import rescue

            raise rescue.runtime_failure(executable, code)
        record = self._load(environment.venv)
        if not record:
            raise CannotStart(
                "{0} was installed, but can't be read; remove it and start again".format(
                    environment.venv
                )
            )
        self._is_new = True
        return environment, record

    def _load(self, venv):
        return warm.load(venv, self._text)

    def _environment(self, root, packs):
        return Environment(
            root,
            self._venv(root),
            self._text,
            self._archive,
            self._info,
            packs,
            self._composition,
        )
