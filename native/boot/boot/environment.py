"""Plan the environment of an app for an interpreter, for the runtime (docs/format.md)."""

import marshal
import os
import sys

import boot
from boot import interpreter, native, settings
from boot.plan import Plan, encode

SHEBANG_MAX_BYTES = 127
# These programs change the environment that they run in.
INSTALLERS = ("conda", "installer", "pdm", "pip", "pipenv", "poetry", "uv")
# The directory of headers, for every implementation, as in pip.
HEADERS = "include/site/python{0}.{1}/"
CODING = "# -*- coding: utf-8 -*-"
FUNCTION_SCRIPT = """\
#!{shebang}
{coding}
import sys
from {module} import {first}

if __name__ == "__main__":
    sys.exit({function}())
"""
MODULE_SCRIPT = """\
#!{shebang}
{coding}
import runpy

if __name__ == "__main__":
    runpy.run_module("{module}", run_name="__main__", alter_sys=True)
"""
PYVENV_CFG = """\
home = {home}
include-system-site-packages = {system_site}
version = {version}
executable = {executable}
czex = {app}
"""
# Gives the child processes of an app in venv mode its PEX_EXTRA_SYS_PATH, as a line of a `.pth` file or as a module.
EXTRA_SYS_PATH_PTH = (
    "import os, sys; [sys.path.extend(os.environ[n].split(os.pathsep)) "
    "for n in ('PEX_EXTRA_SYS_PATH', '__PEX_EXTRA_SYS_PATH__') if os.environ.get(n)]\n"
)


class Environment(object):
    """An environment to install: its place and its content.

    :param packs: The packs to install, from `resolve.resolve`; `archive` holds them.
    :param composition: The other apps whose distributions are added, or `None`.
    """

    def __init__(self, root, venv, text, archive, info, packs, composition=None):
        self.root = root
        self.venv = venv
        self.info = info
        self.packs = packs
        self._text = text
        self._archive = archive
        self.composition = composition
        # The path of the runtime, once it is in the cache.
        self.runtime = None
        self.bin = "Scripts" if interpreter.IS_WINDOWS else "bin"
        self.python = os.path.join(venv, self.bin, "python" + (".exe" if os.name == "nt" else ""))
        # The packs that are apart from site-packages; `plan` sets it.
        self.apart = None
        self._with_bytecode = {}

    def path(self, path):
        """Return the absolute path for a path in the environment."""
        return os.path.join(self.venv, *path.split("/"))

    @property
    def app(self):
        """The CZEX that the environment is installed from; for a directory, the file `pex` in it."""
        path = for_others(self._archive.path)
        return os.path.join(path, "pex") if self._archive.pack_directory else path

    @property
    def is_composed(self):
        """Whether other apps add distributions to the environment."""
        return self.composition is not None

    def has(self, key):
        """Return whether one of the app's own packs has this key in the manifest."""
        return any(key in pack for pack in self.packs)

    def plan(self, runtime):
        """Return the plan for the runtime.

        :param runtime: The runtime's executable.
        """
        hides_a_module = settings.hides_a_module(self)
        if hides_a_module or settings.may_be_apart(self.info, self.packs):
            from boot.apart import Apart

            self.apart = Apart(self, hides_a_module)
        self.runtime = runtime
        plan = Plan()
        plan.add("czex-plan", "1")
        plan.add("store", self.root)
        plan.add("venv", self.venv)
        plan.add("shebang", "#!" + self.shebang())
        plan.add("copy", self._linking())
        # On a file system that is mounted with noexec, a link to the interpreter works, but a copy doesn't.
        self.add_interpreter(plan, os.access(runtime, os.X_OK))
        record = settings.record(self, self._text)
        plan.add_file("644", "record", marshal.dumps(record))
        packs = self._unpacked(), boot.source("damage")
        plan.add_file("644", "packs", marshal.dumps(packs))
        main = boot.source("venv_main").replace('"@version@"', literal(sys.version))
        plan.add_file("644", "__main__.py", main.replace('"@app@"', literal(self.app)))
        self.add_console_scripts(plan, self.packs)
        if self.info.get("venv"):
            plan.add_file("644", interpreter.site_packages() + "/czex.pth", EXTRA_SYS_PATH_PTH)
        if self.apart and self.apart.mounts:
            self.apart.add_to(plan)
        mounts = self.apart.mounts if self.apart else {}
        # If two packs have the same file, the first pack's file counts.
        packs = self.packs[::-1] if settings.puts_last_first(self.info) else self.packs
        self.add_packs(plan, self._archive, packs, interpreter.site_packages(), mounts)
        if self.composition:
            self.composition.add_to(plan, self)
        return plan.dump()

    def _linking(self):
        """Return the way packs are installed: 0 links directories, 1 copies files, 2 links files."""
        if self.info.get("venv_site_packages_copies"):
            return "1"
        # An app that installs a package must not write through a link into a wheel that other apps share.
        packs = self.packs + (self.composition.packs if self.composition else [])
        return "2" if any(pack.get("project") in INSTALLERS for pack in packs) else "0"

    def add_packs(self, plan, archive, packs, library, mounts=()):
        """Add packs of `archive`; their modules go into the directory `library`.

        :param mounts: A pack's fingerprint -> the directory for its modules instead of `library`.
        """
        directory = archive.pack_directory
        if directory:
            from boot.packed import pack_file
        else:
            plan.add("archive", for_others(archive.path))
        for pack in packs:
            if directory:
                plan.add("archive", pack_file(directory, pack))
            plan.add(
                "pack",
                pack["kind"],
                pack["fingerprint"],
                str(pack["offset"]),
                str(pack["size"]),
            )
            bytecode = self._bytecode(pack)
            if bytecode:
                if directory:
                    plan.add("archive", pack_file(directory, bytecode))
                plan.add(
                    "bytecode",
                    bytecode["together"],
                    bytecode["fingerprint"],
                    str(bytecode["offset"]),
                    str(bytecode["size"]),
                )
            plan.add("mount", "lib", dict(mounts).get(pack["fingerprint"], library))
            if pack["kind"] == "wheel":
                plan.add("mount", "scripts", self.bin)
                if pack["headers"]:
                    plan.add(
                        "mount", "headers", HEADERS.format(*sys.version_info) + pack["headers"]
                    )
                plan.add("mount", "data", "")
                plan.add("mount", "data64", self.lib64)

    @property
    def lib64(self):
        """The directory in the environment for a wheel's data below `lib64`."""
        return "lib" if links_lib64() else "lib64"

    def _unpacked(self):
        """Return the directories, names and sizes of packs that `damage.py` compares with the cache."""
        others = self.composition.packs if self.composition else []
        return [
            (self.directory(pack), pack.get("name", "the app")) + tuple(pack["beside_bytecode"])
            for pack in self.packs + others
        ]

    def directory(self, pack):
        """Return the directory in the cache that a pack is unpacked to. It has a directory for each scheme."""
        return self._directory_with(pack, self._bytecode(pack))

    def bytes_to_unpack(self):
        """Return the size of the files that the environment needs and the cache lacks."""
        missing = [pack for pack in self.packs if not os.path.isdir(self.directory(pack))]
        missing += [one for one in map(self._bytecode, missing) if one]
        return sum(pack["content_size"] for pack in missing)

    def _bytecode(self, pack):
        """Return the pack of bytecode to unpack with a pack, or `None`.

        The result is also `None` if the cache has the pack without bytecode. Its first imports have most likely compiled its
        modules, so that another copy of the pack would gain little.
        """
        key = pack["fingerprint"]
        # The answer is kept, because another process may unpack the pack meanwhile, and the plan must be consistent.
        if key not in self._with_bytecode:
            bytecode = pack["bytecode"].get(interpreter.cache_tag())
            if bytecode and os.path.isdir(self._directory_with(pack, None)):
                if not os.path.isdir(self._directory_with(pack, bytecode)):
                    bytecode = None
            self._with_bytecode[key] = bytecode
        return self._with_bytecode[key]

    def _directory_with(self, pack, bytecode):
        """Return the directory of a pack alone, or with one of its packs of bytecode."""
        parent = "wheels" if pack["kind"] == "wheel" else "sources"
        name = bytecode["together"] if bytecode else pack["fingerprint"]
        return os.path.join(self.root, parent, name)

    def add_interpreter(self, plan, may_be_copied=True):
        executable = interpreter.base_executable()
        version = interpreter.version_text()
        plan.add_file(
            "644",
            "pyvenv.cfg",
            PYVENV_CFG.format(
                home=os.path.dirname(executable),
                system_site=str(settings.shares_site_packages(self.info)).lower(),
                version=version,
                executable=executable,
                # `pexcz cache info` reads this line. Python also reads the file, as UTF-8.
                app=native(encode(self._archive.path).decode("utf-8", "replace")).replace(
                    "\n", "?"
                ),
            ),
        )
        if interpreter.IS_WINDOWS:
            from boot import windows

            windows.add_interpreter(plan, self)
            return
        if sys.version_info[0] == 2:
            from boot import python2

            python2.add_library(plan)
            if settings.shares_site_packages(self.info):
                python2.add_system_site_packages(plan)
        is_copied = sys.version_info[0] == 2 or self.info.get("venv_copies")
        if is_copied and may_be_copied:
            with open(executable, "rb") as stream:
                plan.add_file("755", "bin/python", stream.read())
        else:
            plan.add("link", "bin/python", executable)
        aliases = [
            "python{0}".format(sys.version_info[0]),
            "python{0}.{1}".format(*sys.version_info),
        ]
        if interpreter.is_free_threaded():
            aliases.append(interpreter.library_name())
        if interpreter.IS_PYPY:
            aliases += [
                name.format(*sys.version_info) for name in ("pypy", "pypy{0}", "pypy{0}.{1}")
            ]
        for alias in aliases:
            plan.add("link", "bin/" + alias, "python")
        if links_lib64():
            plan.add("link", "lib64", "lib")

    def add_console_scripts(self, plan, packs):
        shebangs = {"console_scripts": self.shebang(), "gui_scripts": self.shebang()}
        if interpreter.IS_WINDOWS:
            shebangs["gui_scripts"] = self.shebang().replace('python.exe"', 'pythonw.exe"')
        names = {}
        for pack in packs:
            for group in sorted(shebangs):
                for name, target in sorted(pack.get("entry_points", {}).get(group, {}).items()):
                    if name in names or "/" in name:
                        continue
                    names[name] = group == "gui_scripts"
                    module, _, function = target.partition(":")
                    script = (FUNCTION_SCRIPT if function else MODULE_SCRIPT).format(
                        shebang=shebangs[group],
                        coding=CODING,
                        module=module,
                        first=function.partition(".")[0],
                        function=function,
                    )
                    plan.add_file("755", "{0}/{1}".format(self.bin, name), script)
        if interpreter.IS_WINDOWS:
            from boot import windows

            for pack in packs:
                for name in pack.get("python_scripts", ()):
                    names.setdefault(name, False)
            for name in sorted(names):
                windows.add_launcher(plan, "{0}/{1}".format(self.bin, name), self, names[name])

    def shebang(self):
        """Return the text after `#!` for scripts of this environment. It starts sh if kernels would reject the interpreter's path."""
        flags = ""
        if settings.is_hermetic(self.info):
            flags = " -sE" if sys.version_info < (3, 4) else " -I"
        if interpreter.IS_WINDOWS:
            return '"{0}"{1}'.format(self.python, flags)
        line = self.python + flags
        encoded = encode(line)
        # Python 2 needs a declaration of the encoding if a file isn't ASCII.
        is_readable = sys.version_info[0] > 2 or len(encoded) == len(
            encoded.decode("utf-8", "ignore")
        )
        if len(self.python.split()) == 1 and len(encoded) + 3 <= SHEBANG_MAX_BYTES and is_readable:
            return line
        quoted = "'{0}'".format(self.python.replace("'", "'\"'\"'"))
        return "/bin/sh\n{0}\n'''exec' {1}{2} \"$0\" \"$@\"\n' '''".format(CODING, quoted, flags)


def literal(text):
    """Return a text as Python source in ASCII, whatever characters it has."""
    return ascii(text) if sys.version_info[0] > 2 else repr(text)


def links_lib64():
    """Return whether an environment's `lib64` is a link to its `lib`, as with Python's `venv` module."""
    if sys.version_info >= (3, 15) and sys.platlibdir == "lib":
        return False
    return sys.maxsize > 2**32 and sys.platform != "darwin" and not interpreter.IS_WINDOWS


def for_others(path):
    """Return a path for another process, for which paths such as `/dev/stdin` have another meaning."""
    real = os.path.realpath(path) if path.startswith(("/dev/", "/proc/")) else path
    return real if os.path.exists(real) else path
