"""All intended differences between a PEX and its CZEX, with their reasons. docs/differences.md shows this list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Pattern, Tuple

# Variables that apps don't need: a shell sets them, or macOS, or Pex for its own processes.
NOT_FOR_APPS = (
    "_",
    "SHLVL",
    "PWD",
    "LC_CTYPE",
    "__CF_USER_TEXT_ENCODING",
    "_PEX_CACHE_ACCESS_LOCK",
    "__PEX_UNVENDORED__",
)

# Directories of virtual environments, in the cache of PEXes or of CZEX files.
VENVS = r"/[^\s:'\"]*/(?:pex|czex)/venvs/"


@dataclass(frozen=True)
class Difference:
    """A difference: its row in the table of the document, and the way to ignore it in comparisons.

    :param patterns: Expressions that match the difference in an output, each with its replacement.
    :param stderr: Whether all of stderr may differ.
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
    what="The places of an app's files: `__file__` of modules, entries of `sys.path`",
    pex="they are below `$PEX_ROOT`: unzipped sources, each wheel by itself, or a venv",
    czex="they are in the app's one environment, below the cache of CZEX files",
    why="apps share wheels, and Python searches one directory faster than one for each wheel",
    patterns=(
        *_pattern(VENVS + r"[^:'\"\s]*?(?=/bin|/lib|/__main__|[:'\"\s]|$)", "<venv>"),
        *_pattern(r"(<venv>/bin/(?:python|pypy))[0-9.]+", r"\1"),
        *_pattern(
            r"/[^\s:'\"]*/(?:installed_wheels/[^\s:'\"]*\.whl|czex/wheels/[0-9a-f]+/lib)", "<wheel>"
        ),
    ),
)
VENV_EVERYWHERE = Difference(
    what="`sys.executable`, `sys.prefix` and the values that depend on them, in zipapp mode",
    pex="they are the interpreter's",
    czex="they are the environment's, as in venv mode",
    why="otherwise processes that an app starts with `sys.executable` would not find its wheels",
    patterns=_pattern(r"^(?:executable|prefix|user site): .*\n"),
)
HOOKS = Difference(
    what="Import hooks that `.pth` files of the machine's site-packages have installed, in zipapp mode",
    pex="they stay",
    czex="they are gone",
    why="they belong to packages that the app doesn't see",
    patterns=_pattern(r"^finders: .*\n"),
)
PTH_FILES = Difference(
    what="Changes to modules of the standard library by a `.pth` file of the machine's site-packages, in venv mode "
    "and where a virtual environment's Python starts the app",
    pex="they are gone: another interpreter runs the app",
    czex="they stay, in every way of starting, as in zipapp mode",
    why="the interpreter that was started runs the app",
)
CUSTOMIZATION = Difference(
    what="Changes to the process by a `usercustomize`, or by a `sitecustomize` in the machine's site-packages, in "
    "zipapp mode",
    pex="they stay",
    czex="they are gone, in every way of starting",
    why="they may be changes to anything, and the app should not see the machine's packages",
)
SUBINTERPRETERS = Difference(
    what="The app's modules in a subinterpreter, in zipapp mode",
    pex="they are not found",
    czex="they are found if the environment's own interpreter runs the app, as after a warm `./app.czex`, and are "
    "not found otherwise",
    why="that interpreter has them on its path from the start",
)
FLAGS = Difference(
    what="`sys.flags` in venv mode, and the effect of variables such as PYTHONOPTIMIZE",
    pex="Pex restarts the interpreter with `-I` (before Python 3.4 with `-sE`), so its flags are set, and the "
    "variables have no effect",
    czex="the flags are as given, and the variables have their effect",
    why="the running interpreter becomes the environment's without a restart, and is isolated all the same",
    patterns=_pattern(r"^isolated: .*\n"),
)
IMPORTS = Difference(
    what="From the third start of an app that imports forty modules or more: `gc.get_threshold()` while a module is imported, the generations of objects, and open files",
    pex="the thresholds and generations are Python's, and no file stays open",
    czex="the first threshold is 200,000 until the import ends, all objects are in the oldest generation then, and the import table stays open (docs/imports.md has all details); `PEXCZ_IMPORTS=0` turns it off",
    why="most of a start are imports, and these are faster",
)
COMMAND_LINE = Difference(
    what="The command line that `ps` and `sys.orig_argv` show",
    pex="it is the restarted interpreter's, with paths in the cache",
    czex="it is the one that started the app",
    why="nothing is restarted",
)
MAIN = Difference(
    what="The content of `__main__` while a function is the entry point",
    pex="it has the names and attributes of Pex's own `__main__.py`",
    czex="it has no names, and the attributes of the environment's `__main__.py`",
    why="an app has no use for Pex's names",
)
MESSAGES = Difference(
    what="The wording of messages, and the log of `PEX_VERBOSE`",
    pex="they are Pex's; some mistakes end in a traceback",
    czex="messages begin with `czex: `; the exit code is the same",
    why="each message says what happened, to which file, and what to do",
    stderr=True,
)
TRACEBACKS = Difference(
    what="The first lines of the traceback of a failed app",
    pex="they are in Pex's own modules",
    czex="they are in the boot's modules",
    why="another program starts the app",
    patterns=_pattern(r"^  File .*\n(?:    .*\n)*"),
)
PROFILE = Difference(
    what="The functions in a profile beside the app's own",
    pex="they are Pex's",
    czex="they are the boot's",
    why="another program calls the app",
    patterns=_pattern(r"^ +[0-9/]+ .*\n"),
)
REPL = Difference(
    what="The banner of the interactive interpreter",
    pex="it names Pex and its version",
    czex="it names CZEX",
    why="the interpreter is not Pex's",
    patterns=_pattern(r"^(?:Pex [0-9.]+|CZEX)(?= hermetic)", "<it>"),
)
TOOLS = Difference(
    what="The commands and the output of `PEX_TOOLS`, if an older Pex has built the PEX",
    pex="they are as in that version",
    czex="they are as in version 2.105.2",
    why="there is one set of tools for all apps",
)
PLATFORMS = Difference(
    what="The tool `platforms`",
    pex="only a PEX with a native runtime has it",
    czex="it is there",
    why="a CZEX has a native runtime",
    patterns=_pattern(r"(?<=[ ,])'?platforms'?,\s?"),
)
GRAPH = Difference(
    what="The nodes that the tool `graph` prints",
    pex="they have links to a package index",
    czex="they have no links",
    why="the origin of a distribution is not known",
    patterns=(
        *_pattern(r"(?:URL|target)=\"[^\"]*\"(?:, )?"),
        *_pattern(r", \]", "]"),
    ),
)
FLAGS_OF_PEX_INTERPRETER = Difference(
    what="`PEX_INTERPRETER=1` with flags for the interpreter, such as `-O`, in zipapp mode, for an app with an "
    "entry point",
    pex="the app is started as if the variable were not set",
    czex="the interpreter is started, with these flags",
    why="Pex forgets the variable when it restarts for the flags",
)
ODD_CACHES = Difference(
    what="A cache whose path has a space, is longer than a shebang may be, or can't be made",
    pex="console scripts fail, a warning is shown, or a traceback",
    czex="the app works as usual; if the cache can't be made, it works with a temporary one",
    why="an app should not depend on the place of a home directory",
    patterns=_pattern(r"^/.*: PEXWarning: .*\n  pex_warnings.warn\(\n"),
)
UNTRUSTED = Difference(
    what="A cache that another user has made, or that others can write to",
    pex="its content is run, even by root",
    czex="a temporary cache is used, with a warning",
    why="another user may have put code there for others to run",
)
COMPILED = Difference(
    what="Warnings of Python's compiler, such as SyntaxWarning",
    pex="they appear at the start that compiles the file",
    czex="they appear at the start that compiles the file, which may be another start",
    why="the caches are different",
    patterns=_pattern(r"^/.*: (?:Syntax|Deprecation)Warning: .*\n(?:  .*\n)?"),
)
VARIABLES = Difference(
    what="`_PEX_CACHE_ACCESS_LOCK` and `__PEX_UNVENDORED__` in the environment",
    pex="they are set",
    czex="they are not set",
    why="they are for Pex's own processes",
)
DISABLED_VARIABLES = Difference(
    what="`PEX_DISABLE_VARIABLES` in venv mode",
    pex="it disables some variables; the environment goes on reading others",
    czex="it disables all variables",
    why="this is the purpose of the variable",
)
WARNINGS = Difference(
    what="Warnings of deprecated variables with `PEX_EMIT_WARNINGS=0`, and the warning that the environment for a "
    "PEX_PYTHON or PEX_PYTHON_PATH outlasts a change of the interpreter",
    pex="they are shown",
    czex="they are not shown",
    why="the first warnings are not wanted, and the second is not true of a CZEX",
)
SHELL = Difference(
    what="`PWD` in the environment, if it was not set",
    pex="it is not set",
    czex="it is set if the header started the app",
    why="the header is a shell script, and shells set it",
)
PACKAGES = Difference(
    what="A package or a directory that several wheels bring",
    pex="the first wheel may hide the others' part; in venv mode, a wheel's data for `bin` or `lib` gets lost",
    czex="the parts are merged, as an installer does it; of two equal paths, the first wheel's file counts; in "
    "zipapp mode, a wheel with another file for a module's name than an earlier wheel is apart, as in the PEX",
    why="wheels share one site-packages",
)
RECORDS = Difference(
    what="The paths of a wheel's data, scripts and headers that `importlib.metadata` gives",
    pex="they are in Pex's own layout, such as `.prefix/bin/tool`; in venv mode some of them don't exist",
    czex="they are the environment's, such as `../../../bin/tool`, and include console scripts",
    why="the files are there",
)
INSTALLERS = Difference(
    what="A wheel that the app's own pip has upgraded",
    pex="in venv mode, the version stays the same, and the wheel that all apps share has the new code",
    czex="the new version is there until the app's environment is made again; other apps keep their version",
    why="an app must not change the code that another app runs",
)
STRINGS_IN_MARKERS = Difference(
    what="Markers that compare strings by `<` or `>`, before Python 3.8",
    pex="strings have an order",
    czex="strings have no order, as on later versions",
    why="no marker needs the order, and the boot has one set of rules",
)
OLD_METADATA = Difference(
    what="Metadata of old wheels that PEP 440 or PEP 508 doesn't allow",
    pex="the start fails, on recent Pythons",
    czex="an invalid specifier holds; unreadable metadata is an error only if the app needs it",
    why="the wheels are there, and fit",
)
VERSIONS = Difference(
    what="The version, if several versions of one project with equally good tags fit",
    pex="it is the highest, or by chance another",
    czex="it is the highest",
    why="chance is not a rule",
)
WHEEL_FILES = Difference(
    what="The hashes of wheels in PEX-INFO, in a CZEX that Pants has built",
    pex="they are of the files that Pex has installed",
    czex="they are of the wheel's file",
    why="Pants keeps each wheel as it is, which builds twice as fast",
)
PREAMBLE = Difference(
    what="The preamble of `pex --preamble-file`",
    pex="it runs once or twice in a start, and never in a warm start by the header of `--venv --sh-boot`; it can "
    "import the app's own modules",
    czex="it runs once in each process of a start, and in every start; it can't import the app's own modules",
    why="every way to start the app is the same, and at that time the app's files are in a pack",
)
SH_BOOT_FLAGS = Difference(
    what="Flags for Python of `--inject-python-args`, if the PEX has the header of `--sh-boot`",
    pex="they are given twice: `-O` is `-OO`",
    czex="they are given once",
    why="they were asked for once",
)
HEADER = Difference(
    what="The interpreter that the header of `--sh-boot` starts",
    pex="it is the first on PATH by its name, even if that doesn't work",
    czex="it is the first that answers, and if possible one that fits the interpreter constraints",
    why="a shim of an inactive version is no interpreter",
)
RC_FILE_OF_A_DIRECTORY = Difference(
    what="`.pexrc` beside the directory of a packed layout, and not in it",
    pex="it counts for the first part of a start by `python app.pex`",
    czex="it doesn't count; the file in the directory does",
    why="every way to start an app should give the same result",
)
ON_PYTHONPATH = Difference(
    what="An app on PYTHONPATH, for a program that imports the app's own modules without `import __pex__`",
    pex="they are found, without the app's wheels",
    czex="they are not found (ModuleNotFoundError); `import __pex__` first, or `from __pex__ import mine`, finds "
    "both",
    why="they are in a pack, and a search in it would cost every start",
)
READ_BY_A_PEX = Difference(
    what="The app on the PEX_PATH of a PEX, or given to `pex --pex-path` or `pex --pex-repository`",
    pex="its distributions are added",
    czex="FileNotFoundError with `.bootstrap` or `.deps` is raised, unless that cache has unpacked the app's PEX "
    "before; give the PEX instead",
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
    IMPORTS,
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
