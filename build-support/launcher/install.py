"""Install Pants into a virtual environment, and print its path.

    python3.9 -I install.py REQUIREMENTS

The path of the environment depends only on the requirements, not on the user. The path of Pants' interpreter is a part of
the cache key of every process, so users share results only if it is the same for all. A rename puts the environment in its
place as a whole. If an installation is killed, the next one removes its directory.
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

# Cleaners of /var/tmp remove single files that were not read for 30 days. An environment is replaced before they can
# remove a part of it.
SHARED_DAYS_MAX = 20


def places() -> List[Path]:
    """Return the directories that may contain the environment, in order of preference."""
    chosen = os.environ.get("PANTS_BOOTSTRAP_DIR")
    if chosen:
        return [Path(chosen).absolute()]
    home = os.environ.get("HOME")
    cache = os.environ.get("XDG_CACHE_HOME") or (home and os.path.join(home, ".cache"))
    return [SHARED, Path(cache) / "pants-bootstrap"] if cache else [SHARED]


def is_safe(place: Path) -> bool:
    """Return whether only this user and root can have written to a directory."""
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
    """Return whether an environment is complete, and this user can start its interpreter."""
    try:
        complete = os.stat(venv / "complete")
    except OSError:
        return False
    is_old = time.time() - complete.st_mtime > SHARED_DAYS_MAX * 24 * 3600
    if is_old and venv.parent == SHARED and os.access(SHARED, os.W_OK):
        return False
    return os.access(venv / "bin" / "python", os.X_OK)


def make_safe(place: Path) -> bool:
    """Make a directory if it is missing. Return whether it is safe and writable."""
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
    """Hold a lock, which the kernel releases when this process ends in any way."""
    with open(path, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another process to install Pants", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def clean_environment() -> dict:
    """Return the caller's environment without variables that change the interpreter or its packages."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") and name != "__PYVENV_LAUNCHER__"
    }


def install(requirements: Path, venv: Path) -> None:
    """Make the environment in a temporary directory beside its path, and rename it.

    The shebangs of its scripts name the temporary directory, so scripts don't work. The launcher runs Pants by
    `bin/python`.
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
        sys.exit(f"can't install Pants: {error.cmd[3]} ended with exit code {error.returncode}")
    if environment is None:
        sys.exit(
            "can't install Pants: it needs a directory that only you can write to, and can't use "
            f"{', '.join(map(str, places()))}; set PANTS_BOOTSTRAP_DIR to such a directory"
        )
    print(environment)
