"""An ASGI app that answers with the arguments and the ids of its process."""

import json
import os
import sys


async def application(scope, receive, send):
    if scope["type"] == "http":
        facts = {"arguments": sys.argv[1:], "pid": os.getpid(), "parent": os.getppid()}
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(facts).encode()})
