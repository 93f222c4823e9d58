"""Prints the path of the interpreter to run a PEX file with."""

import os
import sys
from collections import OrderedDict

from boot import candidates, cold, facts, interpreter, markers
from boot.tools import arguments, output


def add_arguments(parser):
    arguments.add_output(parser, "path of the interpreter")
    parser.add_argument(
        "-a", "--all", action="store_true", help="Print all that fit, the preferred one first."
    )
    parser.add_argument(
        "-v",
        "--verbose",
        action="count",
        default=0,
        help="Print JSON: with the requirement and the platform; twice: also the supported tags; "
        "three times: also the environment markers, and whether it is a virtual environment's.",
    )
    arguments.add_indent(parser, "JSON")
    arguments.add_global(parser, verbosity=False)


def run(subject, options):
    if options.indent and not options.verbose:
        sys.stderr.write(
            "WARNING: Ignoring --indent={0} since --verbose mode is not enabled.\n".format(
                options.indent
            )
        )
    with output.opened(options) as stream:
        if options.verbose:
            output.dump_json(options, description(options.verbose), stream)
        else:
            stream.write(path() + "\n")
        if options.all:
            stream.flush()
            for text in others(subject, options):
                stream.write(text)


def path():
    return interpreter.base_executable()


def requirement():
    name = interpreter.implementation()
    if name == "CPython" and sys.version_info >= (3, 13):
        name += "+t" if interpreter.is_free_threaded() else "-t"
    return "{0}=={1}".format(name, interpreter.version_text())


def description(verbosity):
    from boot.tools import supported_tags

    supported = supported_tags.supported_tags()
    best = supported[0].split("-")
    platform = "{0}-{1}-{2}-{3}".format(best[2], best[0][:2], interpreter.version_text(), best[1])
    items = [("path", path()), ("requirement", requirement()), ("platform", platform)]
    if verbosity > 1:
        items.append(("supported_tags", supported))
    if verbosity > 2:
        items += [("env_markers", markers.environment()), ("venv", False)]
    return OrderedDict(items)


def others(subject, options):
    """Run this tool in each interpreter that fits, except for the running one, and return the outputs."""
    if subject.variables.text("PYTHON"):
        sys.stderr.write(
            "WARNING: Ignoring PEX_PYTHON={0} in order to scan for all compatible "
            "interpreters.\n".format(subject.variables.text("PYTHON"))
        )
    argv = [subject.app, "interpreter"] + ["-v"] * options.verbose
    if options.indent:
        argv += ["--indent", str(options.indent)]
    environ = dict(os.environ, PEX_TOOLS="1")
    environ[cold.CHOSEN] = "asked"
    seen = set([os.path.realpath(interpreter.base_executable())])
    entries = subject.variables.paths("PYTHON_PATH") or os.environ.get("PATH", "").split(os.pathsep)
    for candidate in candidates.Search().candidates(entries):
        if os.path.realpath(candidate) in seen:
            continue
        text = answer([candidate, "-sE"] + argv, environ)
        if text and text not in seen:
            seen.update((text, os.path.realpath(candidate)))
            yield text


def answer(argv, environ):
    try:
        process = facts.start(argv, environ)
    except EnvironmentError:
        return None
    text = facts.outputs(process)[0].decode("utf-8", "replace")
    return str(text) if process.returncode == 0 else None
