"""A Linux for another processor: a directory with its Python, its C library and its shell, which `qemu-user` runs.

The files are packages of Debian. The kernel starts qemu for each program of the other processor, also for one that another
program starts. Each process of a test gets this setting, binfmt_misc, for itself, so nothing changes on the machine.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

from testing.machine import PATIENCE_SECONDS, Machine
from testing.missing import missing
from testing.systems import System

PYTHON = "/usr/bin/python3"
PACKAGES = ("coreutils", "dash", "python3")
# Makes programs for another processor startable ($1), and enters the directory ($2) where the tests ($3) are at their own path.
ENTER = """\
set -e
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
cat "$1" >/proc/sys/fs/binfmt_misc/register
for directory in /dev /proc "$3"; do
  mount --rbind "$directory" "$2$directory"
done
root=$2
shift 3
exec /usr/sbin/chroot "$root" "$@"
"""


@dataclass(frozen=True)
class Port:
    """A port of Debian, the name of its processor in qemu, and the version of its Python."""

    name: str
    processor: str
    release: str = "bookworm"
    python: str = "cpython3.11"


PORTS: Mapping[str, Port] = {
    "linux-aarch64": Port("arm64", "aarch64"),
    "linux-armv7": Port("armhf", "arm"),
    "linux-ppc64le": Port("ppc64el", "ppc64le"),
    "linux-riscv64": Port("riscv64", "riscv64", "trixie", "cpython3.13"),
    "linux-s390x": Port("s390x", "s390x"),
}


@dataclass(frozen=True)
class Foreign:
    """A Linux for another processor. All tests of a run share it.

    :param enter: The words before a command that runs there.
    """

    platform: str
    enter: Sequence[str]

    @property
    def system(self) -> System:
        return self.platform, PORTS[self.platform].python

    def machine(self, home: Path) -> Machine:
        home.mkdir(exist_ok=True)
        return Machine(home, enter=self.enter)


def make_foreign(platform: str, root: Path, tests: Path) -> Foreign:
    """Make a Linux for the platform in the directory `root`, which sees the directory `tests`."""
    port = PORTS[platform]
    for tool in ("mmdebstrap", "unshare", f"qemu-{port.processor}-static"):
        if not shutil.which(tool):
            missing(tool)
    command = ["mmdebstrap", "--variant=extract", f"--architectures={port.name}"]
    command += [f"--include={','.join(PACKAGES)}", port.release, str(root), _source(port.release)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    if process.returncode != 0:
        missing(f"way to make a Debian for {port.name}: {process.stderr[-1000:]}")
    for name in ("bin", "lib"):
        if not (root / name).exists():
            (root / name).symlink_to(f"usr/{name}")
    for directory in ("dev", "proc", str(tests).lstrip("/")):
        (root / directory).mkdir(parents=True, exist_ok=True)
    format_of_programs = f"/usr/lib/binfmt.d/qemu-{port.processor}.conf"
    namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", ENTER, "sh"]
    foreign = Foreign(platform, [*namespace, format_of_programs, str(root), str(tests)])
    outcome = foreign.machine(tests).run("/bin/sh", "-c", "echo it runs")
    if outcome.stdout != "it runs\n":
        missing(f"way to run programs for {port.name}: {outcome.stderr}")
    return foreign


def _source(release: str) -> str:
    """Return a line for apt, with the first mirror of this machine."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    mirrors = subprocess.run(command, capture_output=True, text=True).stdout.split()
    if not mirrors:
        missing("mirror of Debian")
    return f"deb {mirrors[0]} {release} main"
