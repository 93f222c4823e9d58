"""Creates a virtual environment from a PEX file."""

import os
import subprocess
import sys

from boot import interpreter
from boot.fail import CannotStart
from boot.tools import Failed, arguments

SCOPES = ("all", "deps", "srcs")
STATE = ".pex-venv-scope"


def add_arguments(parser):
    parser.add_argument(
        "venv", nargs=1, metavar="PATH", help="The directory to create the environment in."
    )
    parser.add_argument(
        "--scope",
        default="all",
        choices=SCOPES,
        help="Install everything; or the dependencies and the sources in two steps, so that an image has "
        "them in two layers.",
    )
    parser.add_argument(
        "-b",
        "--bin-path",
        default="false",
        choices=("false", "prepend", "append"),
        help="Let the app find the environment's scripts on PATH.",
    )
    for flags, text in (
        (("-f", "--force"), "Overwrite the directory if it is there."),
        (("--collisions-ok",), "Only warn if distributions have different files of the same name."),
        (("-p", "--pip"), "Install pip, too."),
        (("--copies",), "Copy the interpreter instead of linking to it."),
        (("--site-packages-copies",), "Accepted; distributions are always copied."),
        (("--system-site-packages",), "Let it see the machine's site-packages."),
        (("--compile",), "Compile all Python files."),
    ):
        parser.add_argument(*flags, action="store_true", help=text)
    parser.add_argument("--prompt", help="The prompt that the activation scripts set.")
    parser.add_argument(
        "--non-hermetic-scripts",
        dest="hermetic_scripts",
        action="store_false",
        default=True,
        help="Let PYTHON* variables count for the environment's scripts.",
    )
    parser.add_argument(
        "--rm",
        "--remove",
        dest="remove",
        choices=("pex", "all"),
        help="Remove the PEX file when the environment is there; or that and the whole cache.",
    )
    arguments.add_global(parser, verbosity=False)


def run(subject, options):
    from boot.tools import collisions, staging, venv_base, venv_pip, venv_plan

    directory = os.path.abspath(options.venv[0])
    state = None if options.force else read_state(directory)
    check(directory, state, options)
    wanted = venv_plan.Wanted(subject, directory, options)
    if options.scope != "srcs":
        collisions.check(subject, wanted, options.collisions_ok)
    is_partial = state in ("deps", "srcs")
    with staging.Stage(directory, options.force) as stage:
        # Another process may have installed it meanwhile.
        check(directory, None if options.force else read_state(directory), options)
        wants_pip = options.pip and not (is_partial and venv_pip.is_in(directory))
        base = None
        if wants_pip or not is_partial:
            base = venv_base.create(stage, wanted, options)
        wanted.find_python(base or directory)
        if wants_pip:
            venv_pip.install(subject, base, wanted, options)
            if is_partial:
                venv_pip.leave_alone(base, wanted)
        made = wanted.install(stage)
        if base:
            staging.merge(base, made)
        if options.compile:
            compile_all(subject, made, directory)
        both = set((state, options.scope)) == set(("deps", "srcs"))
        with open(os.path.join(made, STATE), "w") as stream:
            stream.write("all" if both else options.scope)
        stage.publish(made)
    if options.compile and is_partial:
        compile_all(subject, directory, directory)
    if options.remove:
        remove(subject, options.remove)


def read_state(directory):
    """Return the scope that was installed there before, or `None`."""
    try:
        with open(os.path.join(directory, STATE)) as stream:
            return stream.read().strip()
    except EnvironmentError:
        return None


def check(directory, state, options):
    if os.path.lexists(directory) and not os.path.isdir(directory):
        raise CannotStart("{0} is not a directory".format(directory))
    if options.force:
        return
    is_there = os.path.lexists(os.path.join(directory, "pex"))
    if state == "all" or is_there and (options.scope != "deps" or state is None):
        raise Failed(
            "[Errno 17] File exists: there is an environment in {0}; --force overwrites it".format(
                directory
            )
        )
    if state and not os.path.isdir(os.path.join(directory, interpreter.site_packages())):
        raise CannotStart(
            "{0} was made for another Python than {1}; use that Python, or --force".format(
                directory, sys.executable
            )
        )


def compile_all(subject, made, directory):
    """Compile the files, with their final paths in the bytecode. Files with errors stay uncompiled."""
    argv = [sys.executable, "-sE", "-m", "compileall", "-q", "-d", directory, made]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = process.communicate()[0].decode("utf-8", "replace")
    if process.returncode:
        lines = [line for line in text.splitlines() if line.startswith("***")]
        subject.warn("not all files could be compiled:\n{0}".format("\n".join(lines) or text))


def remove(subject, scope):
    import shutil

    root = subject.environment().root
    if os.path.isdir(subject.app):
        shutil.rmtree(subject.app)
    else:
        os.unlink(subject.app)
    if scope == "all":
        shutil.rmtree(root)
