"""The environment of an app for an interpreter: what is in it, as a plan for the runtime (docs/format.md)."""

import marshal
import os
import sys

from boot import interpreter

SHEBANG_MAX_BYTES = 127
CONSOLE_SCRIPT = """\
#!{python}
import sys
from {module} import {first}

if __name__ == "__main__":
    sys.exit({function}())
"""
PYVENV_CFG = """\
home = {home}
include-system-site-packages = false
version = {version}
executable = {executable}
"""


class Plan(object):
    """The records of a plan, as bytes."""

    def __init__(self):
        self._parts = []

    def add(self, *fields):
        for field in fields:
            if not isinstance(field, bytes):
                # Paths of the file system come as Python decoded them, content as UTF-8.
                field = field.encode(sys.getfilesystemencoding() or "utf-8", "surrogateescape")
            self._parts.append(("%d:" % len(field)).encode("ascii") + field + b",")

    def add_file(self, mode, path, content):
        if not isinstance(content, bytes):
            content = content.encode("utf-8", "surrogateescape")
        self.add("file", mode, path, content)

    def dump(self):
        return b"".join(self._parts)


class Environment(object):
    """An environment to install: where it goes, and what is in it.

    :param packs: The packs to install, from `resolve.resolve`; `archive` holds them.
    """

    def __init__(self, root, venv, text, archive, info, packs):
        self.root = root
        self.venv = venv
        self.info = info
        self.packs = packs
        self._text = text
        self._archive = archive
        self._bin = "Scripts" if interpreter.IS_WINDOWS else "bin"
        self.python = os.path.join(venv, self._bin, "python" + (".exe" if os.name == "nt" else ""))

    def settings(self):
        """What `activate.py` needs to know, and nothing that it would have to find out."""
        info = self.info
        site_packages = os.path.join(self.venv, *interpreter.site_packages().split("/"))
        standard_library = interpreter.standard_library()
        venv_entries = [self.venv] if interpreter.IS_WINDOWS else []
        return {
            "bin": os.path.join(self.venv, self._bin),
            "bin_path": info.get("venv_bin_path") or "false",
            "bind_resource_paths": sorted((info.get("bind_resource_paths") or {}).items()),
            "entry": self._entry(),
            "inject_args": info.get("inject_args") or [],
            "inject_env": sorted((info.get("inject_env") or {}).items()),
            "path_entries": standard_library + venv_entries + [site_packages],
            "pth": sorted(name for pack in self.packs for name in pack["pth"]),
            "python": self.python,
            "python_args": info.get("inject_python_args") or [],
            "site_packages": site_packages,
            "stdlib": standard_library,
            "strip_pex_env": info.get("strip_pex_env", True) is not False,
            "venv": self.venv,
            "venv_mode": bool(info.get("venv")),
        }

    def _entry(self):
        if self.info.get("script"):
            return self.script_entry(self.info["script"])
        if self.info.get("entry_point"):
            return entry_of(self.info["entry_point"])
        return None

    def script_entry(self, name):
        """The entry for a console script or a script of a wheel."""
        path = os.path.join(self.venv, self._bin, name)
        for pack in self.packs:
            for group in ("console_scripts", "gui_scripts"):
                target = pack.get("entry_points", {}).get(group, {}).get(name)
                if target:
                    return entry_of(target, path)
        for pack in self.packs:
            if name in pack.get("scripts", ()):
                kind = "script" if name in pack["python_scripts"] else "binary"
                return (kind, path)
        return ("missing", name)

    def plan(self, code, main_source):
        """The plan for the runtime.

        :param code: The code of `activate.py`.
        :param main_source: The source of the environment's `__main__.py`.
        """
        plan = Plan()
        plan.add("czex-plan", "1")
        plan.add("store", self.root)
        plan.add("venv", self.venv)
        plan.add("shebang", self._shebang())
        plan.add("copy", "1" if self.info.get("venv_site_packages_copies") else "0")
        self._add_interpreter(plan)
        plan.add_file("644", "boot", marshal.dumps((self._text, self.settings(), code)))
        plan.add_file("644", "__main__.py", main_source)
        self._add_console_scripts(plan)
        plan.add("archive", self._archive.path)
        for pack in self.packs:
            plan.add(
                "pack",
                pack["kind"],
                pack["sha256"][:40],
                str(pack["offset"]),
                str(pack["size"]),
            )
            plan.add("mount", "lib", interpreter.site_packages())
            if pack["kind"] == "wheel":
                plan.add("mount", "scripts", self._bin)
                plan.add("mount", "headers", self._headers(pack["project"]))
                plan.add("mount", "data", "")
        return plan.dump()

    def _headers(self, project):
        return "include/site/{0}/{1}".format(interpreter.library_name(), project)

    def _add_interpreter(self, plan):
        executable = interpreter.base_executable()
        version = interpreter.version_text()
        plan.add_file(
            "644",
            "pyvenv.cfg",
            PYVENV_CFG.format(
                home=os.path.dirname(executable), version=version, executable=executable
            ),
        )
        if interpreter.IS_WINDOWS:
            from boot import windows

            windows.add_interpreter(plan, self._bin)
            return
        if sys.version_info[0] == 2:
            from boot import python2

            python2.add_interpreter(plan, executable, interpreter.standard_library())
        elif self.info.get("venv_copies"):
            with open(executable, "rb") as stream:
                plan.add_file("755", "bin/python", stream.read())
        else:
            plan.add("link", "bin/python", executable)
        aliases = [
            "python{0}".format(sys.version_info[0]),
            "python{0}.{1}".format(*sys.version_info),
        ]
        if interpreter.IS_PYPY:
            aliases += ["pypy", "pypy{0}".format(sys.version_info[0])]
        for alias in aliases:
            plan.add("link", "bin/" + alias, "python")
        if sys.maxsize > 2**32 and sys.platform != "darwin":
            plan.add("link", "lib64", "lib")

    def _add_console_scripts(self, plan):
        python = self._shebang()
        names = set()
        for pack in self.packs:
            for group in ("console_scripts", "gui_scripts"):
                for name, target in sorted(pack.get("entry_points", {}).get(group, {}).items()):
                    module, _, function = target.partition(":")
                    if name in names or not function or "/" in name:
                        continue
                    names.add(name)
                    script = CONSOLE_SCRIPT.format(
                        python=python,
                        module=module,
                        first=function.partition(".")[0],
                        function=function,
                    )
                    plan.add_file("755", "{0}/{1}".format(self._bin, name), script)

    def _shebang(self):
        """The text after `#!` for scripts of this environment, by way of sh where a kernel would not take it."""
        flags = ""
        if self.info.get("venv_hermetic_scripts", True) is not False:
            flags = " -sE" if sys.version_info < (3, 4) else " -I"
        line = self.python + flags
        if " " not in self.python and len(line) + 3 <= SHEBANG_MAX_BYTES:
            return line
        quoted = "'{0}'".format(self.python.replace("'", "'\"'\"'"))
        return "/bin/sh\n'''exec' {0}{1} \"$0\" \"$@\"\n' '''".format(quoted, flags)


def entry_of(target, argv0=None):
    """An entry point of `module` or `module:function`. `argv0` is what venv mode shows for it."""
    module, _, function = target.partition(":")
    return ("function", module, function, argv0) if function else ("module", module)
