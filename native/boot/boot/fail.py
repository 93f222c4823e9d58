"""Ends the start with one message, for the person who reads it at 3 am."""

import sys

EXIT_CODE = 1


class CannotStart(Exception):
    """Why the app can't be started: what happened, to which file, and what to do."""


def stop(error):
    sys.stderr.write("czex: {0}\n".format(error))
    sys.stderr.flush()
    sys.exit(EXIT_CODE)
