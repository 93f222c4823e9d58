"""Lists the platforms that a PEX file can run on."""

import boot
from boot.tools import arguments, output


def add_arguments(parser):
    arguments.add_output(parser, "list")
    parser.add_argument("--json", action="store_true", help="Print the list as JSON.")
    arguments.add_indent(parser, "JSON")


def run(subject, options):
    names = sorted(boot.manifest["runtimes"])
    with output.opened(options) as stream:
        if options.json:
            output.dump_json(options, names, stream)
        else:
            stream.write("".join(name + "\n" for name in names))
