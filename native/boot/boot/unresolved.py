"""Says why no choice of wheels satisfies what an app requires, for the interpreter that runs."""

from boot import interpreter


def explain(packs, missing):
    """One line for each requirement: who requires it, and what the CZEX has instead.

    :param missing: Requirements, each with the pack that requires it, or None for the app itself.
    """
    lines = []
    for requirement, parent in missing:
        line = requirement["text"]
        if parent:
            line += " (required by {0} {1})".format(parent["project"], parent["version"])
        there = [described(pack) for pack in packs if pack.get("project") == requirement["project"]]
        line += ": it has " + (", ".join(there) if there else "no wheel of that project")
        if line not in lines:
            lines.append(line)
    return "no wheels for {0} {1} in it satisfy\n  {2}".format(
        interpreter.implementation(), interpreter.version_text(), "\n  ".join(lines)
    )


def described(pack):
    """A wheel's file name, which has its version and tags, and the Pythons that it is for."""
    specifiers = ",".join(operator + version for operator, version in pack["requires_python"] or ())
    return "{0} (for Python {1})".format(pack["name"], specifiers) if specifiers else pack["name"]
