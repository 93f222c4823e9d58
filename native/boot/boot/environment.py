"""The environment of an app for an interpreter: what is in it, as a plan for the runtime (docs/format.md)."""

import marshal
import os
import sys

import boot
from boot import interpreter, native, settings
from boot.plan import Plan, encode

SHEBANG_MAX_BYTES = 127
# They change the environment that they run in.
INSTALLERS = ("conda", "installer", "pdm", "pip", "pipenv", "poetry", "uv")
# Of every implementation, as pip has it.
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
# Lets the processes that a venv-mode app starts have its PEX_EXTRA_SYS_PATH. A line of a `.pth` file, or a module.
EXTRA_SYS_PATH_PTH = (
    "import os, sys; [sys.path.extend(os.environ[n].split(os.pathsep)) "
    "for n in ('PEX_EXTRA_SYS_PATH', '__PEX_EXTRA_SYS_PATH__') if os.environ.get(n)]\n"
)


class Environment(object):
    """An environment to install: where it goes, and what is in it.

    :param packs: The packs to install, from `resolve.resolve`; `archive` holds them.
    :param composition: The other apps whose distributions are added, or None.
    """

    def __init__(self, root, venv, text, archive, info, packs, composition=None):
        self.root = root
        self.venv = venv
        self.info = info
        self.packs = packs
        self._text = text
        self._archive = archive
        self.composition = composition
        self.bin = "Scripts" if interpreter.IS_WINDOWS else "bin"
        self.python = os.path.join(venv, self.bin, "python" + (".exe" if os.name == "nt" else ""))
        # What isn't merged into site-packages, once there is a plan.
        self.apart = None
        self._with_bytecode = {}

    def place(self, path):
        """A path of the environment as an absolute one."""
        return os.path.join(self.venv, *path.split("/"))

    @property
    def app(self):
        """The CZEX that it is installed from; of a directory, the file `pex` in it."""
        path = for_others(self._archive.path)
        return os.path.join(path, "pex") if self._archive.pack_directory else path

    @property
    def is_composed(self):
        """Whether other apps add distributions to it."""
        return self.composition is not None

    def has(self, key):
        """Whether one of its own packs says so of itself."""
        return any(key in pack for pack in self.packs)

    def plan(self, runtime):
        """Return the plan for the runtime.

        :param runtime: The runtime's executable.
        """
        hides_a_module = settings.hides_a_module(self)
        if hides_a_module or settings.may_be_apart(self.info, self.packs):
            from boot.apart import Apart

            self.apart = Apart(self, hides_a_module)
        plan = Plan()
        plan.add("czex-plan", "1")
        plan.add("store", self.root)
        plan.add("venv", self.venv)
        plan.add("shebang", "#!" + self.shebang())
        plan.add("copy", self._linking())
        # Where the cache's file system lets nothing be executed, a link to what can be is better than a copy.
        self.add_interpreter(plan, os.access(runtime, os.X_OK))
        record = settings.record(self, self._text)
        plan.add_file("644", "boot", marshal.dumps(record))
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
        # Of two packs that bring the same file, the first one's counts.
        packs = self.packs[::-1] if settings.puts_last_first(self.info) else self.packs
        self.add_packs(plan, self._archive, packs, interpreter.site_packages(), mounts)
        if self.composition:
            self.composition.add_to(plan, self)
        return plan.dump()

    def _linking(self):
        """How the files of packs get into the environment: 0 links to directories, 1 copies, 2 links to files."""
        if self.info.get("venv_site_packages_copies"):
            return "1"
        # What one app installs must not get through a link into a wheel that others share.
        packs = self.packs + (self.composition.packs if self.composition else [])
        return "2" if any(pack.get("project") in INSTALLERS for pack in packs) else "0"

    def add_packs(self, plan, archive, packs, library, mounts=()):
        """Add packs of `archive`, with what goes to site-packages in the directory `library`.

        :param mounts: A pack's SHA-256 → the directory that it has instead.
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
            plan.add("mount", "lib", dict(mounts).get(pack["sha256"], library))
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
        """The directory that `lib64` is in this environment."""
        return "lib" if links_lib64() else "lib64"

    def _unpacked(self):
        """What `damage.py` compares with the cache."""
        others = self.composition.packs if self.composition else []
        return [
            (self.content(pack), pack.get("name", "the app")) + tuple(pack["beside_bytecode"])
            for pack in self.packs + others
        ]

    def content(self, pack):
        """The directory in the cache that a pack is unpacked to: one directory for each scheme in it."""
        bytecode = self._bytecode(pack)
        return self._directory(pack, bytecode["together"] if bytecode else pack["fingerprint"])

    def bytes_to_unpack(self):
        """How large the files are that it needs and the cache has not."""
        missing = [pack for pack in self.packs if not os.path.isdir(self.content(pack))]
        missing += [one for one in map(self._bytecode, missing) if one]
        return sum(pack["content_size"] for pack in missing)

    def _bytecode(self, pack):
        """The pack of bytecode to unpack with a pack, or None.

        None also where the pack has been unpacked without: then its modules have most likely been compiled by their
        first import, and a copy of all of it would be worth less.
        """
        key = pack["sha256"]
        # Another process may unpack it meanwhile; all of this one's plan has to say the same.
        if key not in self._with_bytecode:
            bytecode = pack["bytecode"].get(interpreter.cache_tag())
            if bytecode and os.path.isdir(self._directory(pack, pack["fingerprint"])):
                if not os.path.isdir(self._directory(pack, bytecode["together"])):
                    bytecode = None
            self._with_bytecode[key] = bytecode
        return self._with_bytecode[key]

    def _directory(self, pack, fingerprint):
        parent = "wheels" if pack["kind"] == "wheel" else "sources"
        return os.path.join(self.root, parent, fingerprint)

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
                # For `pexcz cache info`. Python reads the file, too, as UTF-8.
                app=native(encode(self._archive.path).decode("utf-8", "replace")).replace(
                    "\n", "?"
                ),
            ),
        )
        if interpreter.IS_WINDOWS:
            from boot import windows

            windows.add_interpreter(plan, self.bin)
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
        if interpreter.IS_PYPY:
            aliases += [
                name.format(*sys.version_info) for name in ("pypy", "pypy{0}", "pypy{0}.{1}")
            ]
        for alias in aliases:
            plan.add("link", "bin/" + alias, "python")
        if links_lib64():
            plan.add("link", "lib64", "lib")

    def add_console_scripts(self, plan, packs):
        shebang = self.shebang()
        names = set()
        for pack in packs:
            for group in ("console_scripts", "gui_scripts"):
                for name, target in sorted(pack.get("entry_points", {}).get(group, {}).items()):
                    if name in names or "/" in name:
                        continue
                    names.add(name)
                    module, _, function = target.partition(":")
                    script = (FUNCTION_SCRIPT if function else MODULE_SCRIPT).format(
                        shebang=shebang,
                        coding=CODING,
                        module=module,
                        first=function.partition(".")[0],
                        function=function,
                    )
                    plan.add_file("755", "{0}/{1}".format(self.bin, name), script)

    def shebang(self):
        """The text after `#!` for scripts of this environment, by way of sh where a kernel would not take it."""
        flags = ""
        if settings.is_hermetic(self.info):
            flags = " -sE" if sys.version_info < (3, 4) else " -I"
        line = self.python + flags
        encoded = encode(line)
        # Python 2 wants to know the encoding of a file that isn't ASCII.
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
    """Whether an environment's `lib64` is a link to its `lib`, as in those of Python's `venv` module."""
    return sys.maxsize > 2**32 and sys.platform != "darwin" and not interpreter.IS_WINDOWS


def for_others(path):
    """The path of a file for another process. What `/dev/stdin` is to this one, it is not to that."""
    real = os.path.realpath(path) if path.startswith(("/dev/", "/proc/")) else path
    return real if os.path.exists(real) else path
