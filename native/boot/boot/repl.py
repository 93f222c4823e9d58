"""Run the interactive interpreter of an app, with `pex()`, which describes the app, tab completion and an optional history."""

import code
import os
import sys


class Repl(object):
    """A REPL in the active environment.

    :param environment: The `Environment` that `pex()` describes.
    """

    def __init__(self, variables, environment):
        self._history = None
        if variables.flag("INTERPRETER_HISTORY"):
            self._history = os.path.expanduser(
                variables.text("INTERPRETER_HISTORY_FILE") or "~/.python_history"
            )
        self._info = environment.info
        self._wheels = [pack for pack in environment.packs if pack["kind"] == "wheel"]

    def run(self):
        """Read and execute until the input ends. Return the exit code."""
        namespace = sys.modules["__main__"].__dict__
        namespace["pex"] = About(self._info, self._wheels)
        self._enable_readline(namespace)
        console = code.InteractiveConsole(namespace)
        options = {"exitmsg": ""} if sys.version_info >= (3, 6) else {}
        console.interact(banner=self._banner(), **options)
        return 0

    def _banner(self):
        return (
            "CZEX hermetic environment with {0}.\n"
            "Python {1} on {2}\n"
            'Type "help", "pex", "copyright", "credits" or "license" for more information.'
        ).format(self._contents(), sys.version, sys.platform)

    def _contents(self):
        if not self._wheels:
            return "no dependencies"
        return "{0} and {1}".format(
            counted(self._info.get("requirements") or (), "requirement"),
            counted(self._wheels, "activated distribution"),
        )

    def _enable_readline(self, namespace):
        try:
            import readline
        except ImportError:
            return
        import rlcompleter

        readline.set_completer(rlcompleter.Completer(namespace).complete)
        # On macOS, `readline` may be libedit, whose configuration has another syntax.
        libedit = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
        if self._history:
            import atexit

            try:
                readline.read_history_file(self._history)
            except (EnvironmentError, ValueError):
                # There is no history yet.
                pass
            readline.set_history_length(1000)
            atexit.register(self._save_history, readline)

    def _save_history(self, readline):
        try:
            readline.write_history_file(self._history)
        except EnvironmentError as error:
            sys.stderr.write(
                "czex: can't write the history {0}: {1}\n".format(self._history, error.strerror)
            )


class About(object):
    """`pex` in the REPL."""

    def __init__(self, info, wheels):
        self._info = info
        self._wheels = wheels

    def __repr__(self):
        return "Type pex() for information about this app, or pex(json=True) for its PEX-INFO."

    def __call__(self, json=False):
        """Print the app's requirements and distributions.

        :param json: Print its PEX-INFO instead.
        """
        if json:
            from json import dumps

            print(dumps(self._info, indent=2, sort_keys=True))
            return
        lines = ["Running from CZEX file: {0}".format(os.environ["PEX"])]
        if self._wheels:
            lines += ["Requirements:"]
            lines += ["  " + str(text) for text in self._info.get("requirements") or ()]
            lines += ["Activated Distributions:"]
            lines += ["  " + wheel["name"] for wheel in self._wheels]
        print("\n".join(lines))


def counted(items, name):
    return "{0} {1}{2}".format(len(items), name, "" if len(items) == 1 else "s")
