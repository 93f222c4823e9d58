"""Make an empty environment as the interpreter's `venv` does: links, `pyvenv.cfg` and activation scripts."""

import os
import sys

from boot import interpreter
from boot.plan import Plan


def create(stage, wanted, options):
    """Make the environment in the directory `stage`, and return its path there. Its files contain the paths of its final place."""
    # The last component of the path is the default prompt.
    path = os.path.join(stage.path, "base", os.path.basename(wanted.venv) or "venv")
    if sys.version_info[0] == 2 or interpreter.IS_PYPY and sys.version_info < (3, 8):
        create_by_plan(path, wanted, options)
    else:
        create_by_module(path, wanted, options)
    return path


def create_by_module(path, wanted, options):
    import venv

    # `venv` links to this interpreter: use the base interpreter, because an environment may be removed.
    sys.executable = sys._base_executable = interpreter.base_executable()  # type: ignore[attr-defined]
    keywords = {
        "system_site_packages": options.system_site_packages,
        "symlinks": not options.copies and os.name != "nt",
    }
    if sys.version_info >= (3, 6):
        keywords["prompt"] = options.prompt
    elif options.prompt:
        warn_of_prompt(options.prompt)
    if sys.version_info >= (3, 13):
        keywords["scm_ignore_files"] = frozenset(["git"])
    builder = venv.EnvBuilder(**keywords)
    context = builder.ensure_directories(path)
    builder.create_configuration(context)
    if interpreter.IS_WINDOWS:
        from boot import windows

        for name, content in windows.interpreters(wanted.runtime):
            with open(os.path.join(context.bin_path, name), "wb") as stream:
                stream.write(content)
    else:
        builder.setup_python(context)
    if hasattr(builder, "create_git_ignore_file"):
        builder.create_git_ignore_file(context)
    context.env_exe = context.env_exe.replace(path, wanted.venv)
    context.env_dir = wanted.venv
    builder.setup_scripts(context)
    configuration = os.path.join(path, "pyvenv.cfg")
    with open(configuration, encoding="utf-8", errors="surrogateescape") as stream:
        text = stream.read()
    with open(configuration, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text.replace(path, wanted.venv))


def create_by_plan(path, wanted, options):
    """Make the environment by the runtime, because Python 2 has no `venv`, and that of early PyPy versions is incomplete."""
    from boot.tools import activation_scripts

    os.makedirs(os.path.dirname(path))
    plan = Plan()
    wanted.begin(plan, path)
    wanted.add_interpreter(plan)
    for name, text in activation_scripts.scripts(wanted.venv, options.prompt):
        plan.add_file("644", "bin/" + name, text)
    wanted.run(plan)


def warn_of_prompt(prompt):
    sys.stderr.write(
        "WARNING: Unable to apply custom --prompt {0!r} in {1} venv; continuing with the default "
        "prompt.\n".format(prompt, interpreter.version_text())
    )
