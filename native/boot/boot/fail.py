"""End the start with one message."""

import sys

EXIT_CODE = 1


class CannotStart(Exception):
    """The reason why the app can't be started: the event, the file, and a hint on how to correct it."""


def stop(error):
    sys.stderr.write("czex: can't start {0}: {1}\n".format(sys.argv[0], error))
    sys.stderr.flush()
    sys.exit(EXIT_CODE)
