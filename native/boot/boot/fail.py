"""End the start with one message."""

import sys

EXIT_CODE = 1


class CannotStart(Exception):
    """The reason why the app can't be started: the event, the file, and a hint on how to correct it."""


def stop(error):
    tell("czex: can't start {0}: {1}".format(sys.argv[0], error))
    sys.exit(EXIT_CODE)


def tell(message):
    """Print a message on stderr, unless this process has none, as with `pythonw`."""
    if sys.stderr:
        sys.stderr.write(message + "\n")
        sys.stderr.flush()
