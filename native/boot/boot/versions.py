"""Compare versions and specifiers by PEP 440, as far as markers and interpreter constraints need.

Nearly all versions consist of digits and dots. Only the others need `re`, whose import takes longer than the rest of a cold start.
"""

PATTERN = r"""^\s*v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(?:\.[0-9]+)*)
    (?P<pre>[-_.]?(?P<pre_name>a|b|c|rc|alpha|beta|pre|preview)[-_.]?(?P<pre_number>[0-9]*))?
    (?P<post>-(?P<post_number1>[0-9]+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number2>[0-9]*))?
    (?P<dev>[-_.]?dev[-_.]?(?P<dev_number>[0-9]*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$"""
# Python may refuse to convert a longer text to a number: this is the lowest value of its limit.
LENGTH_MAX = 640
# The key of a final release: it is no prerelease, postrelease or development release.
FINAL = (3, 0), -1, float("inf")
PRE_RANK = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}


class NotAVersion(ValueError):
    pass


def parse(text):
    """Return (epoch, release without trailing zeros, pre/post/dev key). The local part is ignored."""
    epoch, release, match = split(text)
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    return epoch, tuple(release), key(match) if match else FINAL


def split(text):
    """Return the epoch, the release as a list of numbers, and the match of PATTERN, or `None` for a plain release."""
    if len(text) > LENGTH_MAX:
        raise NotAVersion(text)
    parts = text.split(".")
    if all([part and not part.strip("0123456789") for part in parts]):
        return 0, [int(part) for part in parts], None
    import re

    match = re.match(PATTERN, text, re.VERBOSE | re.IGNORECASE)
    # With IGNORECASE, two letters outside ASCII match letters of the pattern.
    if not match or max(text.strip()) > "\x7f":
        raise NotAVersion(text)
    release = [int(part) for part in match.group("release").split(".")]
    return int(match.group("epoch") or 0), release, match


def local(text):
    """Return the key by which local parts of versions are compared, or `None` for a version without one."""
    match = split(text)[2]
    if not (match and match.group("local")):
        return None
    parts = match.group("local").lower().replace("-", ".").replace("_", ".").split(".")
    return [int(part) if part.isdigit() else part for part in parts]


def key(match):
    """Return the key that orders versions of one release."""
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
    """Return whether PEP 440 allows this specifier."""
    wanted = wanted.strip()
    is_prefix = wanted.endswith(".*")
    if operator not in ("==", "!=", "<", "<=", ">", ">=", "~=", "==="):
        return False
    if operator == "===":
        return len(wanted.split()) < 2 and set(wanted).isdisjoint(";)")
    try:
        _, release, match = split(wanted[:-2] if is_prefix else wanted)
    except NotAVersion:
        return False
    if operator in ("==", "!="):
        return not is_prefix or not match or not any(match.group("pre", "post", "dev", "local"))
    return (
        not is_prefix
        and not (match and match.group("local"))
        and (operator != "~=" or len(release) > 1)
    )


def satisfies(version, specifiers):
    """Return whether a version satisfies all of the `[operator, version]` pairs. Prereleases are accepted."""
    return all(_satisfies(version, operator, wanted) for operator, wanted in specifiers)


def _satisfies(version, operator, wanted):
    wanted = wanted.strip()
    if operator == "===":
        return version.lower() == wanted.lower()
    if wanted.endswith(".*"):
        return _starts(version, *split(wanted[:-2])[:2]) == (operator == "==")
    ours, theirs = parse(version), parse(wanted)
    if operator in ("==", "!="):
        is_same = ours == theirs and local(wanted) in (None, local(version))
        return is_same == (operator == "==")
    if operator == "<=":
        return ours <= theirs
    if operator == ">=":
        return ours >= theirs
    if operator == "<":
        # Prereleases of the bound are not below it, unless the bound is a prerelease. The first would be its development
        # release 0.
        pre, post, dev = theirs[2]
        if pre == FINAL[0] and dev == FINAL[2]:
            theirs = theirs[:2] + ((pre if post >= 0 else (-1, 0), post, 0),)
        return ours < theirs
    if operator == ">":
        # Postreleases of the bound are not above it, unless the bound is a postrelease.
        pre, post, dev = theirs[2]
        is_its_postrelease = ours[:2] + ours[2][:1] == theirs[:2] + (pre,) and ours[2][1] >= 0
        return ours > theirs and not (is_its_postrelease and post < 0 and dev == FINAL[2])
    if operator == "~=":
        epoch, release, _ = split(wanted)
        return ours >= theirs and _starts(version, epoch, release[:-1])
    raise NotAVersion(operator)


def _starts(version, epoch, wanted):
    ours, release, _ = split(version)
    release += [0] * (len(wanted) - len(release))
    return ours == epoch and release[: len(wanted)] == wanted
