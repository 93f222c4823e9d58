"""Answers with who it is."""

import json
import os
import sys


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [
        json.dumps({"arguments": sys.argv[1:], "pid": os.getpid(), "parent": os.getppid()}).encode()
    ]
