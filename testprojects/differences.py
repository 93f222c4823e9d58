"""What differs on purpose between a PEX and its CZEX: all of it, with the reasons. docs/differences.md shows this list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Pattern, Tuple

# What a shell script, the CZEX's own header included, and Pex may start.
SHELL_TOOLS = (
    *("cat", "dirname", "env", "id", "ldd", "ls", "mkdir", "readlink", "rm", "sh", "tr", "uname"),
)

# Not for apps: a shell's variables, macOS's, and those that Pex leaves behind for processes of its own.
NOT_FOR_APPS = (
    "_",
    "SHLVL",
    "PWD",
    "LC_CTYPE",
    "__CF_USER_TEXT_ENCODING",
    "_PEX_CACHE_ACCESS_LOCK",
    "__PEX_UNVENDORED__",
)

# Directories of virtual environments in a cache of either.
VENVS = r"/[^\s:'\"]*/(?:pex|czex)/venvs/"


@dataclass(frozen=True)
class Difference:
    """One difference, as the document's table has it, and what is left of it in a comparison.

    :param patterns: What it looks like in the output of either, and what stands for it.
    :param stderr: Whether all that is said on stderr may differ.
    """

    what: str
    pex: str
    czex: str
    why: str
    patterns: Tuple[Tuple[Pattern[str], str], ...] = ()
    stderr: bool = False

    def without(self, text: str) -> str:
        for pattern, replacement in self.patterns:
            text = pattern.sub(replacement, text)
        return text


def _pattern(pattern: str, replacement: str = "") -> Tuple[Tuple[Pattern[str], str], ...]:
    return ((re.compile(pattern, re.MULTILINE), replacement),)


CACHE = Difference(
    what="Where an app's files are, so the `__file__` of modules and the entries of `sys.path`",
    pex="below `$PEX_ROOT`: unzipped sources, each wheel by itself, or a venv",
    czex="in the one environment of the app, below the cache of CZEX files",
    why="wheels are shared between apps, and one directory is searched faster than one for each wheel",
    patterns=(
        *_pattern(VENVS + r"[^:'\"\s]*?(?=/bin|/lib|/__main__|[:'\"\s]|$)", "<venv>"),
        *_pattern(r"(<venv>/bin/(?:python|pypy))[0-9.]+", r"\1"),
        *_pattern(
            r"/[^\s:'\"]*/(?:installed_wheels/[^\s:'\"]*\.whl|czex/wheels/[0-9a-f]+/lib)", "<wheel>"
        ),
    ),
)
VENV_EVERYWHERE = Difference(
    what="`sys.executable`, `sys.prefix` and what follows from them, in zipapp mode",
    pex="the interpreter's",
    czex="the environment's, as in venv mode",
    why="only so do the processes that an app starts with `sys.executable` find its wheels",
    patterns=_pattern(r"^(?:executable|prefix|user site): .*\n"),
)
HOOKS = Difference(
    what="Import hooks that `.pth` files of the machine's site-packages have installed, in zipapp mode",
    pex="still there",
    czex="gone",
    why="they belong to packages that the app doesn't see",
    patterns=_pattern(r"^finders: .*\n"),
)
PTH_FILES = Difference(
    what="What a `.pth` file of the machine's site-packages has changed in modules of the standard library, in venv mode "
    "and where a virtual environment's Python starts the app",
    pex="gone: another interpreter runs the app",
    czex="still there, by every way to start it, as in zipapp mode",
    why="the interpreter that was started runs the app",
)
CUSTOMIZATION = Difference(
    what="What a `usercustomize`, or a `sitecustomize` in the machine's site-packages, has changed in the process, in "
    "zipapp mode",
    pex="still there",
    czex="gone, by every way to start it",
    why="it may have changed anything, and the app is not to see the machine's packages",
)
SUBINTERPRETERS = Difference(
    what="The app's modules in a subinterpreter, in zipapp mode",
    pex="not found",
    czex="found where the environment's own interpreter runs the app, as after a warm `./app.czex`; else not found",
    why="that interpreter has them on its path from the start",
)
FLAGS = Difference(
    what="`sys.flags` in venv mode, and whether variables such as PYTHONOPTIMIZE count",
    pex="flags of `-I`, before Python 3.4 of `-sE`, with which Pex restarts the interpreter; they don't",
    czex="flags as given; they do",
    why="the running interpreter becomes the environment's without a restart, and is isolated all the same",
    patterns=_pattern(r"^isolated: .*\n"),
)
COMMAND_LINE = Difference(
    what="The command line that `ps` and `sys.orig_argv` show",
    pex="of the restarted interpreter, with paths in the cache",
    czex="the one it was started by",
    why="nothing is restarted",
)
MAIN = Difference(
    what="What is in `__main__` while a function is the entry point",
    pex="the names and attributes of Pex's own `__main__.py`",
    czex="no names, and the attributes of the environment's `__main__.py`",
    why="Pex's are of no use to an app",
)
MESSAGES = Difference(
    what="The wording of messages, and what `PEX_VERBOSE` logs",
    pex="Pex's, for some mistakes a traceback",
    czex="messages that begin with `czex: `; the exit code is the same",
    why="each says what happened, to which file, and what to do",
    stderr=True,
)
TRACEBACKS = Difference(
    what="The first lines of the traceback of an app that failed",
    pex="in Pex's own modules",
    czex="in those of the boot",
    why="what starts the app is another program",
    patterns=_pattern(r"^  File .*\n(?:    .*\n)*"),
)
PROFILE = Difference(
    what="What a profile shows beside the app's own functions",
    pex="Pex's",
    czex="those of the boot",
    why="what calls the app is another program",
    patterns=_pattern(r"^ +[0-9/]+ .*\n"),
)
REPL = Difference(
    what="The banner of the interactive interpreter",
    pex="names Pex and its version",
    czex="names CZEX",
    why="it is none of Pex's",
    patterns=_pattern(r"^(?:Pex [0-9.]+|CZEX)(?= hermetic)", "<it>"),
)
TOOLS = Difference(
    what="What `PEX_TOOLS` offers and prints, where an older Pex has built the PEX",
    pex="that version's",
    czex="what version 2.105.2 does",
    why="one set of tools for all",
)
PLATFORMS = Difference(
    what="The tool `platforms`",
    pex="there in a PEX with a native runtime alone",
    czex="there",
    why="a CZEX has a native runtime",
    patterns=_pattern(r"(?<=[ ,])'?platforms'?,\s?"),
)
GRAPH = Difference(
    what="The nodes that the tool `graph` prints",
    pex="have links to a package index",
    czex="have none",
    why="nothing says that a distribution came from there",
    patterns=(
        *_pattern(r"(?:URL|target)=\"[^\"]*\"(?:, )?"),
        *_pattern(r", \]", "]"),
    ),
)
FLAGS_OF_PEX_INTERPRETER = Difference(
    what="`PEX_INTERPRETER=1` with flags for the interpreter, such as `-O`, in zipapp mode, for an app with an entry point",
    pex="the app is started as if the variable were not set",
    czex="the interpreter, with these flags",
    why="Pex forgets the variable when it restarts for the flags",
)
ODD_CACHES = Difference(
    what="A cache whose path has a space, is longer than a shebang may be, or can't be made",
    pex="console scripts fail; a warning; a traceback",
    czex="all is as usual; in the last case with a temporary cache",
    why="an app should not depend on where a home directory is",
    patterns=_pattern(r"^/.*: PEXWarning: .*\n  pex_warnings.warn\(\n"),
)
UNTRUSTED = Difference(
    what="A cache that another user has made, or that others can write to",
    pex="what is in it is run, by root too",
    czex="a temporary one, and a warning",
    why="whoever put something there could have others run it",
)
COMPILED = Difference(
    what="Warnings of Python's compiler, such as SyntaxWarning",
    pex="at the start that compiles the file",
    czex="at the start that compiles the file, which may be another one",
    why="the caches are different",
    patterns=_pattern(r"^/.*: (?:Syntax|Deprecation)Warning: .*\n(?:  .*\n)?"),
)
VARIABLES = Difference(
    what="`_PEX_CACHE_ACCESS_LOCK` and `__PEX_UNVENDORED__` in the environment",
    pex="there",
    czex="not there",
    why="they are for Pex's own processes",
)
DISABLED_VARIABLES = Difference(
    what="`PEX_DISABLE_VARIABLES` in venv mode",
    pex="disables some variables; the environment goes on reading others",
    czex="disables all",
    why="that is what it is for",
)
WARNINGS = Difference(
    what="Warnings: of deprecated variables with `PEX_EMIT_WARNINGS=0`, and that the environment for a PEX_PYTHON or "
    "PEX_PYTHON_PATH outlasts a change of the interpreter",
    pex="there",
    czex="not there",
    why="the first are not wanted; the second isn't so",
)
SHELL = Difference(
    what="`PWD` in the environment, where it was not set",
    pex="not set",
    czex="set, if the app was started by its header",
    why="the header is a shell script, and shells set it",
)
PACKAGES = Difference(
    what="A package or a directory that several wheels bring",
    pex="the first one may hide the others' part; in venv mode what a wheel puts into `bin` or `lib` as data gets lost",
    czex="merged, as an installer does it; where two bring the same file, the first one's counts; in zipapp mode a wheel "
    "that has another file for a module's name than an earlier one is apart, as in the PEX",
    why="wheels share one site-packages",
)
RECORDS = Difference(
    what="The paths that `importlib.metadata` tells of a wheel's data, scripts and headers",
    pex="of Pex's own layout, such as `.prefix/bin/tool`; in venv mode some of them don't exist",
    czex="those of the environment, such as `../../../bin/tool`, console scripts included",
    why="that is where the files are",
)
INSTALLERS = Difference(
    what="A wheel that the app's own pip has upgraded",
    pex="in venv mode, the version stays as it was, and the wheel that all apps share has the new code",
    czex="the new version is there until the app's environment is made anew; other apps keep theirs",
    why="no app may change what another one runs",
)
STRINGS_IN_MARKERS = Difference(
    what="Markers that compare strings by `<` or `>` before Python 3.8",
    pex="strings have an order",
    czex="they don't, as later",
    why="no marker needs it, and the boot has one set of rules",
)
OLD_METADATA = Difference(
    what="Metadata of old wheels that PEP 440 or PEP 508 doesn't allow",
    pex="an error at the start, on recent Pythons",
    czex="a specifier that isn't one holds; what can't be read at all is an error if the app needs it",
    why="the wheels are there, and fit",
)
VERSIONS = Difference(
    what="The version, where several of one project with equally good tags fit",
    pex="the highest, or by chance another",
    czex="the highest",
    why="by chance is no rule",
)
WHEEL_FILES = Difference(
    what="The hashes of wheels in PEX-INFO, in a CZEX that Pants has built",
    pex="of what Pex has installed",
    czex="of the wheel's file",
    why="Pants keeps each wheel as it is, which builds twice as fast",
)
PREAMBLE = Difference(
    what="The preamble of `pex --preamble-file`",
    pex="runs once or twice in a start, and never in a warm one by the header of `--venv --sh-boot`; it can import the "
    "app's own modules",
    czex="runs once in each process of a start, and in every start; it can't",
    why="every way to start the app is the same, and the app's files are in a pack then",
)
SH_BOOT_FLAGS = Difference(
    what="Flags for Python of `--inject-python-args` where the PEX has the header of `--sh-boot`",
    pex="given twice: `-O` is `-OO`",
    czex="given once",
    why="they were asked for once",
)
HEADER = Difference(
    what="What the header of `--sh-boot` starts",
    pex="the first interpreter on PATH by its name, whether it works or not",
    czex="the first that answers, at best one that fits the interpreter constraints",
    why="a shim of a version that is not active is no interpreter",
)
RC_FILE_OF_A_DIRECTORY = Difference(
    what="`.pexrc` beside the directory of a packed layout, and not in it",
    pex="counts for the first part of a start by `python app.pex`",
    czex="doesn't count; the one in it does",
    why="every way to start an app should give the same",
)
ON_PYTHONPATH = Difference(
    what="An app on PYTHONPATH, for a program that imports the app's own modules without `import __pex__`",
    pex="they are found, without its wheels",
    czex="they are not found: ModuleNotFoundError; `import __pex__` first, or `from __pex__ import mine`, finds both",
    why="they are in a pack, and to look into it would cost every start",
)
READ_BY_A_PEX = Difference(
    what="The app on the PEX_PATH of a PEX, or given to `pex --pex-path` or `pex --pex-repository`",
    pex="its distributions are added",
    czex="FileNotFoundError with `.bootstrap` or `.deps`, or, where that cache has unpacked the app's PEX before, as the PEX; "
    "give the PEX instead",
    why="Pex can't read packs; a CZEX has PEXes and CZEX files on its PEX_PATH",
)

# The warnings first: they begin with a path of the cache.
EVERYWHERE = (COMPILED, CACHE)
DIFFERENCES = (
    VENV_EVERYWHERE,
    FLAGS,
    CACHE,
    MAIN,
    HOOKS,
    PTH_FILES,
    CUSTOMIZATION,
    SUBINTERPRETERS,
    COMMAND_LINE,
    MESSAGES,
    TRACEBACKS,
    PROFILE,
    ODD_CACHES,
    UNTRUSTED,
    COMPILED,
    VARIABLES,
    DISABLED_VARIABLES,
    WARNINGS,
    SHELL,
    PACKAGES,
    RECORDS,
    INSTALLERS,
    STRINGS_IN_MARKERS,
    OLD_METADATA,
    VERSIONS,
    WHEEL_FILES,
    REPL,
    TOOLS,
    PLATFORMS,
    GRAPH,
    FLAGS_OF_PEX_INTERPRETER,
    PREAMBLE,
    SH_BOOT_FLAGS,
    HEADER,
    RC_FILE_OF_A_DIRECTORY,
    ON_PYTHONPATH,
    READ_BY_A_PEX,
)
