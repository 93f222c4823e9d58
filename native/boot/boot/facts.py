"""What interpreters say about themselves: which they are, and why they can't run this CZEX, if they can't.

Each is started on the CZEX with a question in its environment, and answers in JSON: so it is judged by the same rules
as the running one. The answers are kept in the cache for as long as the interpreter's file and its standard library are
the same. One that can't be asked is not remembered, and neither is a script that starts another one.
"""

import json
import os
import sys

from boot import install, interpreter, native
from boot.redirect import signature

ASKED_AT_ONCE = 4
TIMEOUT_S = 30


def answer(reason):
    """Tell whoever asked what this interpreter is, and why it doesn't fit, if it doesn't."""
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
    """Asks interpreters, or remembers what they said.

    :param probe: The environment variable that asks a start for its `answer`.
    :param path: The file in the cache that holds the answers; what is wrong in it is asked again.
    :param question: What else the answers depend on, as text.
    """

    def __init__(self, app, probe, path, question):
        self._app = app
        self._probe = probe
        self._path = path
        self._question = question
        self._known = self._read()

    def of(self, pythons):
        """The facts about each. Those about one that is no Python, or doesn't start, are `reason` alone."""
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
        """The message of a shim that can start nothing, as one line and without its notes."""
        process = self._ask(python)
        if isinstance(process, dict):
            return process["reason"]
        text = native(outputs(process)[1].decode("utf-8", "replace")).partition("\nNote:")[0]
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return ". ".join(lines).replace(":. ", ": ")

    def forget(self):
        """Ask everyone again: an answer has turned out to be wrong."""
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
        """The process that will answer; or the facts about one that can't be started."""
        try:
            return start([python, "-sE", self._app], dict(os.environ, **{self._probe: "1"}))
        except EnvironmentError as error:
            return {"reason": "it can't be started: {0}".format(error.strerror)}


def current(record, python):
    """The facts in a record of the cache, if `python` is still the interpreter that told them."""
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
    """What changes when an interpreter is replaced by another at the same path, as JSON has it."""
    return [list(signature(path) or ()) for path in (python, library)]


def is_itself(python, facts):
    """Whether it was this very file that answered, and not one that it starts."""
    if os.path.realpath(facts["executable"] or "") != os.path.realpath(python):
        return False
    try:
        with open(python, "rb") as stream:
            return stream.read(2) != b"#!"
    except EnvironmentError:
        return False


def start(argv, environ):
    """A process whose `outputs` are wanted, and which is ended if it takes too long."""
    import subprocess
    import threading

    options = {}
    # In a group of its own, so that a script and what it starts can be ended together.
    if sys.version_info[0] > 2:
        options["start_new_session"] = True
    elif not interpreter.IS_WINDOWS:
        options["preexec_fn"] = os.setsid
    for name in ("stdout", "stderr"):
        options[name] = subprocess.PIPE
    with open(os.devnull, "rb") as null:
        process = subprocess.Popen(argv, stdin=null, env=environ, **options)
    process.timer = threading.Timer(TIMEOUT_S, kill, [process])
    process.timer.start()
    return process


def outputs(process):
    """What a process has written to stdout and stderr, once it has ended."""
    try:
        return process.communicate()
    finally:
        process.timer.cancel()


def listen(process):
    """The facts that a process tells."""
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
    """End a process that does not answer, and those it has started."""
    try:
        if interpreter.IS_WINDOWS:
            process.kill()
        else:
            os.killpg(process.pid, 9)
    except EnvironmentError:
        pass
