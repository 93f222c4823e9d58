"""A WSGI app that answers with the arguments and the ids of its process."""

import json
import os
import sys


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [
        json.dumps({"arguments": sys.argv[1:], "pid": os.getpid(), "parent": os.getppid()}).encode()
    ]
