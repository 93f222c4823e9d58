"""Ends the start with one message, for the person who reads it at 3 am."""

import sys

EXIT_CODE = 1


class CannotStart(Exception):
    """Why the app can't be started: what happened, to which file, and what to do."""


def stop(error):
    sys.stderr.write("czex: can't start {0}: {1}\n".format(sys.argv[0], error))
    sys.stderr.flush()
    sys.exit(EXIT_CODE)
