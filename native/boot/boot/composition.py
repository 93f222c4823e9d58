"""Compose an app with the distributions of other apps: PEX_PATH, and `pex_paths` of PEX-INFO.

The packs of another CZEX are installed beside the app's own. Another PEX installs its distributions itself, into its usual
cache, and prints where they are. Each app resolves its distributions for the running interpreter by itself.
"""

import glob
import hashlib
import json
import marshal
import os
import subprocess
import sys
import zipfile
import zlib

import boot
from boot import activate, install, interpreter, packed, resolve
from boot.fail import CannotStart
from boot.plan import ascii_repr, encode
from boot.settings import customizes, entry_of, may_be_apart

# The directory of an environment that holds the packs of another CZEX.
DIRECTORY = "path/{0}"
QUESTION = "import json, sys; sys.stdout.write(json.dumps(sys.path))"


def built_in_path(info):
    """Return the other apps that PEX-INFO names. Old versions of Pex wrote `pex_path`."""
    paths = info.get("pex_paths") or (info.get("pex_path") or "").split(":")
    return [path for path in paths if path]


class Composition(object):
    """The other apps, in their order.

    `stamps` shows later whether an app has changed. `packs` are the packs of all CZEX files. `PTH` is the name of the file in
    site-packages that puts the distributions on `sys.path`.

    :param cache: The directory for the answers of PEXes.
    """

    PTH = "czex-path.pth"

    def __init__(self, paths, cache, ignore_errors):
        self.stamps = [(path, activate.stamp(path)) for path in map(os.path.abspath, paths)]
        self._cache = cache
        self._parts = [self._part(path, stamp, ignore_errors) for path, stamp in self.stamps]
        self.packs = [pack for part in self._parts for pack in part.packs]

    def _part(self, path, stamp, ignore_errors):
        if stamp is None:
            raise CannotStart("{0} on PEX_PATH does not exist".format(path))
        manifest = czex_manifest(path)
        if manifest is not None:
            try:
                return CzexPart(path, manifest, ignore_errors)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as e:
                # The manifest of a directory has no checksum, so it may contain anything.
                raise CannotStart("{0} on PEX_PATH can't be read: {1!r}".format(path, e))
        return PexPart(path, stamp, self._cache)

    def key(self):
        """Return a text that differs for other apps, and for other versions of them."""
        return "".join("\n" + part.key() for part in self._parts)

    def add_to(self, plan, environment):
        """Add the distributions of the other apps to the plan."""
        lines = []
        for index, part in enumerate(self._parts):
            part.add_to(plan, environment, DIRECTORY.format(index))
            for library in part.libraries(environment, DIRECTORY.format(index)):
                lines.append("import site; site.addsitedir({0})\n".format(ascii_repr(library)))
        pth = interpreter.site_packages() + "/" + self.PTH
        plan.add_file("644", pth, "".join(lines))

    def sources(self, environment):
        """Return the directories of the others' own code, in order: in zipapp mode they come first on `sys.path`."""
        return [
            part.sources(environment, DIRECTORY.format(index))
            for index, part in reversed(list(enumerate(self._parts)))
        ]

    def hidden(self, environment):
        """Return the directories of wheels that only the app's own process has on `sys.path`, not its child processes."""
        parts = enumerate(self._parts)
        return [
            entry
            for index, part in parts
            for entry in part.hidden(environment, DIRECTORY.format(index))
        ]

    def script_entry(self, name):
        """Return the entry for a script of one of the PEXes, or `None`."""
        for part in self._parts:
            entry = part.script_entry(name)
            if entry:
                return entry
        return None


class CzexPart(object):
    """A CZEX, whose packs become part of the environment."""

    def __init__(self, path, manifest, ignore_errors):
        self.path = path
        self.pack_directory = packed.pack_directory(path) if os.path.isdir(path) else None
        self._fingerprint = manifest["fingerprint"]
        try:
            self.packs = resolve.resolve(manifest, ignore_errors)
        except resolve.Unresolvable as error:
            raise CannotStart("{0} on PEX_PATH can't be used: {1}".format(path, error))

    def key(self):
        return self._fingerprint

    def add_to(self, plan, environment, directory):
        sources, wheels = self.packs[:1], self.packs[1:]
        environment.add_packs(plan, self, sources, directory + "/sources")
        mounts = [
            (wheel["fingerprint"], place) for wheel, place in self._apart(environment, directory)
        ]
        environment.add_packs(plan, self, wheels, directory + "/lib", mounts)
        environment.add_console_scripts(plan, wheels)

    def _apart(self, environment, directory):
        if not may_be_apart(environment.info, self.packs):
            return []
        from boot import apart

        return apart.of_wheels(self.packs[1:], directory + "/apart")

    def sources(self, environment, directory):
        return environment.path(directory + "/sources")

    def libraries(self, environment, directory):
        places = [directory + "/lib"] if self.packs[1:] else []
        places += [
            place for wheel, place in self._apart(environment, directory) if not customizes(wheel)
        ]
        return [environment.path(place) for place in places]

    def hidden(self, environment, directory):
        found = self._apart(environment, directory)
        return [environment.path(place) for wheel, place in found if customizes(wheel)]

    def script_entry(self, name):
        return None


class PexPart(object):
    """A PEX, which installs itself and prints where. Each version of it is asked once."""

    packs = []  # type: list

    def __init__(self, path, stamp, cache):
        self._path = path
        name = hashlib.sha1(encode(path)).hexdigest()
        self._answer = os.path.join(cache, name)
        question = [stamp, interpreter.base_executable(), sys.version]
        self._directories = self._known(question)
        if not self._directories:
            self._directories = self._ask()
            self._keep(question)

    def _known(self, question):
        try:
            with open(self._answer, "rb") as stream:
                known, directories = marshal.loads(stream.read())
        except (EnvironmentError, EOFError, ValueError, TypeError):
            return None
        is_there = known == question and all(map(os.path.isdir, directories))
        return directories if is_there else None

    def _keep(self, question):
        try:
            install.write_whole(self._answer, marshal.dumps((question, self._directories)))
        except OSError:
            # The next start asks it again.
            pass

    def _ask(self):
        environ = dict(
            (name, value)
            for name, value in os.environ.items()
            if not name.startswith(("PEX_", "PYTHON", "_CZEX_")) or name == "PEX_ROOT"
        )
        python = interpreter.base_executable()
        environ.update(PEX_IGNORE_RCFILES="1", PEX_INTERPRETER="1", PEX_PYTHON=python, PEX_VENV="0")
        process = subprocess.Popen(
            [python, self._path, "-c", QUESTION],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        output, errors = process.communicate()
        try:
            entries = json.loads(output.decode("utf-8"))
        except ValueError:
            raise CannotStart(
                "{0} on PEX_PATH can't be used; it printed:\n{1}".format(
                    self._path, errors.decode("utf-8", "replace").strip()
                )
            )
        own = interpreter.standard_library()
        return [
            entry
            for entry in map(str, entries)
            if os.path.isdir(entry) and entry not in own and not entry.endswith(".bootstrap")
        ]

    def key(self):
        return "\n".join(self._directories)

    def add_to(self, plan, environment, directory):
        """Add nothing: the PEX has installed itself."""

    def sources(self, environment, directory):
        return self._directories[0]

    def libraries(self, environment, directory):
        return self._directories[1:]

    def hidden(self, environment, directory):
        return []

    def script_entry(self, name):
        for directory in self._directories:
            for info in sorted(glob.glob(os.path.join(directory, "*.dist-info"))):
                target = console_script(os.path.join(info, "entry_points.txt"), name)
                if target:
                    return entry_of(target)
            script = os.path.join(directory, ".prefix", "bin", name)
            if os.path.isfile(script):
                with open(script, "rb") as stream:
                    first = stream.readline()
                is_python = first.startswith(b"#!") and (b"python" in first or b"pypy" in first)
                return {"kind": "script" if is_python else "binary", "target": script}
        return None


def console_script(path, name):
    """Return the target of a console script in an `entry_points.txt`, or `None`."""
    group = None
    try:
        with open(path) as stream:
            lines = stream.read().splitlines()
    except (EnvironmentError, ValueError):
        return None
    for line in lines:
        line = line.strip()
        if line.startswith("["):
            group = line
        elif group == "[console_scripts]" and line.partition("=")[0].strip() == name:
            return "".join(line.partition("=")[2].partition("[")[0].split())
    return None


def czex_manifest(path):
    """Return the manifest of a CZEX, or `None` for a PEX."""
    try:
        manifest = packed.manifest(path) if os.path.isdir(path) else manifest_of_file(path)
        version = None if manifest is None else manifest["format"]
    except (
        EnvironmentError,
        EOFError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
        zipfile.BadZipfile,
        zlib.error,
    ) as e:
        raise CannotStart("{0} on PEX_PATH can't be read: {1}".format(path, e))
    if manifest is not None and version != boot.manifest["format"]:
        raise CannotStart(
            "{0} on PEX_PATH has format {1}, but this app has format {2}; build both with one version of czex".format(
                path, version, boot.manifest["format"]
            )
        )
    return manifest


def manifest_of_file(path):
    archive = zipfile.ZipFile(path)
    try:
        if ".czex/start" not in archive.namelist():
            return None
        content = marshal.loads(zlib.decompress(archive.read(".czex/start")))
    finally:
        archive.close()
    return boot.native(content["manifest"])
