"""Enter the app: find its entry point, and run it as `__main__`.

pexcz puts the text of this module into that of `activate.py`.
"""

import os
import sys

from boot.restart import replace_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boot import damage  # noqa: F401


def execute(settings, app):
    return entry_point(settings, app)()


def entry_point(settings, app):
    """Return the app's entry point, as a function without arguments."""
    entry = settings["entry"]
    if entry is None:
        return lambda: interpret(settings, app)
    if settings["inject_args"]:
        sys.argv[1:1] = injected_args(settings)
    kind, target = entry["kind"], entry["target"]
    if kind == "missing":
        sys.exit("czex: can't start {0}: the app has no script {1!r}".format(app, target))
    if kind == "binary":
        try:
            replace_process([target] + sys.argv[1:])
        except OSError as error:
            stop_if_damaged(settings, app, error)
            raise
    main_namespace(settings)
    if kind == "module":
        return lambda: execute_module(target, settings, app)
    if kind == "script":
        sys.argv[0] = target if settings["venv_mode"] else os.path.basename(target)
        with open(target, "rb") as stream:
            content = stream.read()
        # The function refers to `settings`, which keeps the modules of a cold start alive, and with them its functions.
        return lambda: execute_code(content, target, main_namespace(settings))
    if settings["venv_mode"]:
        sys.argv[0] = entry["argv0"] or app
    elif sys.version_info >= (3, 9) and not os.path.isabs(sys.argv[0]):
        # Since Python 3.9, the path of an executed zip file is absolute, and Pex passes it on.
        sys.argv[0] = os.path.join(os.getcwd(), sys.argv[0])
    try:
        __import__(target)
        function = sys.modules[target]
        for attribute in entry["function"].split("."):
            function = getattr(function, attribute)
    except Exception as error:
        stop_if_damaged(settings, app, error)
        raise
    return function


def stop_if_damaged(settings, app, error):
    """End the start by `damage.py`, which the environment holds, if the import of the app has failed because of damage."""
    import marshal

    try:
        with open(settings["venv"] + "/packs", "rb") as stream:
            packs, source = marshal.loads(stream.read())
    except (EnvironmentError, EOFError, ValueError, TypeError):
        return
    global damage
    damage = type(sys)("czex_damage")
    exec(source, damage.__dict__)
    damage.stop(packs, settings, app, error)


def main_namespace(settings):
    """Return the namespace `__main__` as if the environment's own `__main__.py` were running.

    A child process of multiprocessing runs that file again under another name, with no effect.
    """
    namespace = sys.modules["__main__"].__dict__
    # With a preamble, the boot has a namespace of its own. The names here belong to the preamble, whose functions may still be called.
    for name in () if settings["has_preamble"] else list(namespace):
        if not name.startswith("__"):
            del namespace[name]
    if sys.version_info < (3, 15):
        namespace["__cached__"] = None
    namespace.update(
        __doc__=None,
        __file__=os.path.join(settings["venv"], "__main__.py"),
        __loader__=None,
        __package__=None,
        __spec__=None,
    )
    return namespace


def execute_module(name, settings, app):
    import runpy

    try:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    except Exception as error:
        stop_if_damaged(settings, app, error)
        raise
    return 0


def execute_code(content, name, namespace):
    program = compile(content, name, "exec", 0, True)
    namespace["__file__"] = name
    exec(program, namespace)
    return 0


def interpret(settings, app):
    """Behave like a Python interpreter: for a CZEX without an entry point, or PEX_INTERPRETER."""
    args = sys.argv[1:]
    if args and args[0].startswith("-") and args[0] not in ("-", "-c", "-m"):
        replace_process([settings["python"]] + args)
    sys.path.insert(0, "")
    if not args:
        return settings["repl"]()
    if args[0] in ("-c", "-m") and len(args) < 2:
        sys.stderr.write("Argument expected for the {0} option\n".format(args[0]))
        return 2
    if args[0] == "-m":
        sys.argv = args[1:]
        main_namespace(settings)
        return execute_module(args[1], settings, app)
    if args[0] == "-c":
        sys.argv = ["-c"] + args[2:]
        return execute_code(args[1], "-c <cmd>", main_namespace(settings))
    sys.argv = args
    if args[0] == "-":
        content = sys.stdin.read()
    else:
        path = os.path.join(args[0], "__main__.py") if os.path.isdir(args[0]) else args[0]
        try:
            with open(path, "rb") as stream:
                content = stream.read()
        except EnvironmentError as error:
            return "czex: can't open {0}: {1}".format(path, error.strerror)
    return execute_code(content, args[0], main_namespace(settings))


def injected_args(settings):
    # Python would take longer to make this class at each start than to make the function.
    class Variables(object):
        """The value of `pex` for `{pex.env.NAME}`: a variable that isn't set is empty."""

        def __getattr__(self, name):
            return self if name == "env" else os.environ.get(name, "")

    return [arg.format(pex=Variables()) for arg in settings["inject_args"]]
