"""Installs an app: writes the runtime to the cache, and tells it by a plan what to unpack and link.

docs/format.md describes the plan, docs/runtime.md what the runtime does with it.
"""

import errno
import marshal
import os
import sys

from boot import interpreter
from boot.fail import EXIT_USAGE, CannotStart

SHEBANG_MAX_BYTES = 127
MACHINES = {
    "AMD64": "x86_64",
    "ARM64": "arm64",
    "armv7l": "armv7",
    "armv8l": "armv7",
}
SYSTEMS = {"darwin": "macos", "win32": "windows"}

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


def platform():
    """The id of the runtime for this machine, as native/platforms.json has them."""
    system = SYSTEMS.get(sys.platform, "linux" if sys.platform.startswith("linux") else sys.platform)
    if interpreter.IS_WINDOWS:
        machine = os.environ.get("PROCESSOR_ARCHITEW6432") or os.environ["PROCESSOR_ARCHITECTURE"]
    else:
        machine = os.uname()[4]
        if machine == "aarch64" and sys.maxsize < 2**32:
            machine = "armv7l"
    return "{0}-{1}".format(system, MACHINES.get(machine, machine))


def make_root(root):
    """Make sure that environments can be installed below `root`; OSError where they can't."""
    for name in ("runtimes", "sources", "venvs", "wheels"):
        path = os.path.join(root, name)
        if not os.access(path, os.W_OK | os.X_OK):
            try:
                os.makedirs(path)
            except OSError as error:
                if error.errno != errno.EEXIST or not os.path.isdir(path):
                    raise
                raise OSError(errno.EACCES, os.strerror(errno.EACCES), path)


def runtime(archive, manifest, root):
    """The path of the runtime executable in the cache, after writing it there if it isn't."""
    name = platform()
    facts = manifest["runtimes"].get(name)
    if facts is None:
        raise CannotStart(
            "{0} has no runtime for {1}, only for {2}; build it with that platform too".format(
                archive.path, name, ", ".join(sorted(manifest["runtimes"]))
            )
        )
    executable = "pexcz.exe" if interpreter.IS_WINDOWS else "pexcz"
    directory = os.path.join(root, "runtimes", facts["sha256"][:40])
    path = os.path.join(directory, executable)
    try:
        if os.stat(path).st_size == facts["size"]:
            return path
    except OSError:
        pass
    content = archive.read(".czex/runtime/{0}/{1}".format(name, executable))
    if not os.path.isdir(directory):
        try:
            os.mkdir(directory)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise
    write_whole(path, content, 0o755)
    return path


def temporary_root(root, error):
    """A cache for this start alone, where `root` can't be written, removed when the app ends."""
    import atexit
    import shutil
    import tempfile

    try:
        temporary = os.path.realpath(tempfile.mkdtemp(prefix="czex-"))
        make_root(temporary)
    except OSError as second:
        raise CannotStart(
            "the cache {0} can't be written ({1}), nor can a temporary one ({2}); set PEXCZ_ROOT to a "
            "directory that can".format(root, error.strerror, second.strerror or second)
        )
    sys.stderr.write(
        "czex: the cache {0} can't be written ({1}); using {2} for this start alone; set PEXCZ_ROOT to a "
        "directory that can be written\n".format(root, error.strerror, temporary)
    )
    owner = os.getpid()

    def remove():
        if os.getpid() == owner:
            shutil.rmtree(temporary, ignore_errors=True)

    atexit.register(remove)
    return temporary


def discard(venv, is_whole):
    """Take an environment that can't be read out of the way.

    :param is_whole: Tells whether an environment can be read after all: another start may have made it anew.
    """
    if not os.path.lexists(venv) or is_whole(venv):
        return
    import shutil

    aside = "{0}.{1}.discarded".format(venv, os.getpid())
    try:
        os.rename(venv, aside)
        if is_whole(aside):
            os.rename(aside, venv)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY):
            raise CannotStart("{0} is damaged; remove it ({1})".format(venv, error.strerror))
    shutil.rmtree(aside, ignore_errors=True)


def write_whole(path, content, mode):
    """Write a file that other processes see whole or not at all."""
    temporary = "{0}.{1}.tmp".format(path, os.getpid())
    try:
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), mode
        )
        try:
            view = content
            while view:
                view = view[os.write(descriptor, view) :]
        finally:
            os.close(descriptor)
        replace = getattr(os, "replace", os.rename)
        replace(temporary, path)
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise


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
            self._add_windows_interpreter(plan)
            return
        if sys.version_info[0] == 2:
            from boot import python2

            python2.add_interpreter(plan, executable, interpreter.standard_library())
        elif self.info.get("venv_copies"):
            with open(executable, "rb") as stream:
                plan.add_file("755", "bin/python", stream.read())
        else:
            plan.add("link", "bin/python", executable)
        aliases = ["python{0}".format(sys.version_info[0]), "python{0}.{1}".format(*sys.version_info)]
        if interpreter.IS_PYPY:
            aliases += ["pypy", "pypy{0}".format(sys.version_info[0])]
        for alias in aliases:
            plan.add("link", "bin/" + alias, "python")
        if sys.maxsize > 2**32 and sys.platform != "darwin":
            plan.add("link", "lib64", "lib")

    def _add_windows_interpreter(self, plan):
        """The launchers that a venv has on Windows; they find the interpreter by pyvenv.cfg."""
        launchers = os.path.join(sys.base_prefix, "Lib", "venv", "scripts", "nt")
        for name, sources in (
            ("python.exe", ("venvlauncher.exe", "python.exe")),
            ("pythonw.exe", ("venvwlauncher.exe", "pythonw.exe")),
        ):
            for source in sources:
                if os.path.isfile(os.path.join(launchers, source)):
                    with open(os.path.join(launchers, source), "rb") as stream:
                        plan.add_file("755", self._bin + "/" + name, stream.read())
                    break

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


def run_runtime(executable, plan):
    """Start the runtime with a plan on its standard input, and return its exit code.

    `subprocess` would cost more than the runtime's own work on a small app.
    """
    argv = [executable, "install", "-"]
    if interpreter.IS_WINDOWS:
        import subprocess

        process = subprocess.Popen(argv, stdin=subprocess.PIPE)
        process.communicate(plan)
        return process.returncode
    reader, writer = os.pipe()
    try:
        if hasattr(os, "posix_spawn"):
            actions = [
                (os.POSIX_SPAWN_CLOSE, writer),
                (os.POSIX_SPAWN_DUP2, reader, 0),
            ]
            pid = os.posix_spawn(executable, argv, os.environ, file_actions=actions)
        else:
            pid = os.fork()
            if pid == 0:
                try:
                    os.close(writer)
                    os.dup2(reader, 0)
                    os.execv(executable, argv)
                finally:
                    os._exit(126)
    except OSError:
        os.close(writer)
        raise
    finally:
        os.close(reader)
    try:
        view = plan
        while view:
            view = view[os.write(writer, view[:65536]) :]
    except OSError as error:
        if error.errno != errno.EPIPE:
            raise
    finally:
        os.close(writer)
    status = os.waitpid(pid, 0)[1]
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else EXIT_USAGE + 127
