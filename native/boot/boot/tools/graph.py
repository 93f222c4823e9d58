"""Prints a dot graph of the dependencies in a PEX file."""

import os
import re
import subprocess
import sys
import tempfile
from collections import OrderedDict

from boot import markers
from boot.fail import CannotStart
from boot.tools import arguments, interpreter, metadata, output

GRAPHVIZ = "https://graphviz.org/"
HEAD = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*(.*)")


def add_arguments(parser):
    arguments.add_output(parser, "dot graph")
    parser.add_argument("-r", "--render", action="store_true", help="Render the graph by `dot`.")
    parser.add_argument("-f", "--format", default="svg", help="The format to render it in.")
    parser.add_argument(
        "--open", action="store_true", help="Render the graph, and open it in a viewer."
    )
    arguments.add_global(parser)


def run(subject, options):
    text = graph(subject)
    if not (options.render or options.open):
        with output.opened(options) as stream:
            stream.write(text)
        return
    if not options.open:
        with output.opened(options, binary=True) as stream:
            render(subject, options, text, stream)
        return
    if output.is_stdout(options):
        handle, options.output = tempfile.mkstemp(suffix=".deps." + options.format)
        os.close(handle)
    with output.opened(options, binary=True) as stream:
        render(subject, options, text, stream)
    opener = {"darwin": "open", "win32": "explorer"}.get(sys.platform, "xdg-open")
    with open(os.devnull, "wb") as null:
        try:
            subprocess.Popen([opener, options.output], stdout=null)
        except OSError as error:
            raise CannotStart(
                "{0} is rendered, but can't be opened: is `{1}` on PATH? {2}".format(
                    options.output, opener, error.strerror
                )
            )


def render(subject, options, text, stream):
    with tempfile.TemporaryFile() as source:
        source.write(text if isinstance(text, bytes) else text.encode("utf-8"))
        source.seek(0)
        stream.flush()
        output.run_program(
            ["dot", "-T", options.format],
            GRAPHVIZ,
            "The dependency graph of {0} can't be rendered.".format(subject.app),
            stdin=source,
            stdout=stream,
        )


def graph(subject):
    """Return the graph in the dot language, with the nodes before the edges."""
    label = "Dependency graph of {0} for interpreter {1} ({2})".format(
        subject.app, interpreter.path(), interpreter.requirement()
    )
    variables = dict(markers.environment(), extra="")
    present = set(wheel["project"] for wheel in subject.wheels)
    # A node that exists already keeps its position, and gets the newer attributes.
    nodes, edges = OrderedDict(), []
    for wheel in subject.wheels:
        name = metadata.name(subject, wheel)
        title = "{0} {1}".format(name, wheel["version"])
        nodes[name] = [("label", title)]
        for requirement in subject.requires(wheel):
            wanted, specifier, marker = split(requirement["text"])
            if requirement["project"] not in present and not markers.holds(
                requirement["marker"], variables
            ):
                style = [("color", "lightgrey"), ("style", "filled")]
                style += [("tooltip", "inactive requirement")]
                nodes[wanted] = style
            text = specifier + ("; " + marker if marker else "")
            attributes = ([("label", text)] if text else []) + [("fontsize", "10")]
            edges.append((name, wanted, attributes))
    lines = ["strict digraph {0} {{".format(quoted(subject.app))]
    lines.append(statement("graph", [("fontsize", "14"), ("labelloc", "t"), ("label", label)]))
    lines += [statement(quoted(name), attributes) for name, attributes in nodes.items()]
    lines += [
        statement("{0} -> {1}".format(quoted(start), quoted(end)), attributes)
        for start, end, attributes in edges
    ]
    return "\n".join(lines + ["}"]) + "\n"


def split(text):
    """The name, specifier and marker of a requirement as `packaging` writes it."""
    head, _, marker = text.partition(";")
    name, specifier = HEAD.match(head).groups()  # type: ignore[union-attr]
    return name, specifier.strip(), marker.strip()


def statement(subject, attributes):
    text = ", ".join("{0}={1}".format(key, quoted(value)) for key, value in attributes)
    return "{0} [{1}];".format(subject, text)


def quoted(text):
    return '"{0}"'.format(text.replace('"', '\\"'))
