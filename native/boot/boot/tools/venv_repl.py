"""Run an interactive interpreter with the app's modules; PEX_INTERPRETER_HISTORY enables its history."""

import code
import os
import sys


def remember(path):
    import atexit
    import readline

    try:
        readline.read_history_file(path)
    except EnvironmentError as error:
        sys.stderr.write("czex: can't read the history {0}: {1}\n".format(path, error))
    readline.set_history_length(1000)
    atexit.register(readline.write_history_file, path)


def main():
    asked = os.environ.pop("PEX_INTERPRETER_HISTORY", "").lower() in ("1", "true")
    path = os.environ.pop("PEX_INTERPRETER_HISTORY_FILE", "") or "~/.python_history"
    try:
        import readline
        import rlcompleter

        readline.set_completer(rlcompleter.Completer().complete)
        readline.parse_and_bind("tab: complete")
    except ImportError:
        asked = False
    if asked:
        remember(os.path.expanduser(path))
    sys.path.insert(0, "")
    code.InteractiveConsole({"__name__": "__console__", "__doc__": None}).interact()


if __name__ == "__main__":
    main()
