"""Compares versions and specifiers as PEP 440 has it, as far as markers and constraints of interpreters need."""

import re

PATTERN = re.compile(
    r"""^\s*v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)
    (?P<pre>[-_.]?(?P<pre_name>a|b|c|rc|alpha|beta|pre|preview)[-_.]?(?P<pre_number>\d*))?
    (?P<post>-(?P<post_number1>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number2>\d*))?
    (?P<dev>[-_.]?dev[-_.]?(?P<dev_number>\d*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
PRE_RANK = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}


class NotAVersion(ValueError):
    pass


def parse(text):
    """(epoch, release without trailing zeros, pre/post/dev key). The local part doesn't count here."""
    match = PATTERN.match(text)
    if not match:
        raise NotAVersion(text)
    release = [int(part) for part in match.group("release").split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    is_dev = match.group("dev") is not None
    if match.group("pre"):
        pre = (PRE_RANK[match.group("pre_name").lower()], int(match.group("pre_number") or 0))
    elif is_dev and not match.group("post"):
        pre = (-1, 0)
    else:
        pre = (3, 0)
    post = -1
    if match.group("post"):
        post = int(match.group("post_number1") or match.group("post_number2") or 0)
    dev = int(match.group("dev_number") or 0) if is_dev else float("inf")
    return int(match.group("epoch") or 0), tuple(release), (pre, post, dev)


def is_specifier(operator, wanted):
    """Whether PEP 440 has such a specifier."""
    is_prefix = wanted.endswith(".*")
    if operator not in ("==", "!=", "<", "<=", ">", ">=", "~=", "==="):
        return False
    if operator == "===":
        return True
    if is_prefix and operator not in ("==", "!=") or operator == "~=" and "." not in wanted:
        return False
    return PATTERN.match(wanted[:-2] if is_prefix else wanted) is not None


def satisfies(version, specifiers):
    """Whether a version satisfies all of `[operator, version]` pairs. Prereleases count."""
    return all(_satisfies(version, operator, wanted) for operator, wanted in specifiers)


def _satisfies(version, operator, wanted):
    if operator == "===":
        return version.lower() == wanted.lower()
    if wanted.endswith(".*"):
        return _has_prefix(version, wanted[:-2]) == (operator == "==")
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
        match = PATTERN.match(wanted)
        prefix = match.group("release").rpartition(".")[0]
        return ours >= theirs and _has_prefix(version, (match.group("epoch") or "0") + "!" + prefix)
    raise NotAVersion(operator)


def _is_prerelease(version):
    pre, _, dev = version[2]
    return pre != (3, 0) or dev != float("inf")


def _has_prefix(version, prefix):
    ours = PATTERN.match(version)
    theirs = PATTERN.match(prefix)
    if not ours or not theirs:
        raise NotAVersion(prefix)
    release = [int(part) for part in ours.group("release").split(".")]
    wanted = [int(part) for part in theirs.group("release").split(".")]
    release += [0] * (len(wanted) - len(release))
    same_epoch = int(ours.group("epoch") or 0) == int(theirs.group("epoch") or 0)
    return same_epoch and release[: len(wanted)] == wanted
