"""Shows a person what is in a CZEX."""

from __future__ import annotations

import time
from pathlib import Path
from typing import IO, Sequence

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from pexcz.cache import Cache, Pruned
from pexcz.czexfile import Czex
from pexcz.verify import Damage


def console(file: IO[str] | None = None) -> Console:
    """What shows a text as it is: `CPython[gil]` and a file called `[/a]` are no markup."""
    return Console(file=file, markup=False, emoji=False)


def show(czex: Czex, console: Console) -> None:
    """Print the entry point, the constraints, the packs and the runtimes of a CZEX."""
    info, manifest = czex.info, czex.manifest
    facts = Table.grid(padding=(0, 2))
    layout = "directory" if czex.path.is_dir() else "file"
    facts.add_row(layout, f"{czex.path} ({decimal(czex.size)})")
    facts.add_row("fingerprint", manifest["fingerprint"])
    facts.add_row(
        "entry point", info.get("script") or info.get("entry_point") or "(an interpreter)"
    )
    constraints = [constraint["text"] for constraint in manifest["interpreter_constraints"]]
    facts.add_row("interpreters", " or ".join(constraints) or "(any)")
    facts.add_row("mode", "venv" if info.get("venv") else "zipapp")
    pex_version = (info.get("build_properties") or {}).get("pex_version", "?")
    facts.add_row("built by", f"Pex {pex_version}")
    console.print(facts)

    packs = Table(title="Packs", title_justify="left")
    for heading in ("pack", "files", "raw", "packed", "fingerprint"):
        packs.add_column(heading, justify="left" if heading in ("pack", "fingerprint") else "right")
    for record in manifest["packs"]:
        packs.add_row(
            record.get("name", record["kind"]),
            str(record["files"]),
            decimal(record["content_size"]),
            decimal(record["size"]),
            record["sha256"][:40],
        )
    console.print(packs)

    runtimes = Table(title="Runtimes", title_justify="left")
    runtimes.add_column("platform")
    runtimes.add_column("raw", justify="right")
    for platform, facts_of_runtime in sorted(manifest["runtimes"].items()):
        runtimes.add_row(platform, decimal(facts_of_runtime["size"]))
    console.print(runtimes)


def show_cache(cache: Cache, console: Console) -> None:
    """Print how large a cache is, and when each environment in it was used last."""
    facts = Table.grid(padding=(0, 2))
    facts.add_row("cache", f"{cache.root} ({decimal(cache.size_bytes)})")
    packs = len(cache.packs)
    facts.add_row("wheels, sources", f"{packs} ({decimal(sum(cache.packs.values()))})")
    facts.add_row("left behind", str(len(cache.leftovers)))
    console.print(facts)
    environments = Table(title="Environments", title_justify="left")
    for heading in ("app", "interpreter", "packs", "raw", "last used"):
        environments.add_column(heading, justify="right" if heading in ("packs", "raw") else "left")
    for one in sorted(cache.environments, key=lambda one: one.last_used, reverse=True):
        environments.add_row(
            one.app,
            one.path.name.rpartition("-")[0],
            str(len(one.packs)),
            decimal(one.size_bytes + sum(cache.packs.get(pack, 0) for pack in one.packs)),
            time.strftime("%Y-%m-%d", time.localtime(one.last_used)),
        )
    console.print(environments)


def show_pruned(pruned: Pruned, console: Console) -> None:
    """Print what was removed from a cache, and what was not."""
    console.print(
        f"Removed {pruned.environments} environments, and {pruned.packs} wheels and sources: "
        f"{decimal(pruned.size_bytes)}.",
        soft_wrap=True,
    )
    for path in pruned.in_use:
        console.print(f"Kept {path}, in which an app is running.", soft_wrap=True)


def show_damages(root: Path, damages: Sequence[Damage], console: Console) -> None:
    """Print what was wrong with an installed app."""
    if not damages:
        console.print(f"What it has installed in {root} is as it was packed.", soft_wrap=True)
    for damage in damages:
        console.print(f"{damage.directory} is damaged: {damage.problem}.", soft_wrap=True)
        for environment in damage.used_by:
            console.print(f"Stop what runs in {environment}, and verify again.", soft_wrap=True)
        if not damage.used_by:
            console.print("It was removed; the next start installs it again.", soft_wrap=True)
