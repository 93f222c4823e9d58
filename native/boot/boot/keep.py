"""Write files to the cache that make the next start faster.

No start depends on these files. If one can't be written, the start logs that and goes on.
"""

import marshal
import os
import sys

import boot
from boot import install, machine, warm

# By these variables, the sh header names the Python that it has found, and the candidates that it has passed over.
SH_PYTHON = "_CZEX_COLD_SH_PYTHON"
SH_PASSED = "_CZEX_COLD_SH_PASSED"
# Signs in the files that the sh header reads, each for one interpreter. This interpreter gets the CZEX at once.
NOT_DIRECTLY = "-"
# This one must answer first: the interpreter that it starts may depend on the working directory.
IF_IT_ANSWERS = "+"
# This one gets the CZEX only if no other interpreter answers.
PASSED = "!"


class Keeper(object):
    """Write the files of one cold start.

    :param log: A function that logs a message.
    """

    def __init__(self, log):
        self._log = log
        self._python = os.environ.pop(SH_PYTHON, "")
        self._passed = os.environ.pop(SH_PASSED, "").split(":")

    def keep(self, environment, settings):
        """Keep all data that the next start of an installed environment can use.

        :param settings: The record of the environment.
        """
        # An app that inherits needs the machine's `sys.path`. A composed app must check other files first.
        is_direct = settings["inherit_path"] == "false" and not settings["composed"]
        # A preamble may set variables that the header reads.
        is_direct = is_direct and not boot.has_preamble
        # With a restart for its flags, `site` would read `.pth` files in two processes.
        is_direct = is_direct and not (settings["python_args"] and settings["pth"])
        name = os.path.basename(environment.venv) if is_direct else NOT_DIRECTLY
        self.tell_sh_header(environment.venv, name)
        self._keep_warm_path(settings)
        self._keep_boot(environment.root)

    def _keep_warm_path(self, settings):
        """Keep the warm path and the record that it will most likely need, if the next start searches for them in this cache."""
        path = boot.main.WARM
        if not path or os.path.dirname(os.path.abspath(path)) != os.path.dirname(settings["venv"]):
            return
        likely = warm.LIKELY
        if likely and os.access(likely["python"], os.X_OK):
            text = settings["interpreter_text"]
            if likely["interpreter_text"] != text or likely["venv"] == settings["venv"]:
                return
        self._write(path, marshal.dumps((boot.main.code, settings)))

    def _keep_boot(self, root):
        """Keep the bytecode of the boot. The next cold start of any app with this boot does not compile or inflate it."""
        path = boot.main.KEPT
        if not path or not os.path.abspath(path).startswith(root + os.sep):
            return
        content = boot.main.INFLATED.get(boot.main.COMPILED)
        if not content and "__init__" in boot.sources:
            code = dict(boot.code, warm=boot.main.code)
            sources = dict((name, boot.sources[name]) for name in ("damage", "venv_main"))
            content = marshal.dumps({"code": code, "sources": sources})
        if content:
            self._write(path, content)

    def _write(self, path, content):
        try:
            install.write_whole(path, content)
        except (EnvironmentError, ValueError) as error:
            self._log("the next start will be slower: {0}".format(error))

    def tell_sh_header(self, venv, name=NOT_DIRECTLY):
        """Tell the sh header's next start about the Python that it found.

        Links beside the file lead to the directories whose `.pth` files count, too. If one of them is newer than the file, the
        header asks again.

        :param name: The name of the environment to run, or a sign.
        """
        # A relative path leads to different files from different directories.
        if not os.path.isabs(self._python):
            return
        directories = machine.site_directories()
        newest = machine.newest(directories)
        records = dict.fromkeys(filter(os.path.isabs, self._passed), PASSED)
        try:
            if name != NOT_DIRECTLY:
                python = os.path.join(venv, "bin", "python")
                is_its_own = os.path.samefile(self._python, python)
                if not is_its_own or machine.has_effects(directories):
                    name = NOT_DIRECTLY
            if name == NOT_DIRECTLY and not os.path.samefile(self._python, sys.executable):
                name = IF_IT_ANSWERS
            records[self._python] = name
            for python, record in records.items():
                path = os.path.join(os.path.dirname(venv), "sh") + python
                install.make_directory(os.path.dirname(path))
                for number, directory in enumerate(directories, 1):
                    install.link("{0}~{1}".format(path, number), directory)
                install.write_whole(path, (record + "\n").encode("utf-8"))
                # The header compares times, so the file is as old as the newest directory.
                os.utime(path, (newest, newest))
        except OSError as error:
            self._log("the sh header's next start will be slower: {0}".format(error))
