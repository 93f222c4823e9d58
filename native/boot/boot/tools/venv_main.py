"""Run the app of the virtual environment that contains this file, as the Pex runtime does in venv mode.

The Pex docs on the venv tool describe PEX_MODULE, PEX_SCRIPT, PEX_INTERPRETER and the other PEX_* variables.
"""

SETTINGS = {}  # type: dict


def main():
    import os
    import sys

    venv = os.path.dirname(os.path.abspath(__file__))
    scripts = os.path.join(venv, "Scripts" if os.name == "nt" else "bin")
    python = os.path.join(scripts, SETTINGS["python_name"])
    restarted = os.environ.pop("_CZEX_REEXECUTED", None)
    if not restarted and os.path.realpath(sys.prefix) != os.path.realpath(venv):
        os.environ["_CZEX_REEXECUTED"] = "1"
        argv = [python] + SETTINGS["hermetic_args"] + sys.argv
        if os.name == "nt":
            import signal
            import subprocess

            # The console sends Ctrl-C to both processes.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            sys.exit(subprocess.call(argv))
        os.execv(python, argv)
    import czex_activate  # pants: no-infer-dep

    del sys.modules["czex_activate"]
    keep_main(czex_activate)
    settings = dict(SETTINGS, venv=venv, bin=scripts, python=python)
    pex = os.environ.get("__PEX_EXE__") or os.environ.get("PEX")
    if pex:
        pex = os.path.realpath(pex)
        for name in (pex, os.path.join(pex, "pex")):
            if os.path.isfile(name):
                sys.argv[0] = name
                break
    adapt(settings, os.environ)
    extra = os.environ.get("PEX_EXTRA_SYS_PATH")
    if extra and settings["strip_pex_env"]:
        # Child processes of the app need it, too.
        os.environ["__PEX_EXTRA_SYS_PATH__"] = extra
    history = [(name, os.environ[name]) for name in HISTORY if name in os.environ]
    czex_activate.set_environment(settings, pex or venv)
    if not pex:
        del os.environ["PEX"]
    if settings["entry"] is None and len(sys.argv) == 1:
        os.environ.update(history)
        czex_activate.replace_process([python, os.path.join(venv, "pex-repl")])
    sys.exit(czex_activate.execute(settings, pex or venv))


def keep_main(czex_activate):
    """Keep `__main__` as the file that was started; `czex_activate` would replace its attributes."""
    names = ("__file__", "__spec__", "__package__", "__loader__")
    own = dict((name, globals()[name]) for name in names if name in globals())
    original = czex_activate.main_namespace

    def main_namespace(settings):
        namespace = original(settings)
        namespace.update(own)
        return namespace

    czex_activate.main_namespace = main_namespace


HISTORY = ("PEX_INTERPRETER_HISTORY", "PEX_INTERPRETER_HISTORY_FILE")


def adapt(settings, environ):
    """Set the entry point, and apply the PEX_* variables."""
    import os
    import sys

    def module_entry(text):
        module, _, function = text.partition(":")
        if function:
            return dict(kind="function", target=module, function=function, argv0=sys.argv[0])
        return dict(kind="module", target=module)

    def script_entry(name):
        path = os.path.join(settings["bin"], name)
        if os.path.exists(path):
            return dict(kind="binary", target=path)
        return dict(kind="missing", target=name)

    names = ("PEX_INTERPRETER", "PEX_SCRIPT", "PEX_MODULE")
    given = [name for name in names if name in environ]
    if len(given) > 1:
        sys.exit(
            "czex: can't start {0}: only one of {1} can be set".format(
                settings["venv"], ", ".join(names)
            )
        )
    if given:
        settings["inject_args"] = []
    settings["entry"] = None
    if environ.get("PEX_SCRIPT"):
        settings["entry"] = script_entry(environ["PEX_SCRIPT"])
    elif environ.get("PEX_MODULE"):
        settings["entry"] = module_entry(environ["PEX_MODULE"])
    elif environ.get("PEX_INTERPRETER", "").lower() in ("1", "true"):
        pass
    elif settings["script"] and not given:
        settings["entry"] = script_entry(settings["script"])
    elif settings["entry_point"]:
        settings["entry"] = module_entry(settings["entry_point"])
    order = environ.get("PEX_VENV_BIN_PATH", settings["bin_path"])
    if order not in ("false", "prepend", "append"):
        sys.exit(
            "czex: can't start {0}: PEX_VENV_BIN_PATH must be false, prepend or append, not {1!r}".format(
                settings["venv"], order
            )
        )
    settings["bin_path"] = order


if __name__ == "__main__":
    main()
