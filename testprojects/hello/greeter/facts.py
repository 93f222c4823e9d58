"""The facts that an app can see of its process."""

import os
import sys


def of_this_process():
    main = sys.modules["__main__"]
    return {
        "argv": sys.argv,
        "cwd": os.getcwd(),
        "environment": dict(os.environ),
        "flags": {
            name: int(getattr(sys.flags, name))
            for name in ("optimize", "dont_write_bytecode", "verbose", "bytes_warning")
        },
        "main": main.__name__,
        "stdin_is_a_terminal": sys.stdin.isatty(),
        "version": sys.version,
        "warnings": list(sys.warnoptions),
    }
