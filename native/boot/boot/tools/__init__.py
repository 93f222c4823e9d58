"""The tools of a CZEX: `PEX_TOOLS=1 app.czex <command>` (docs/tools.md). Options and outputs are the same as Pex's.

https://docs.pex-tool.org/ describes PEX_TOOLS. The start of an app doesn't load this package.
"""

import sys

from boot.fail import EXIT_CODE, CannotStart

# The exit code of a shell for a process that SIGINT ended.
INTERRUPTED = 130


class Failed(Exception):
    """A tool's own failure: a message, which is printed to stderr unchanged, and the exit code."""

    def __init__(self, message, code=1):
        Exception.__init__(self, message)
        self.code = code


class Subject(object):
    """The CZEX that a tool works on.

    :param packs: The packs for the running interpreter, the sources' first.
    :param requires: Wheel -> all requirements in its metadata, each with `text`, `project` and `marker`.
    """

    def __init__(self, app, archive, info, packs, variables, install, requires):
        self.app = app
        self.archive = archive
        self.info = info
        self.packs = packs
        self.variables = variables
        self.wheels = [pack for pack in packs if pack["kind"] == "wheel"]
        self.emits_warnings = True
        self._install = install
        self._requires = requires
        self._environment = None

    def requires(self, wheel):
        return self._requires[wheel["name"]]

    def environment(self):
        """Install the environment and all packs into the cache, and return it."""
        if self._environment is None:
            self._environment = self._install(self.packs)[0]
            if self._environment.is_composed:
                raise CannotStart(
                    "PEX_PATH, or pex_paths of its PEX-INFO, adds other apps to {0}, which the tools don't "
                    "support; unset PEX_PATH, or use the PEX".format(self.app)
                )
        return self._environment

    def directory(self, pack):
        return self.environment().directory(pack)

    def warn(self, message):
        if self.emits_warnings:
            sys.stderr.write("czex: {0}\n".format(message))


def run(subject):
    """Run the tool that the command line names, and return the exit code."""
    from boot.tools import arguments

    options = arguments.parse(subject)
    try:
        arguments.apply_global(subject, options)
        options.run(subject, options)
        return 0
    except Failed as error:
        message, code = str(error), error.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except (CannotStart, EnvironmentError) as error:
        name = getattr(error, "filename", None)
        reason = getattr(error, "strerror", None) or str(error)
        reason = "{0}: {1}".format(name, reason) if name else reason
        message, code = "czex: can't run the tool: {0}".format(reason), EXIT_CODE
    if message:
        sys.stderr.write("{0}\n".format(message))
    return code
