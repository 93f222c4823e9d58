"""Installs Pants into a virtual environment and prints its path.

    python3.9 -I install.py REQUIREMENTS

The environment's place depends on the requirements alone, not on who asks: the path of Pants' own
interpreter is part of the key of every process that Pants caches, so two people share results only
where it is the same. It appears there whole, by a rename; a killed installation leaves a directory
that the next one sweeps away.
"""

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List, Optional

SHARED = Path("/var/tmp/pants-bootstrap")

# Cleaners of /var/tmp remove what nobody has read for 30 days, file by file. An environment as old
# as this is made anew before one can have begun to.
SHARED_DAYS_MAX = 20


def places() -> List[Path]:
    """Directories to look for the environment in, and to make it in, best first."""
    chosen = os.environ.get("PANTS_BOOTSTRAP_DIR")
    if chosen:
        return [Path(chosen).absolute()]
    home = os.environ.get("HOME")
    cache = os.environ.get("XDG_CACHE_HOME") or (home and os.path.join(home, ".cache"))
    return [SHARED, Path(cache) / "pants-bootstrap"] if cache else [SHARED]


def is_safe(place: Path) -> bool:
    """Whether nobody but this user and root can have put something into it."""
    try:
        facts = os.lstat(place)
    except FileNotFoundError:
        return False
    return (
        stat.S_ISDIR(facts.st_mode)
        and facts.st_uid in (0, os.geteuid())
        and not facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def is_usable(venv: Path) -> bool:
    """Whether this environment is whole and its interpreter can be started by this user."""
    try:
        complete = os.stat(venv / "complete")
    except OSError:
        return False
    is_old = time.time() - complete.st_mtime > SHARED_DAYS_MAX * 24 * 3600
    if is_old and venv.parent == SHARED and os.access(SHARED, os.W_OK):
        return False
    return os.access(venv / "bin" / "python", os.X_OK)


def make_safe(place: Path) -> bool:
    """Make the directory where it is missing; say whether it can be written and is safe."""
    try:
        place.mkdir(mode=0o755, parents=True)
        place.chmod(0o755)
    except FileExistsError:
        pass
    except OSError:
        return False
    return is_safe(place) and os.access(place, os.W_OK)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that the kernel gives back when this process dies, however it dies."""
    with open(path, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another process to install Pants", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def clean_environment() -> dict:
    """The caller's environment without what would change which interpreter or packages run."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") and name != "__PYVENV_LAUNCHER__"
    }


def install(requirements: Path, venv: Path) -> None:
    """Make the environment in a directory beside its place and rename it there.

    The names of scripts' interpreters are those of that directory, so nothing may start a script by
    itself: the launcher gives Pants to the environment's `bin/python`.
    """
    for leftover in venv.parent.glob(venv.name + ".*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=venv.name + ".", suffix=".tmp", dir=venv.parent))
    try:
        print(f"Installing Pants in {venv}", file=sys.stderr)
        environment = clean_environment()
        run = [sys.executable, "-I", "-m", "venv", str(work)]
        subprocess.run(run, env=environment, stdout=sys.stderr, check=True)
        pip = [str(work / "bin" / "python"), "-I", "-m", "pip", "--disable-pip-version-check"]
        pinned = ["--no-deps", "--only-binary=pantsbuild.pants", "--require-hashes"]
        subprocess.run(
            [*pip, "install", "--quiet", *pinned, "--requirement", str(requirements)],
            env=environment,
            stdout=sys.stderr,
            check=True,
        )
        work.chmod(0o755)
        (work / "complete").touch()
        shutil.rmtree(venv, ignore_errors=True)
        work.rename(venv)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def find(name: str) -> Optional[Path]:
    for place in places():
        if is_safe(place) and is_usable(place / name):
            return place / name
    return None


def main(requirements: Path) -> Optional[Path]:
    content = requirements.read_bytes() + sys.version.encode()
    name = hashlib.sha256(content).hexdigest()[:16]
    venv = find(name)
    if venv:
        return venv
    os.umask(0o022)
    for place in places():
        if make_safe(place):
            with locked(place / f"{name}.lock"):
                if not is_usable(place / name):
                    install(requirements, place / name)
            return place / name
    return None


if __name__ == "__main__":
    try:
        environment = main(Path(sys.argv[1]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"Pants could not be installed: {error.cmd[3]} ended with {error.returncode}.")
    if environment is None:
        sys.exit(
            "Pants could not be installed: none of these directories can be written by you and by "
            f"nobody else: {', '.join(map(str, places()))}. Set PANTS_BOOTSTRAP_DIR to one."
        )
    print(environment)
