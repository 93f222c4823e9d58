"""Ends the start with one message, for the person who reads it at 3 am."""

import sys

EXIT_USAGE = 1
EXIT_CANNOT_LAUNCH = 2


class CannotStart(Exception):
    """Why the app can't be started: what happened, to which file, and what to do."""

    def __init__(self, message, code=EXIT_USAGE):
        super(CannotStart, self).__init__(message)
        self.code = code


def stop(error):
    sys.stderr.write("czex: {0}\n".format(error))
    sys.stderr.flush()
    sys.exit(error.code)
