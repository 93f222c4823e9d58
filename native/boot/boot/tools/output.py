"""Write the output of the tools, and run the programs that they need."""

import contextlib
import json
import os
import subprocess
import sys

from boot.install import make_directory, unique_name
from boot.tools import Failed


def is_stdout(options):
    return options.output in (None, "", "-")


@contextlib.contextmanager
def opened(options, binary=False):
    """Open the stream that `--output` names."""
    if is_stdout(options):
        yield getattr(sys.stdout, "buffer", sys.stdout) if binary else sys.stdout
        return
    make_parent(options.output)
    with open(options.output, "wb" if binary else "w") as stream:
        yield stream


@contextlib.contextmanager
def whole(path):
    """Provide the name of a temporary file, which becomes `path` at the end, or is removed after an error."""
    temporary = "{0}.{1}.tmp".format(path, unique_name())
    try:
        yield temporary
        getattr(os, "replace", os.rename)(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def make_parent(path):
    make_directory(os.path.dirname(os.path.abspath(path)))


def dump_json(options, value, stream):
    # By default, Python 2.7 ends lines with a space.
    separators = (",", ": ") if options.indent else None
    json.dump(value, stream, indent=options.indent, separators=separators)
    stream.write("\n")


def run_program(argv, url, error, **kwargs):
    """Run a program and wait for it. Raises Failed with the text `error` if it doesn't exist or fails."""
    try:
        code = subprocess.call(argv, **kwargs)
    except OSError as reason:
        raise Failed(
            "{0}\nIs `{1}` on PATH? {2}\nSee {3}".format(error, argv[0], reason.strerror, url)
        )
    if code != 0:
        raise Failed("{0}\n{1} ended with exit code {2}".format(error, argv[0], code), code)
