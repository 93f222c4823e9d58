"""Start the tools, which PEX_TOOLS=1 requests instead of the app. They have an entry of their own in the CZEX."""

import gc
import marshal
import sys
import zlib

import boot
from boot.fail import CannotStart
from boot.settings import includes_tools

ENTRY = ".czex/tools"


def run(app, archive, info, packs, variables, install):
    """Run a tool, and exit.

    :param packs: The packs for the running interpreter.
    :param install: Installs packs into the cache, and returns a tuple that begins with their environment.
    """
    if not includes_tools(info):
        raise CannotStart(
            "PEX_TOOLS is set, but the PEX was built without tools; unset it, or build the PEX with --include-tools "
            "(in Pants: include_tools=True on its pex_binary)"
        )
    content = boot.native(marshal.loads(zlib.decompress(archive.read(ENTRY))))
    boot.sources.update(content["sources"])
    from boot import tools

    gc.enable()
    subject = tools.Subject(app, archive, info, packs, variables, install, content["requires"])
    sys.exit(tools.run(subject))
