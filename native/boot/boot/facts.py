"""Ask interpreters for their version, and for the reason if they can't run this CZEX.

Each interpreter runs the CZEX with a variable that requests the answer, and prints it as JSON. Therefore the same code judges it
as the running interpreter. The cache keeps an answer as long as the interpreter's file and its standard library are the same. It
keeps no answer of an interpreter that can't be asked, or of a script that starts another interpreter.
"""

import json
import os
import sys

from boot import install, interpreter, native
from boot.redirect import signature

ASKED_AT_ONCE = 4
TIMEOUT_S = 30


def answer(reason):
    """Print the facts about this interpreter, with the reason if it doesn't fit, and exit."""
    facts = {
        "executable": sys.executable,
        "library": os.path.abspath(os.__file__).replace(".pyc", ".py"),
        "name": interpreter.name(),
        "reason": reason,
        "version": list(sys.version_info[:3]),
    }
    sys.stdout.write(json.dumps(facts))
    sys.stdout.flush()
    sys.exit(0)


class Facts(object):
    """The facts about interpreters: kept answers, or new ones.

    :param probe: The environment variable that requests the `answer` of a start.
    :param path: The file in the cache that holds the answers. An invalid answer in it is ignored, and the interpreter asked again.
    :param question: The other facts that the answers depend on, as text.
    """

    def __init__(self, app, probe, path, question):
        self._app = app
        self._probe = probe
        self._path = path
        self._question = question
        self._known = self._read()

    def of(self, pythons):
        """Return the facts about each. For a file that is no Python, or doesn't start, they are only `reason`."""
        facts = [self._remembered(python) for python in pythons]
        unknown = [index for index, known in enumerate(facts) if known is None]
        for start in range(0, len(unknown), ASKED_AT_ONCE):
            batch = unknown[start : start + ASKED_AT_ONCE]
            asked = [self._ask(pythons[index]) for index in batch]
            for index, process in zip(batch, asked):
                facts[index] = process if isinstance(process, dict) else listen(process)
        if unknown:
            self._remember([(pythons[index], facts[index]) for index in unknown])
        return facts

    def words(self, python):
        """Return the message of a shim that can't start an interpreter, as one line and without its notes."""
        process = self._ask(python)
        if isinstance(process, dict):
            return process["reason"]
        text = native(outputs(process)[1].decode("utf-8", "replace")).partition("\nNote:")[0]
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return ". ".join(lines).replace(":. ", ": ")

    def forget(self):
        """Forget all answers, because one has turned out to be wrong."""
        self._known = {}
        try:
            os.unlink(self._path)
        except OSError:
            pass

    def _read(self):
        try:
            with open(self._path) as stream:
                known = native(json.load(stream))
        except (EnvironmentError, RuntimeError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _key(self, python):
        return "{0}\n{1}".format(self._question, os.path.realpath(python))

    def _remembered(self, python):
        facts = current(self._known.get(self._key(python)), python)
        return facts and dict(facts, executable=python, cached=True)

    def _remember(self, answers):
        new = {}
        for python, facts in answers:
            if "library" in facts and is_itself(python, facts):
                known = {"facts": facts, "identity": identity(python, facts["library"])}
                new[self._key(python)] = known
        if not new:
            return
        for key, record in self._known.items():
            if current(record, key.partition("\n")[2]):
                new.setdefault(key, record)
        self._known = new
        try:
            content = json.dumps(new, sort_keys=True)
            install.write_whole(self._path, content.encode("utf-8"))
        except (EnvironmentError, ValueError):
            # The next start asks again.
            pass

    def _ask(self, python):
        """Return the process that will answer, or the facts about an interpreter that can't be started."""
        try:
            return start([python, "-sE", self._app], dict(os.environ, **{self._probe: "1"}))
        except EnvironmentError as error:
            return {"reason": "it can't be started: {0}".format(error.strerror)}


def current(record, python):
    """Return the facts in a record of the cache, if `python` is still the interpreter that printed them."""
    try:
        facts = record["facts"]
        if record["identity"] == identity(python, facts["library"]):
            major, minor, micro = facts["version"]
            reason = facts["reason"] and str(facts["reason"])
            return dict(facts, reason=reason, version=[int(major), int(minor), int(micro)])
    except (ArithmeticError, LookupError, TypeError, ValueError):
        pass
    return None


def identity(python, library):
    """Return the signatures of an interpreter and its library, as JSON: they change if it is replaced at the same path."""
    return [list(signature(path) or ()) for path in (python, library)]


def is_itself(python, facts):
    """Return whether this file itself has answered, and not an interpreter that it starts."""
    if os.path.realpath(facts["executable"] or "") != os.path.realpath(python):
        return False
    try:
        with open(python, "rb") as stream:
            return stream.read(2) != b"#!"
    except EnvironmentError:
        return False


def start(argv, environ):
    """Start a process for `outputs`. It is killed if it takes too long."""
    import subprocess
    import threading

    options = {}  # type: dict
    # In a process group of its own, a script can be killed together with its child processes.
    if sys.version_info[0] > 2:
        options["start_new_session"] = True
    elif not interpreter.IS_WINDOWS:
        options["preexec_fn"] = os.setsid
    for name in ("stdout", "stderr"):
        options[name] = subprocess.PIPE
    with open(os.devnull, "rb") as null:
        process = subprocess.Popen(argv, stdin=null, env=environ, **options)
    process.timer = threading.Timer(TIMEOUT_S, kill, [process])  # type: ignore[attr-defined]
    process.timer.start()  # type: ignore[attr-defined]
    return process


def outputs(process):
    """Wait for a process, and return its stdout and stderr."""
    try:
        return process.communicate()
    finally:
        process.timer.cancel()


def listen(process):
    """Return the facts that a process prints."""
    output, errors = outputs(process)
    try:
        facts = native(json.loads(output.decode("utf-8")))
        if process.returncode == 0 and len(facts["version"]) == 3 and "reason" in facts:
            return facts
    except (KeyError, TypeError, ValueError):
        pass
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    if process.returncode == -9:
        lines = ["it did not answer within {0} seconds".format(TIMEOUT_S)]
    problem = lines[-1] if lines else "exit code {0}".format(process.returncode)
    return {"reason": "it could not be identified: {0}".format(problem)}


def kill(process):
    """Kill a process that does not answer, and its child processes."""
    try:
        if interpreter.IS_WINDOWS:
            process.kill()
        else:
            os.killpg(process.pid, 9)
    except EnvironmentError:
        pass
