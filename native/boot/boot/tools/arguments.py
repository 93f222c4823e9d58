"""Parse the command line of the tools, which has the same options as Pex's."""

import argparse
import os
import sys
import tempfile

from boot import variables_reader
from boot.fail import CannotStart


def parse(subject):
    """Return the parsed options. Their `run` is a function that takes the subject and the options."""
    # These modules import this one.
    from boot.tools import graph, info, interpreter, platforms, repository, venv

    name = os.path.relpath(subject.app)
    name = subject.app if name.startswith(os.pardir) else os.path.join(os.curdir, name)
    parser = argparse.ArgumentParser(
        prog="PEX_TOOLS=1 {0}".format(name),
        description="Tools for working with {0}.".format(name),
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    version = subject.info.get("build_properties", {}).get("pex_version", "unknown")
    parser.add_argument("-V", "--version", action="version", version=version)
    needs_command(parser)
    commands = parser.add_subparsers(
        description="{0} can be operated on by any of these commands.".format(name)
    )
    for module in (info, interpreter, graph, platforms, repository, venv):
        summary = module.__doc__.partition("\n")[0]  # type: ignore[union-attr]
        command = commands.add_parser(
            module.__name__.rpartition(".")[2],
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
            help=summary,
            description=summary,
        )
        command.set_defaults(run=getattr(module, "run", None))
        module.add_arguments(command)
    return parser.parse_args(sys.argv[1:])


def needs_command(parser):
    def complain(subject, options):
        parser.error("a subcommand is required")

    parser.set_defaults(run=complain)


def add_output(parser, entity):
    parser.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        help="A file to write the {0} to; stdout by default, and for `-`.".format(entity),
    )


def add_indent(parser, entity):
    parser.add_argument(
        "-i", "--indent", type=int, help="The number of spaces to indent the {0} by.".format(entity)
    )


def add_global(parser, verbosity=True):
    group = parser.add_argument_group(title="Global options")
    if verbosity:
        group.add_argument(
            "-v",
            dest="verbosity",
            action="count",
            default=0,
            help="Print more details; can be repeated.",
        )
    group.add_argument(
        "--emit-warnings",
        dest="emit_warnings",
        action="store_true",
        default=True,
        help="Print warnings on stderr.",
    )
    group.add_argument(
        "--no-emit-warnings", dest="emit_warnings", action="store_false", help="Print no warnings."
    )
    group.add_argument(
        "--pex-root", metavar="PEX_ROOT", help="The directory that the cache is below."
    )
    group.add_argument(
        "--disable-cache", action="store_true", help="Use a temporary cache, removed at the end."
    )
    group.add_argument("--cache-dir", help="Deprecated: the same as --pex-root.")
    group.add_argument(
        "--tmpdir", default=tempfile.gettempdir(), help="The directory for temporary files."
    )
    group.add_argument("--rcfile", dest="rc_file", help="One more file with PEX_* variables.")


def apply_global(subject, options):
    if not hasattr(options, "rc_file"):
        return
    given, more = subject.variables, {}
    if options.rc_file and not given.flag("IGNORE_RCFILES"):
        more = variables_reader.read_rc_file(options.rc_file)
    subject.emits_warnings = options.emit_warnings and given.flag("EMIT_WARNINGS", True)
    directory = os.path.realpath(options.tmpdir)
    if not os.path.isdir(directory):
        raise CannotStart("--tmpdir={0} is not a directory".format(options.tmpdir))
    tempfile.tempdir = os.environ["TMPDIR"] = directory
    root = options.pex_root or options.cache_dir or not given.text("ROOT") and more.get("PEX_ROOT")
    if options.cache_dir:
        subject.warn("--cache-dir is deprecated; use --pex-root")
        if options.cache_dir != root:
            raise CannotStart("--cache-dir and --pex-root differ; give --pex-root alone")
    if options.disable_cache:
        import atexit
        import shutil

        root = tempfile.mkdtemp(prefix="czex-")
        atexit.register(shutil.rmtree, root, True)
    if root:
        os.environ["PEX_ROOT"] = root = os.path.abspath(os.path.expanduser(root))
        os.environ["PEXCZ_ROOT"] = os.path.join(root, "czex")
