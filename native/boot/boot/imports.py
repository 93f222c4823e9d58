"""Import the modules of a large app from one file: the import table of its environment.

The file `imports` holds the bytecode of the modules that earlier starts have imported, in the order of their imports. A group of
modules is read at once. Python's own finders and loaders stay in charge. The finder of a directory gets an attribute `find_spec`,
which answers for the modules in the table. The loader in its answer gets an attribute `get_code`, which gives the bytecode once,
and is gone then. Python's own methods do everything that the table can't answer.

The record of an environment holds this module as bytes, because small apps do without it. It runs on Python 3.6 and later.
"""

import _frozen_importlib as bootstrap
import _frozen_importlib_external as external
import _imp
import gc
import marshal
import os
import sys
import time
from os import pread, stat

MAGIC = b"czex-imports-1\n\0"
# An app with fewer modules gains little.
MODULES_MIN = 40
# If a start imports this number of modules beside the table, it adds them.
MORE_MODULES = 16
# The bytecode of so many modules is one marshalled list, in which they share their names.
GROUP = 64
# During an import, Python collects garbage only after this number of new objects.
DELAYED_OBJECTS = 200000
# The system reads 32 bytes from its memory in this time.
MEMORY_SECONDS_MAX = 50e-6
# Linux reads less than it is asked for. It reads this much on any disk.
AHEAD_STEP = 128 << 10
AHEAD_BYTES_MAX = 32 << 20
# The thresholds of the collector before and during an import, while one is delaying it.
THRESHOLDS = []  # type: list
# Methods of Python's loader. If an app has replaced one of them, the app reads its modules.
METHODS = "get_code", "get_data", "path_stats"


class Unusable(Exception):
    """A table can't be used; the message is the reason."""


def begin(settings):
    """Use the table of an environment in this process."""
    reason = unusual()
    if not reason:
        table = learn_later(settings, len(sys.modules))
        try:
            count = table.open()
        except Unusable as error:
            reason = str(error)
        except Exception:
            # Also a version of Python with other finders.
            reason = "it is damaged"
    log = settings["log"]
    if log and reason:
        log("no import table is used: {0}".format(reason))
    elif log:
        log("{0} modules are in the import table".format(count))


def learn_later(settings, before):
    """Learn a table at the end of the process. Return the table, which can also learn earlier.

    :param before: The number of modules that were loaded when the environment was activated.
    """
    import atexit

    table = Table(settings, before)
    atexit.register(table.learn)
    return table


def unusual():
    """Return why this process must not read the usual bytecode in another way; an empty text if it may."""
    if os.environ.get("PEXCZ_IMPORTS") == "0":
        return "PEXCZ_IMPORTS is 0"
    if sys.flags.optimize or sys.flags.verbose or getattr(sys, "pycache_prefix", None):
        return "Python reads other bytecode, or tells of it"
    if getattr(_imp, "check_hash_based_pycs", "default") != "default":
        return "Python checks bytecode"
    return ""


def digest(content):
    """Return eight bytes that differ for another content."""
    if hasattr(_imp, "source_hash"):
        return _imp.source_hash(0x637A6578, content)
    # Python 3.6.
    import zlib

    return b"%08x" % zlib.adler32(content)


def methods():
    return [getattr(external.SourceFileLoader, name) for name in METHODS]


class Table(object):
    """The import table of an environment in one process."""

    def __init__(self, settings, before):
        self._settings = settings
        self._file = os.path.join(settings["venv"], "imports")
        self._descriptor = -1
        # Directory -> its time, and module -> its facts: whether it is a package, the time and the size of its source, and the
        # number of its group and its place in it.
        self._directories = {}  # type: dict
        # The place, the size and the digest of each group in the file. The last one has the libraries.
        self._groups = []  # type: list
        # Number of a group -> the code of its modules. Code that was given away is `None`.
        self._codes = {}  # type: dict
        self._start_of_code = 0
        self._is_in_memory = True
        # The number of modules that were loaded before, and that an earlier start has imported beside the table.
        self._before = before
        self._beside = 0
        self.hits = 0
        self._methods = methods()
        # The suffixes of modules, each with its loader, as Python's own finders have them.
        self._loaders = None
        self._process = os.getpid(), os.geteuid()

    def open(self):
        """Let the finders use the file. Return the number of its modules.

        Raise Unusable, or an error that the system or damage causes.
        """
        descriptor = os.open(self._file, os.O_RDONLY)
        try:
            found = self._index(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        self._beside, self._directories, self._groups = found
        if not self._is_in_memory:
            self._read_ahead()
        for directory in self._directories:
            # No other finder is made before Python makes it: the app can see them all.
            if directory in sys.path or directory in sys.path_importer_cache:
                self._answer_for(directory)
        return sum([len(modules) for _, modules in self._directories.values()])

    def _read_ahead(self):
        """Let the system read the table and the libraries that it names into memory. Raise no error."""
        try:
            read_ahead([self._file])
            read_ahead(self._group(-1))
        except Exception:
            pass

    def _index(self, descriptor):
        status = os.fstat(descriptor)
        if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o22:
            raise Unusable("another user can write to it")
        start, self._is_in_memory = beginning(descriptor)
        length = int.from_bytes(start[16:24], "little")
        if not start.startswith(MAGIC) or length > status.st_size:
            raise ValueError
        content = pread(descriptor, length, 32)
        if digest(content) != start[24:]:
            raise ValueError
        found = marshal.loads(content)
        # `_learn` makes this list.
        if found.pop() != self._identity():
            raise Unusable("it is for another interpreter")
        self._start_of_code = 32 + length
        return found

    def _identity(self):
        text = self._settings["interpreter_text"]
        return repr((text, external.MAGIC_NUMBER, sys.implementation.cache_tag))

    def _usual_finder(self, directory):
        """Return the finder that Python asks for the modules of a directory, or `None` if it is not one of Python's own."""
        if not self._loaders:
            usual = external._get_supported_file_loaders()  # type: ignore[attr-defined]
            self._loaders = external.FileFinder("/", *usual)._loaders  # type: ignore[attr-defined]
        finder = external.PathFinder._path_importer_cache(directory)  # type: ignore[attr-defined]
        if type(finder) is external.FileFinder and finder.path == directory:
            return finder if finder._loaders == self._loaders else None  # type: ignore[attr-defined]
        return None

    def _answer_for(self, directory):
        """Let the finder of a directory answer for the modules in the table."""
        finder = self._usual_finder(directory)
        if not finder:
            return
        directories = self._directories
        then, modules = directories[directory]
        plain = finder.find_spec
        is_unchanged = None
        suffix = ".{0}.pyc".format(sys.implementation.cache_tag)
        # Python 3.15 has no `__cached__`. A spec makes the path when the app asks for it.
        is_lazy = sys.version_info >= (3, 15)

        def find_spec(fullname, target=None):
            facts = modules.get(fullname)
            if not facts:
                return plain(fullname, target)
            nonlocal is_unchanged
            is_package = facts[0]
            parent, stem = directory, fullname.rpartition(".")[2]
            if is_package:
                parent, stem = parent + "/" + stem, "__init__"
            path = parent + "/" + stem + ".py"
            try:
                if is_unchanged is None or finder._path_mtime == -1:
                    # The first time, or after `invalidate_caches`. Python lists the directory if the time differs.
                    is_unchanged = stat(directory).st_mtime_ns == then
                    if finder._path_mtime == -1:
                        finder._path_mtime = -2
                status = stat(path)
                same = is_unchanged and (status.st_mtime_ns, status.st_size) == facts[1:3]
            except OSError:
                same = False
            if not same or methods() != self._methods:
                return plain(fullname, target)
            loader = external.SourceFileLoader(fullname, path)
            spec = bootstrap.ModuleSpec(fullname, loader, origin=path, is_package=is_package)
            loader.get_code = Code(self, spec, facts)  # type: ignore[method-assign]
            spec._set_fileattr = True  # type: ignore[attr-defined]
            if not is_lazy:
                spec.cached = parent + "/__pycache__/" + stem + suffix
            if is_package:
                spec.submodule_search_locations = [parent]
                if parent in directories:
                    self._answer_for(parent)
            return spec

        finder.find_spec = find_spec

    def code(self, facts):
        """Return the code of a module, once. Raise OSError or ValueError if the file no longer has it.

        An app may have closed the descriptor, and opened another file in its place.
        """
        group, place = facts[3:]
        if group not in self._codes:
            self._codes[group] = self._group(group)
        codes = self._codes[group]
        code, codes[place] = codes[place], None
        if not code:
            raise ValueError
        self.hits += 1
        return code

    def _group(self, number):
        offset, length, expected = self._groups[number]
        content = pread(self._descriptor, length, self._start_of_code + offset)
        if digest(content) != expected:
            raise ValueError
        return marshal.loads(content)

    def learn(self):
        """Write a table of the modules that this process has imported, if it has many that the table lacks. Raise no error."""
        try:
            if (os.getpid(), os.geteuid()) != self._process:
                return
            beside = len(sys.modules) - self._before - self.hits
            more = beside - self._beside
            if more > max(MORE_MODULES, (self.hits + self._beside) // 8) and not unusual():
                self._beside = beside
                if not sys.dont_write_bytecode:
                    self._learn()
        except Exception:
            # The cache may be full, read-only or gone, and the app may have changed anything.
            pass

    def _learn(self):
        known = []  # type: list
        for directory, (_, modules) in self._directories.items():
            for name, facts in modules.items():
                place = directory + "/" + name.rpartition(".")[2]
                known.append((facts[3:], name, place + ("/__init__.py" if facts[0] else ".py")))
        # The modules in the table keep their order, so that a start reads few groups with modules that it doesn't import.
        paths = dict([found[1:] for found in sorted(known)])
        imported = list(sys.modules)[self._before :]
        paths.update([(name, source_path(sys.modules[name])) for name in imported])
        directories = {}  # type: dict
        learnt = []
        codes = []  # type: list
        for name, path in paths.items():
            parent, file = os.path.split(path)
            is_package = file == "__init__.py"
            directory = os.path.dirname(parent) if is_package else parent
            if not self._owns(directory):
                continue
            try:
                # The times come first. If a file is changed meanwhile, they no longer fit.
                then, status = stat(directory).st_mtime_ns, stat(path)
                is_searched = directory in sys.path_importer_cache
                finder = self._usual_finder(directory) if is_searched else None
                code = finder and code_of(finder, name, path, status)
            except (EnvironmentError, EOFError, ImportError, TypeError, ValueError):
                continue
            before, modules = directories.setdefault(directory, (then, {}))
            if not code or before != then:
                continue
            facts = is_package, status.st_mtime_ns, status.st_size
            modules[name] = facts + divmod(len(codes), GROUP)
            learnt.append(name)
            codes.append(code)
        if len(codes) < MODULES_MIN:
            return
        groups, contents, offset = [], [], 0
        parts = [codes[start : start + GROUP] for start in range(0, len(codes), GROUP)]
        for part in parts + [self._libraries()]:
            content = marshal.dumps(part)
            groups.append((offset, len(content), digest(content)))
            contents.append(content)
            offset += len(content)
        beside = len(set(imported).difference(learnt))
        content = marshal.dumps([beside, directories, groups, self._identity()])
        start = MAGIC + len(content).to_bytes(8, "little") + digest(content)
        self._write([start, content] + contents)

    def _owns(self, directory):
        """Return whether a directory is of the environment or the standard library."""
        if directory.startswith(self._settings["venv"] + "/"):
            return True
        library = os.path.dirname(os.__file__)
        inside = (directory + "/").startswith(library + "/")
        return inside and "-packages" not in directory[len(library) :]

    def _libraries(self):
        """Return the paths of the shared libraries that this process has loaded, the first one first. Only Linux tells them.

        A library elsewhere may be on a disk of the network, which a start must not wait for.
        """
        cache = os.path.join(self._settings["venv"], "..", "..", "..")
        roots = map(os.path.realpath, (cache, sys.base_prefix, "/usr", "/lib", "/lib64"))
        local = tuple([root.rstrip("/") + "/" for root in roots])
        try:
            with open("/proc/self/maps", "rb") as stream:
                found = [line.split(None, 5)[5:] for line in stream if b" r-xp " in line]
        except EnvironmentError:
            return []
        # The first library has the last address.
        paths = [os.fsdecode(path[0]).rstrip("\n") for path in reversed(found) if path]
        return [path for path in paths if path.startswith(local)]

    def _write(self, contents):
        """Put a file in the place of the table, which other processes see complete or not at all, and mark the record."""
        for name in os.listdir(os.path.dirname(self._file)):
            path = os.path.join(os.path.dirname(self._file), name)
            if name.startswith("imports.") and time.time() - os.lstat(path).st_mtime > 60:
                # A killed process has left it.
                os.unlink(path)
        temporary = "{0}.{1:016x}.tmp".format(self._file, int.from_bytes(os.urandom(8), "little"))
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = os.open(temporary, flags, 0o644)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.writelines(contents)
            os.replace(temporary, self._file)
        except BaseException:
            os.unlink(temporary)
            raise
        os.chmod(os.path.join(self._settings["venv"], "record"), 0o744)


def beginning(descriptor):
    """Return the first 32 bytes of a file, and whether the system had them in memory."""
    content = bytearray(32)
    try:
        os.preadv(descriptor, [content], 0, os.RWF_NOWAIT)
        return content, True
    except BlockingIOError:
        return pread(descriptor, 32, 0), False
    except AttributeError:
        # Not Linux, or Python 3.6.
        return pread(descriptor, 32, 0), True
    except (NotImplementedError, OSError):
        # A file system such as overlayfs can't tell. But a disk takes longer than memory.
        before = time.perf_counter()
        start = pread(descriptor, 32, 0)
        return start, time.perf_counter() - before < MEMORY_SECONDS_MAX


def read_ahead(paths):
    """Let the system read files into memory, many at once, while Python goes on. Of a large file it reads the beginning."""
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except (OSError, ValueError):
            continue
        try:
            size = min(os.fstat(descriptor).st_size, AHEAD_BYTES_MAX)
            for offset in range(0, size, AHEAD_STEP):
                os.posix_fadvise(descriptor, offset, AHEAD_STEP, os.POSIX_FADV_WILLNEED)
        except OSError:
            pass
        finally:
            os.close(descriptor)


class Code(object):
    """The method `get_code` of a loader, for one import. Afterwards the loader has Python's own method again."""

    __slots__ = "_table", "_spec", "_facts"

    def __init__(self, table, spec, facts):
        self._table, self._spec, self._facts = table, spec, facts

    def __call__(self, name):
        loader = self._spec.loader
        vars(loader).pop("get_code", None)
        if name == loader.name:
            try:
                code = self._table.code(self._facts)
                _imp._fix_co_filename(code, loader.path)  # type: ignore[attr-defined]
                delay_collection(self._spec)
                return code
            except (EnvironmentError, EOFError, TypeError, ValueError):
                pass
        return loader.get_code(name)

    def __reduce__(self):
        loader = self._spec.loader
        return getattr, (external.SourceFileLoader(loader.name, loader.path), "get_code")


class Importing(bootstrap.ModuleSpec):
    """The class of a spec whose import delays garbage collection. Python sets the attribute to false when the import ends."""

    @property
    def _initializing(self):
        return vars(self)["_initializing"]

    @_initializing.setter
    def _initializing(self, value):
        vars(self)["_initializing"] = value
        self.__class__ = bootstrap.ModuleSpec  # type: ignore[assignment]
        usual, delayed = THRESHOLDS.pop()
        if gc.get_threshold() == delayed:
            if not gc.get_freeze_count():
                # All objects become old, at no cost. Otherwise the next collection would examine everything that was imported.
                gc.freeze()
                gc.unfreeze()
            gc.set_threshold(*usual)


def delay_collection(spec):
    """Let Python collect no garbage until the import of a spec ends. The imports inside of it change nothing."""
    # Python 3.6 and PyPy can't make objects old.
    if hasattr(gc, "freeze") and vars(spec).get("_initializing") and not THRESHOLDS:
        usual = gc.get_threshold()
        if 0 < usual[0] < DELAYED_OBJECTS:
            gc.set_threshold(DELAYED_OBJECTS, *usual[1:])
            THRESHOLDS.append((usual, gc.get_threshold()))
            spec.__class__ = Importing


def source_path(module):
    """Return the path of the source that a module was imported from, or an empty text. Run no code of the module."""
    try:
        spec = object.__getattribute__(module, "__dict__").get("__spec__")
    except AttributeError:
        return ""
    if type(spec) is not bootstrap.ModuleSpec:
        return ""
    is_usual = type(spec.loader) is external.SourceFileLoader
    return spec.origin if is_usual and isinstance(spec.origin, str) else ""


def code_of(finder, name, path, status):
    """Return the code that Python reads for a module, or `None` if it compiles the source, or finds another file.

    :param finder: The finder of the directory that contains the module.
    :param status: The status of the source.
    """
    spec = external.FileFinder.find_spec(finder, name)
    if not spec or spec.origin != path or type(spec.loader) is not external.SourceFileLoader:
        return None
    with open(external.cache_from_source(path), "rb") as stream:
        content = stream.read()
    # PEP 552, or the time and size of the source alone.
    header = 16 if sys.version_info >= (3, 7) else 12
    if not content.startswith(external.MAGIC_NUMBER) or len(content) <= header:
        return None
    flags = content[4:8] if header == 16 else bytes(4)
    stamp = b"".join(
        [(int(n) & 0xFFFFFFFF).to_bytes(4, "little") for n in (status.st_mtime, status.st_size)]
    )
    # The flag 1 stands for a hash of the source, which Python doesn't compare.
    if flags == b"\1\0\0\0" or flags == bytes(4) and content[header - 8 : header] == stamp:
        code = marshal.loads(content[header:])
        _imp._fix_co_filename(code, path)  # type: ignore[attr-defined]
        return code
    return None
