"""Explain why no wheels satisfy an app's requirements, for the running interpreter or for this machine."""

import re

from boot import install, interpreter
from boot.fail import CannotStart

# The reason begins with this text if all wheels are for other platforms.
ELSEWHERE = "its wheels are for "
LINUX = re.compile(r"(?:manylinux(?:1|20\d\d|_\d+_\d+)|musllinux_\d+_\d+|linux)_(.+)$")
MACOS = re.compile(r"macosx_\d+_\d+_(.+)$")
MACOS_BOTH = "universal2"
WINDOWS = {"win_amd64": "windows-x86_64", "win_arm64": "windows-arm64", "win32": "windows-x86"}


def explain(packs, missing):
    """Return a line for each requirement: the requirement, its parent, and the wheels that the CZEX has for the project.

    :param missing: Requirements, each with the pack that requires it, or `None` for the app itself.
    """
    platforms = other_platforms(packs, [requirement["project"] for requirement, _ in missing])
    if platforms:
        names = ", ".join(platforms)
        return "{0}{1}, but this machine is {2}".format(ELSEWHERE, names, install.platform())
    lines = []
    for requirement, parent in missing:
        line = requirement["text"]
        if parent:
            line += " (required by {0} {1})".format(parent["project"], parent["version"])
        there = [described(pack) for pack in packs if pack.get("project") == requirement["project"]]
        line += ": it has " + (", ".join(there) if there else "no wheel of that project")
        if line not in lines:
            lines.append(line)
    return "the app has no wheels compatible with {0} {1} for:\n  {2}".format(
        interpreter.implementation(), interpreter.version_text(), "\n  ".join(lines)
    )


def other_platforms(packs, projects):
    """Return the sorted platforms of these projects' wheels; an empty list if the platform is not the problem."""
    platforms = set()
    for project in projects:
        wheels = [pack for pack in packs if pack.get("project") == project]
        own = set(name for wheel in wheels for tag in wheel["tags"] for name in platforms_of(tag))
        is_pure = any(tag.endswith("-any") for wheel in wheels for tag in wheel["tags"])
        if is_pure or not own or install.platform() in own:
            return []
        platforms |= own
    return sorted(platforms)


def platforms_of(tag):
    """Return the platforms of a wheel tag, by the names that runtimes have."""
    platform = tag.split("-", 2)[2]
    if platform in WINDOWS:
        return [WINDOWS[platform]]
    linux, macos = LINUX.match(platform), MACOS.match(platform)
    if linux:
        return ["linux-" + install.MACHINES.get(linux.group(1), linux.group(1))]
    if macos and macos.group(1) == MACOS_BOTH:
        return ["macos-arm64", "macos-x86_64"]
    if macos:
        return ["macos-" + ("arm64" if macos.group(1) == "arm64" else "x86_64")]
    return []


def built_elsewhere(app, manifest, reason=None):
    """Return the error if an app was not built for this machine, else `None`.

    :param reason: The reason why an interpreter was rejected, or `None`.
    """
    here, runtimes = install.platform(), manifest["runtimes"]
    if here in runtimes:
        if not (reason or "").startswith(ELSEWHERE):
            return None
        hint = "build its PEX with wheels for both, by `complete_platforms` of its `pex_binary`"
    else:
        tags = [tag for pack in manifest["packs"] for tag in pack.get("tags", ())]
        names = ", ".join(sorted(runtimes))
        if any(here in platforms_of(tag) for tag in tags):
            reason = "it has wheels for this machine ({0}), but runtimes only for {1}".format(
                here, names
            )
        else:
            reason = "it was built for {0}, but this machine is {1}".format(names, here)
        hint = "add {0} to `platforms` of its czex_binary, or to --platform of pexcz".format(here)
    return CannotStart("{0}; {1}".format(reason, hint))


def described(pack):
    """Return a wheel's file name, which contains version and tags, and its Requires-Python."""
    specifiers = ",".join(operator + version for operator, version in pack["requires_python"] or ())
    return "{0} (for Python {1})".format(pack["name"], specifiers) if specifiers else pack["name"]
