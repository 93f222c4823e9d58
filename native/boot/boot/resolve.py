"""Chooses the wheels of a CZEX for the running interpreter, by the rules of the Pex runtime.

Each wheel is ranked by its best tag and must allow this Python; for each project the best rank wins, then the
highest version; requirements are followed with their markers and extras. Requirements come parsed in the manifest,
with the wheels whose version satisfies them, the highest version first.
"""

import sys

from boot import interpreter
from boot.fail import CannotStart


class Unresolvable(CannotStart):
    """The running interpreter is not one that the CZEX can run in."""


def resolve(manifest, ignore_errors):
    """The packs to install, the sources' first, then wheels in the order they are required.

    Raises Unresolvable, which names the interpreter constraints that the running interpreter doesn't meet, or each
    requirement that no wheel in the CZEX satisfies for it.
    """
    constraints = manifest["interpreter_constraints"]
    if constraints and not any(meets(constraint) for constraint in constraints):
        texts = [constraint["text"] for constraint in constraints]
        raise Unresolvable("it does not satisfy {0}".format(" or ".join(texts)))
    return Resolver(manifest["packs"]).resolve(manifest["requirements"], ignore_errors)


def meets(constraint):
    """Whether the running interpreter meets an interpreter constraint."""
    from boot import versions

    return (
        constraint["implementation"] in (None, interpreter.implementation())
        and constraint["free_threaded"] in (None, interpreter.is_free_threaded())
        and versions.satisfies(interpreter.version_text(), constraint["specifiers"])
    )


class Resolver(object):
    def __init__(self, packs):
        self._packs = packs
        self._variables = None
        self._ranks = {}
        projects = [pack.get("project") for pack in packs]
        universal = "py{0}-none-any".format(sys.version_info[0])
        ranker = None
        for index, pack in enumerate(packs):
            if pack["kind"] != "wheel" or not self._python_fits(pack):
                continue
            rank = 0
            # The only wheel of its project needs no rank if it runs everywhere.
            if universal not in pack["tags"] or projects.count(pack["project"]) > 1:
                from boot import tags

                ranker = ranker or tags.Ranker()
                rank = ranker.rank(pack["tags"])
            if rank is not None:
                self._ranks[index] = rank

    def resolve(self, requirements, ignore_errors):
        chosen = []
        missing = []
        seen = set()
        # (requirement, the extras by which it was reached, who requires it)
        queue = [(requirement, (), None) for requirement in requirements]
        while queue:
            requirement, extras, parent = queue.pop(0)
            if not self._applies(requirement, extras):
                continue
            index = self._best(requirement, chosen)
            if index is None:
                missing.append((requirement, parent))
                continue
            if index not in chosen:
                chosen.append(index)
            for extra in [""] + requirement["extras"]:
                if (index, extra) in seen:
                    continue
                seen.add((index, extra))
                wheel = self._packs[index]
                queue.extend((child, (extra,), wheel) for child in wheel["requires"])
        if missing and not ignore_errors:
            raise Unresolvable(self._explain(missing))
        sources = [pack for pack in self._packs if pack["kind"] == "sources"]
        return sources + [self._packs[index] for index in chosen]

    def _python_fits(self, pack):
        if not pack["requires_python"]:
            return True
        from boot import versions

        try:
            return versions.satisfies(interpreter.version_text(), pack["requires_python"])
        except versions.NotAVersion:
            return True

    def _applies(self, requirement, extras):
        marker = requirement["marker"]
        if marker is None:
            return True
        from boot import markers

        self._variables = self._variables or markers.environment()
        for extra in extras or ("",):
            if markers.holds(marker, dict(self._variables, extra=extra)):
                return True
        return False

    def _best(self, requirement, chosen):
        fitting = [index for index in requirement["packs"] if index in self._ranks]
        for index in fitting:
            if index in chosen:
                return index
        # `min` takes the first of equals: the highest version.
        return min(fitting, key=self._ranks.__getitem__) if fitting else None

    def _explain(self, missing):
        lines = []
        for requirement, parent in missing:
            line = requirement["text"]
            if parent:
                line += " (required by {0} {1})".format(parent["project"], parent["version"])
            there = [
                pack["name"]
                for pack in self._packs
                if pack["kind"] == "wheel" and pack["project"] == requirement["project"]
            ]
            line += ": it has " + (", ".join(there) if there else "no wheel of that project")
            lines.append(line)
        return "no wheels for {0} {1} in it satisfy\n  {2}".format(
            interpreter.implementation(), interpreter.version_text(), "\n  ".join(lines)
        )
