"""Find files of wheels that an environment leaves out, because their path is taken."""

from __future__ import annotations

import re
from typing import Dict, Iterator, List, Sequence, Tuple

from pexcz.pack import PackInfo, directories

# The directory of each scheme. The real path of site-packages is not needed here.
_PLACES = {"data": "", "data64": "lib/", "lib": "site-packages/", "scripts": "bin/"}
# Paths of the environment itself.
_OWN = re.compile(
    r"(record|packs|__main__\.py|pyvenv\.cfg|lib64|bin/python[\d.]*|site-packages/czex(-apart|-path)?\.pth)$"
)


def hidden(contents: Sequence[PackInfo], is_merged: bool) -> List[str]:
    """Return a line for each file of a wheel that an app won't find.

    :param is_merged: Whether all wheels share one site-packages directory. If not, wheels that clash have their own.
    """
    lines = []
    commands = {
        f"bin/{name}": info.meta["name"]
        for info in reversed(contents)
        for group in info.meta.get("entry_points", {}).values()
        for name in group
    }
    files: Dict[str, str] = {}
    for info in contents:
        name = info.meta.get("name", "the app")
        for path, place in _places(info, is_merged):
            above = [*directories(place), place]
            own = next((one for one in above if _OWN.match(one)), None)
            command = next((one for one in above if one in commands), None)
            file = next((one for one in above[:-1] if one in files), None) if is_merged else None
            if own:
                lines.append(f"{name}: {path} is left out: each environment has its own {own}")
            elif command:
                lines.append(
                    f"{name}: {path} is left out: {commands[command]} has a command of that name"
                )
            elif file:
                lines.append(f"{name}: {path} is left out: in {files[file]}, {file} is a file")
            else:
                files.setdefault(place, name)
    return lines


def _places(info: PackInfo, is_merged: bool) -> Iterator[Tuple[str, str]]:
    """Yield the paths of a pack that may clash with others, each with its place in the environment."""
    for path, _, _ in info.files:
        scheme, _, rest = path.partition("/")
        if scheme in _PLACES and (is_merged or scheme != "lib" or rest.startswith("czex")):
            yield path, _PLACES[scheme] + rest
