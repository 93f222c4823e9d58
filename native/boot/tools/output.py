"""Where the tools write to, and the programs that they start."""

import contextlib
import json
import os
import subprocess
import sys

from boot.tools import Failed


def is_stdout(options):
    return options.output in (None, "", "-")


@contextlib.contextmanager
def opened(options, binary=False):
    """The stream that `--output` names."""
    if is_stdout(options):
        yield getattr(sys.stdout, "buffer", sys.stdout) if binary else sys.stdout
        return
    make_parent(options.output)
    with open(options.output, "wb" if binary else "w") as stream:
        yield stream


def make_parent(path):
    make_directory(os.path.dirname(os.path.abspath(path)))


def make_directory(path):
    try:
        os.makedirs(path)
    except OSError:
        if not os.path.isdir(path):
            raise


def dump_json(options, value, stream):
    # Python 2.7 would end lines with a space.
    separators = (",", ": ") if options.indent else None
    json.dump(value, stream, indent=options.indent, separators=separators)
    stream.write("\n")


class Ordered(dict):
    """A dict that JSON gets in the order it was given, on every Python."""

    def __init__(self, items):
        dict.__init__(self, items)
        self._items = items

    def items(self):
        return self._items

    iteritems = items


def run_program(argv, url, error, **kwargs):
    """Start a program and wait for it. Raises Failed, with `error`, if it isn't there or fails."""
    try:
        code = subprocess.call(argv, **kwargs)
    except OSError as reason:
        raise Failed(
            "{0}\nIs `{1}` on PATH? {2}\nSee {3}".format(error, argv[0], reason.strerror, url)
        )
    if code != 0:
        raise Failed("{0}\n{1} ended with exit code {2}".format(error, argv[0], code), code)
