"""Keep packs apart from site-packages if their files would have another meaning or another order there.

In zipapp mode, the app's own code and each wheel are entries of a PEX's `sys.path`. Merged into site-packages they behave the
same, with two exceptions: the files that `site` reads there, and module names for which two packs have different files.
"""

from boot import interpreter
from boot.plan import ascii_repr
from boot.settings import customizes, puts_last_first

# The directory of an environment that holds the packs that are apart.
DIRECTORY = "apart"
PTH = "czex-apart.pth"
# Child processes of the app read these lines: an entry goes directly before or directly after site-packages.
LINE = (
    "import sys; p = sys.path; e = {0}; s = {1}; "
    "e in p or p.insert(p.index(s) + {2} if s in p else len(p), e)\n"
)


class Apart(object):
    """The packs of an environment that are apart. `mounts` maps a pack's fingerprint to the directory that has its `lib`.

    `before` and `after` are entries of `sys.path`: before the standard library, and after site-packages. `pth` names the file
    that lets `site` read the `.pth` files of these wheels, if they have any.
    """

    def __init__(self, environment, hides_a_module):
        sources, wheels = environment.packs[0], environment.packs[1:]
        self._site_packages = environment.path(interpreter.site_packages())
        names = set(wheel["name"] for wheel in wheels)
        clashes = not names.isdisjoint(sources.get("clashes", ()))
        self.mounts, self.before = {}, []
        if hides_a_module or clashes or sources["pth"]:
            self.mounts[sources["fingerprint"]] = DIRECTORY + "/sources"
            self.before = [environment.path(DIRECTORY + "/sources")]
        if puts_last_first(environment.info):
            wheels = wheels[::-1]
        found = of_wheels(wheels, DIRECTORY)
        self.mounts.update((wheel["fingerprint"], place) for wheel, place in found)
        self.after = [environment.path(place) for _, place in found]
        self._first = [] if customizes(sources) else self.before
        quiet = [pair for pair in found if not customizes(pair[0])]
        self._for_children = [environment.path(place) for _, place in quiet]
        self._read = [environment.path(place) for wheel, place in quiet if wheel["pth"]]
        self.pth = [PTH] if self._read else []

    def add_to(self, plan):
        """Add the file that lets the environment's own interpreter find these packs."""
        packages = ascii_repr(self._site_packages)
        placed = [(entry, 0) for entry in self._first]
        placed += [(entry, 1) for entry in reversed(self._for_children)]
        text = "".join(LINE.format(ascii_repr(entry), packages, at) for entry, at in placed)
        text += "".join(
            "import site; site.addsitedir({0})\n".format(ascii_repr(entry)) for entry in self._read
        )
        plan.add_file("644", interpreter.site_packages() + "/" + PTH, text)


def of_wheels(wheels, directory):
    """Return (wheel, its directory below `directory`) for each wheel that can't be merged with the wheels before it."""
    merged, found = set(), []  # type: set, list
    for wheel in wheels:
        separate = set(one["name"] for one, _ in found)
        if (
            customizes(wheel)
            or not merged.isdisjoint(wheel.get("clashes", ()))
            or not separate.isdisjoint(wheel.get("shares", ()))
        ):
            found.append((wheel, "{0}/{1}".format(directory, len(found))))
        else:
            merged.add(wheel["name"])
    return found
