"""Lists or extracts the distributions in a PEX file."""

import os
import re
import subprocess
import sys
import tempfile
from collections import OrderedDict

from boot.install import make_directory
from boot.tools import Failed, arguments, metadata, output


def add_arguments(parser):
    arguments.add_output(parser, "information on the distributions")
    arguments.needs_command(parser)
    commands = parser.add_subparsers(description="The action to perform on the distributions.")
    listing = commands.add_parser("info", help="Print the name, version and path of each.")
    listing.add_argument("-v", "--verbose", action="store_true", help="Also the requirements.")
    arguments.add_indent(listing, "JSON of --verbose")
    arguments.add_global(listing, verbosity=False)
    listing.set_defaults(run=print_info)
    add_extract(commands)


def add_extract(commands):
    parser = commands.add_parser("extract", help="Write each as a wheel file.")
    parser.add_argument(
        "-f",
        "--dest-dir",
        "--find-links",
        "--repo",
        metavar="PATH",
        help="The directory to write to.",
    )
    parser.add_argument(
        "-D", "--sources", action="store_true", help="Also an sdist of the app's own sources."
    )
    parser.add_argument(
        "--use-system-time",
        action="store_true",
        help="Date files by the clock. Otherwise it is 1980, and the same PEX file gives the same bytes.",
    )
    parser.add_argument("--serve", action="store_true", help="Serve the directory by HTTP.")
    parser.add_argument("--port", type=int, default=0, metavar="PORT", help="The port for that.")
    parser.add_argument(
        "--pid-file", metavar="PATH", help="A file for the server's <process id>:<port>."
    )
    arguments.add_global(parser)
    parser.set_defaults(run=extract)


def print_info(subject, options):
    with output.opened(options) as stream:
        for wheel in subject.wheels:
            name = metadata.name(subject, wheel)
            location = os.path.join(subject.directory(wheel), "lib")
            if not options.verbose:
                stream.write("{0} {1} {2}\n".format(name, wheel["version"], location))
                continue
            specifiers = wheel["requires_python"]
            facts = [
                ("project_name", name),
                ("version", wheel["version"]),
                (
                    "requires_python",
                    ",".join(sorted("".join(pair) for pair in specifiers)) if specifiers else None,
                ),
                ("requires_dists", [data["text"] for data in subject.requires(wheel)]),
                ("location", location),
            ]
            output.dump_json(options, OrderedDict(facts), stream)


def extract(subject, options):
    from boot.tools import wheel_file

    if not options.serve and not options.dest_dir:
        raise Failed("Specify a --find-links directory to extract wheels to.")
    if options.dest_dir:
        directory = os.path.abspath(os.path.expanduser(options.dest_dir))
    else:
        directory = tempfile.mkdtemp(prefix="czex-")
    make_directory(directory)
    if options.sources:
        from boot.tools import sdist

        sdist.write(subject, directory, options.use_system_time)
    with output.opened(options) as stream:
        for wheel in subject.wheels:
            path = wheel_file.write(subject, wheel, directory, options.use_system_time)
            stream.write(
                "{0} {1}: Repacked wheel as {2}\n".format(
                    metadata.name(subject, wheel), wheel["version"], path
                )
            )
        if options.serve:
            serve(subject, options, directory, stream)


def serve(subject, options, directory, stream):
    module = "SimpleHTTPServer" if sys.version_info[0] == 2 else "http.server"
    # Without -u, the line with the port would stay in a buffer.
    argv = [sys.executable, "-u", "-m", module, str(options.port)]
    process = subprocess.Popen(argv, cwd=directory, stdout=subprocess.PIPE)
    try:
        line = process.stdout.readline().decode("utf-8", "replace")  # type: ignore[union-attr]
        match = re.match(r"Serving HTTP on \S+ port (\d+)", line)
        if not match:
            raise Failed("The server could not be started on port {0}.".format(options.port))
        port = match.group(1)
        stream.write(
            "Serving find-links repo of {0} via {1} at http://localhost:{2}\n".format(
                subject.app, directory, port
            )
        )
        stream.flush()
        if options.pid_file:
            output.make_parent(options.pid_file)
            with open(options.pid_file, "w") as pid_file:
                pid_file.write("{0}:{1}".format(process.pid, port))
        code = process.wait()
        if code:
            raise Failed(" ".join(argv), code)
    except KeyboardInterrupt:
        stream.write("Shut down server for find links repo at {0}.\n".format(directory))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
