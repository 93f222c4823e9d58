"""Compares versions and specifiers as PEP 440 has it, as far as markers and constraints of interpreters need.

Nearly all of them are numbers and dots. `re`, which takes longer to import than the rest of a cold start, is for the others.
"""

PATTERN = r"""^\s*v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)
    (?P<pre>[-_.]?(?P<pre_name>a|b|c|rc|alpha|beta|pre|preview)[-_.]?(?P<pre_number>\d*))?
    (?P<post>-(?P<post_number1>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number2>\d*))?
    (?P<dev>[-_.]?dev[-_.]?(?P<dev_number>\d*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$"""
# Of neither a prerelease nor a postrelease nor a development release.
FINAL = (3, 0), -1, float("inf")
PRE_RANK = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}


class NotAVersion(ValueError):
    pass


def parse(text):
    """(epoch, release without trailing zeros, pre/post/dev key). The local part doesn't count here."""
    epoch, release, match = split(text)
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    return epoch, tuple(release), key(match) if match else FINAL


def split(text):
    """The epoch, the release as a list of numbers, and the match of PATTERN where there is more."""
    parts = text.split(".")
    if all([part and not part.strip("0123456789") for part in parts]):
        return 0, [int(part) for part in parts], None
    import re

    match = re.match(PATTERN, text, re.VERBOSE | re.IGNORECASE)
    if not match:
        raise NotAVersion(text)
    release = [int(part) for part in match.group("release").split(".")]
    return int(match.group("epoch") or 0), release, match


def key(match):
    """What orders versions of one release."""
    is_dev = match.group("dev") is not None
    if match.group("pre"):
        pre = (PRE_RANK[match.group("pre_name").lower()], int(match.group("pre_number") or 0))
    elif is_dev and not match.group("post"):
        pre = (-1, 0)
    else:
        pre = FINAL[0]
    post = FINAL[1]
    if match.group("post"):
        post = int(match.group("post_number1") or match.group("post_number2") or 0)
    dev = int(match.group("dev_number") or 0) if is_dev else FINAL[2]
    return pre, post, dev


def is_specifier(operator, wanted):
    """Whether PEP 440 has such a specifier."""
    is_prefix = wanted.endswith(".*")
    if operator not in ("==", "!=", "<", "<=", ">", ">=", "~=", "==="):
        return False
    if operator == "===":
        return True
    if is_prefix and operator not in ("==", "!=") or operator == "~=" and "." not in wanted:
        return False
    try:
        split(wanted[:-2] if is_prefix else wanted)
        return True
    except NotAVersion:
        return False


def satisfies(version, specifiers):
    """Whether a version satisfies all of `[operator, version]` pairs. Prereleases count."""
    return all(_satisfies(version, operator, wanted) for operator, wanted in specifiers)


def _satisfies(version, operator, wanted):
    if operator == "===":
        return version.lower() == wanted.lower()
    if wanted.endswith(".*"):
        return _starts(version, *split(wanted[:-2])[:2]) == (operator == "==")
    ours, theirs = parse(version), parse(wanted)
    if operator == "==":
        return ours == theirs
    if operator == "!=":
        return ours != theirs
    if operator == "<=":
        return ours <= theirs
    if operator == ">=":
        return ours >= theirs
    if operator == "<":
        # A prerelease of the bound is not below it, unless the bound is one.
        is_its_prerelease = ours[:2] == theirs[:2] and _is_prerelease(ours)
        return ours < theirs and not (is_its_prerelease and not _is_prerelease(theirs))
    if operator == ">":
        return ours > theirs and not (ours[:2] == theirs[:2] and theirs[2][1] < 0 <= ours[2][1])
    if operator == "~=":
        epoch, release, _ = split(wanted)
        return ours >= theirs and _starts(version, epoch, release[:-1])
    raise NotAVersion(operator)


def _is_prerelease(version):
    pre, _, dev = version[2]
    return pre != FINAL[0] or dev != FINAL[2]


def _starts(version, epoch, wanted):
    ours, release, _ = split(version)
    release += [0] * (len(wanted) - len(release))
    return ours == epoch and release[: len(wanted)] == wanted
