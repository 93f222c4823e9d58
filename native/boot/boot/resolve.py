"""Choose the wheels of a CZEX for the running interpreter, by the rules of the Pex runtime.

A wheel must allow this Python, and is ranked by its best tag. For each project the best rank wins, then the highest version.
Requirements are followed depth first, with their markers, extras and overrides. The manifest holds them parsed, with the wheels
whose versions satisfy them, and without excluded ones.
"""

import sys

from boot import interpreter
from boot.fail import CannotStart


class Unresolvable(CannotStart):
    """The running interpreter can't run the CZEX."""


def resolve(manifest, ignore_errors):
    """Return the packs to install: the sources first, then the wheels in the order in which they are required.

    Raises Unresolvable, which names the interpreter constraints that the running interpreter doesn't meet, or each
    requirement without a compatible wheel in the CZEX.
    """
    constraints = manifest["interpreter_constraints"]
    if constraints and not any(meets(constraint) for constraint in constraints):
        texts = [constraint["text"] for constraint in constraints]
        raise Unresolvable("it does not satisfy {0}".format(" or ".join(texts)))
    return Resolver(manifest["packs"]).resolve(manifest["requirements"], ignore_errors)


def meets(constraint):
    """Return whether the running interpreter meets an interpreter constraint."""
    from boot import versions

    try:
        return (
            constraint["implementation"] in (None, interpreter.implementation())
            and constraint["free_threaded"] in (None, interpreter.is_free_threaded())
            and versions.satisfies(interpreter.version_text(), constraint["specifiers"])
        )
    except versions.NotAVersion:
        # A number in the constraint is too long.
        return False


class Resolver(object):
    def __init__(self, packs):
        self._packs = packs
        self._variables = None
        # Index of a pack that this interpreter can use: its rank. The lowest is the best.
        self._ranks = {}
        projects = [pack.get("project") for pack in packs]
        universal = "py{0}-none-any".format(sys.version_info[0])
        ranker = None
        for index, pack in enumerate(packs):
            if pack["kind"] != "wheel" or not self._python_fits(pack):
                continue
            rank = 0
            # A universal wheel needs no rank if its project has no other.
            if universal not in pack["tags"] or projects.count(pack["project"]) > 1:
                from boot import tags

                ranker = ranker or tags.Ranker()
                rank = ranker.rank(pack["tags"])
            if rank is not None:
                self._ranks[index] = rank, pack["order"]
        self._usable = set(projects[index] for index in self._ranks)
        # (project, extras, index of the pack) of each resolved requirement.
        self._resolved = []
        # (requirement, the pack that requires it) of each requirement without a wheel.
        self._missing = []

    def resolve(self, requirements, ignore_errors):
        # A root requirement without a wheel is fatal even with `ignore_errors`, unless its project was reported as missing
        # before.
        fatal = not ignore_errors
        for alternatives in self._by_project(requirements):
            candidates = [one for one in alternatives if self._best(one["packs"]) is not None]
            if candidates:
                best = self._best([index for one in candidates for index in one["packs"]])
                extras = [extra for one in candidates for extra in one["extras"]]
                one = [one for one in candidates if best in one["packs"]][0]
                self._follow(one, set(extras), None)
            else:
                project = alternatives[0]["project"]
                asked = [requirement["project"] for requirement, _ in self._missing]
                fatal = fatal or (project not in self._usable and project not in asked)
                self._missing += [(one, None) for one in alternatives]
        if self._missing and fatal:
            from boot import unresolved

            raise Unresolvable(unresolved.explain(self._packs, self._missing))
        chosen = []
        for _, _, index in self._resolved:
            if index not in chosen:
                chosen.append(index)
        sources = [pack for pack in self._packs if pack["kind"] == "sources"]
        return sources + [self._packs[index] for index in chosen]

    def _by_project(self, requirements):
        """Group the root requirements that apply by their project."""
        groups = []  # type: list
        for requirement in requirements:
            if self._applies(requirement, ()):
                for group in groups:
                    if group[0]["project"] == requirement["project"]:
                        group.append(requirement)
                        break
                else:
                    groups.append([requirement])
        return groups

    def _follow(self, requirement, extras, parent):
        """Resolve a requirement and its dependencies, unless that was done with these extras or more."""
        project = requirement["project"]
        for known, known_extras, _ in self._resolved:
            if known == project and extras <= known_extras:
                return
        index = self._best(requirement["packs"])
        if index is None:
            self._missing.append((requirement, parent))
            return
        self._resolved.append((project, extras, index))
        pack = self._packs[index]
        for child in pack["requires"]:
            child = self._overridden(child)
            # The extras that the parent was required with decide which dependencies apply.
            if self._applies(child, extras) and "excluded" not in child:
                self._follow(child, set(child["extras"]), pack)

    def _overridden(self, requirement):
        applicable = [one for one in requirement.get("overrides", ()) if self._applies(one, ())]
        if len(applicable) > 1:
            texts = [one["text"] for one in applicable]
            raise Unresolvable(
                "{0} is overridden by {1}, and only one of them may apply".format(
                    requirement["text"], " and ".join(texts)
                )
            )
        return applicable[0] if applicable else requirement

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
        return any(
            markers.holds(marker, dict(self._variables, extra=extra)) for extra in extras or ("",)
        )

    def _best(self, packs):
        """Return the index of the best of these packs, or `None` if the running interpreter can't use any."""
        fitting = [index for index in packs if index in self._ranks]
        return min(fitting, key=self._ranks.__getitem__) if fitting else None
