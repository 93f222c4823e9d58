"""Plan the content of a virtual environment of the `venv` tool, for the runtime."""

import os
import sys

import boot
from boot import install, interpreter, settings
from boot.environment import CODING, EXTRA_SYS_PATH_PTH, HEADERS, Environment
from boot.plan import Plan

# The entries of an environment's record that `tools/venv_main.py` reads.
KEPT = (
    "bin_path",
    "bind_resource_paths",
    "has_preamble",
    "inject_args",
    "inject_env",
    "strip_pex_env",
    "venv_mode",
)
# Up to this exit code, the runtime has printed a message of its own.
FAILED_MAX = 126


class Wanted(Environment):
    """The environment of an app in a directory of its own, independent of the cache and the CZEX."""

    def __init__(self, subject, directory, options):
        in_cache = subject.environment()
        self.__dict__.update(in_cache.__dict__)
        # As in venv mode, all packs are merged.
        self.apart = None
        self._subject = subject
        self._scope = options.scope
        self.library = interpreter.site_packages()
        self.scripts = self.bin
        self.runtime = install.runtime(subject.archive, boot.manifest, in_cache.root)
        self.venv = directory
        self.python = os.path.join(directory, self.bin, os.path.basename(in_cache.python))
        self.info = dict(
            in_cache.info,
            venv=True,
            venv_bin_path=options.bin_path,
            venv_hermetic_scripts=options.hermetic_scripts,
            venv_copies=options.copies,
            venv_system_site_packages=options.system_site_packages,
        )
        self.packs = {
            "all": subject.packs,
            "deps": subject.wheels,
            "srcs": [pack for pack in subject.packs if pack["kind"] == "sources"],
        }[options.scope]

    def begin(self, plan, place):
        """Add the first records of a plan for a new directory."""
        plan.add("czex-plan", "1")
        plan.add("store", self.root)
        plan.add("venv", place)
        plan.add("shebang", "#!" + self.shebang())
        plan.add("copy", "1")

    def run(self, plan):
        code = install.run_runtime(self.runtime, plan.dump())
        if code != 0:
            sys.exit(code if 0 < code < FAILED_MAX else 1)

    def install(self, stage):
        """Install the packs of the scope into the stage, and return the directory."""
        made = os.path.join(stage.path, "venv")
        plan = Plan()
        self.begin(plan, made)
        if self._scope != "deps":
            self._add_app(plan)
        if self._scope != "srcs":
            self.add_console_scripts(plan, self.packs)
        self.add_packs(plan, self._archive, self.packs, self.library)
        self.run(plan)
        if self._scope != "srcs":
            from boot.tools import record

            record.write(self._subject, self, made)
        return made

    def find_python(self, directory):
        """Set `self.python`, for scripts, to the name that `python` is a link to in an environment.

        :param directory: The environment, finished or in the stage.
        """
        scripts = os.path.join(directory, self.bin)
        name = os.path.basename(self.python)
        if sys.version_info[0] == 2:
            name = "python{0}.{1}".format(*sys.version_info)
        elif os.path.islink(os.path.join(scripts, name)):
            target = os.readlink(os.path.join(scripts, name))
            if not os.path.dirname(target):
                name = target
        self.python = os.path.join(self.venv, self.bin, name)

    def _add_app(self, plan):
        """Add the files that run the app: `pex`, `__main__.py`, and the modules that they need in site-packages."""
        library = interpreter.site_packages() + "/"
        main = boot.sources["tools.venv_main"].replace("SETTINGS = {}", self._settings_text(), 1)
        plan.add_file("755", "__main__.py", "#!{0}\n{1}".format(self.shebang(), main))
        plan.add("link", "pex", "__main__.py")
        if interpreter.IS_WINDOWS:
            from boot import windows

            windows.add_launcher(plan, "pex", self)
        repl = boot.sources["tools.venv_repl"]
        plan.add_file("755", "pex-repl", "#!{0}\n{1}".format(self.shebang(), repl))
        plan.add_file("644", "PEX-INFO", self._subject.archive.read("PEX-INFO"))
        activate = CODING + "\n" + boot.source("activate")
        plan.add_file("644", library + "czex_activate.py", activate)
        plan.add_file("644", library + "PEX_EXTRA_SYS_PATH.py", EXTRA_SYS_PATH_PTH)
        plan.add_file("644", library + "PEX_EXTRA_SYS_PATH.pth", "import PEX_EXTRA_SYS_PATH\n")

    def _settings_text(self):
        record, info = settings.settings(self), self.info
        # The environment finds all else by its own location.
        values = dict((name, record[name]) for name in KEPT)
        values.update(
            entry_point=info.get("entry_point"),
            hermetic_args=self._hermetic_args(),
            python_name=os.path.basename(self.python),
            script=info.get("script"),
        )
        lines = ["    {0!r}: {1!r},".format(name, values[name]) for name in sorted(values)]
        return "SETTINGS = {\n" + "\n".join(lines) + "\n}"

    def _hermetic_args(self):
        """Return the flags for a restart in the environment's interpreter."""
        if not settings.is_hermetic(self._subject.info):
            return []
        return ["-sE" if sys.version_info < (3, 4) else "-I"]


def destinations(wanted, wheel):
    """Return (scheme, directory in the environment) for each scheme that a wheel can have."""
    return (
        ("lib", wanted.library),
        ("scripts", wanted.scripts),
        ("headers", HEADERS.format(*sys.version_info) + (wheel["headers"] or "")),
        ("data", ""),
        ("data64", wanted.lib64),
    )
