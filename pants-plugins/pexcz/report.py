"""Print reports on a CZEX and on the cache."""

from __future__ import annotations

import time
from pathlib import Path
from typing import IO, Any, Dict, Iterable, List

from rich.console import Console, JustifyMethod
from rich.filesize import decimal
from rich.table import Column, Table
from rich.text import Text

from pexcz.cache import Cache, Pruned
from pexcz.czexfile import Czex, packs
from pexcz.doctor import Diagnosis
from pexcz.errors import printable
from pexcz.verify import Repair


class _Console(Console):
    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str("\n".join(map(printable, text.split("\n"))), **options)

    def on_broken_pipe(self) -> None:
        """Raise the error again, where rich would exit without a message."""
        raise


def console(file: IO[str] | None = None) -> Console:
    """Return a console without markup, so that texts such as `CPython[gil]` and a file `[/a]` are printed unchanged."""
    return _Console(file=file, markup=False, emoji=False)


def show(czex: Czex, console: Console) -> None:
    """Print the entry point, the constraints, the packs and the runtimes of a CZEX."""
    info, manifest = czex.info, czex.manifest
    facts = Table.grid("", Column(overflow="fold"), padding=(0, 2))
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

    table = Table(title="Packs", title_justify="left")
    for heading in ("pack", "files", "raw", "packed", "fingerprint"):
        table.add_column(heading, justify="left" if heading in ("pack", "fingerprint") else "right")
    records = list(packs(manifest))
    for record, name in records:
        table.add_row(name, *_sizes([record]), record["fingerprint"])
    table.add_section()
    compiled = [tag for record in manifest["packs"] for tag in record["bytecode"]]
    table.add_row("wheels and sources", *_sizes(manifest["packs"]))
    for tag in sorted(set(compiled)):
        of_tag = [record["bytecode"].get(tag) for record in manifest["packs"]]
        table.add_row(f"bytecode for {tag}", *_sizes(filter(None, of_tag)))
    if compiled:
        table.add_row("all", *_sizes(record for record, _ in records))
    console.print(table)

    runtimes = Table(title="Runtimes", title_justify="left")
    runtimes.add_column("platform")
    runtimes.add_column("raw", justify="right")
    for platform in sorted(manifest["runtimes"]):
        runtimes.add_row(platform, decimal(czex.runtime_size(platform)))
    console.print(runtimes)


def _sizes(records: Iterable[Dict[str, Any]]) -> List[str]:
    """Return the number of files in these packs, and their sizes, unpacked and packed."""
    records = list(records)
    sums = {
        key: sum(record[key] for record in records) for key in ("files", "content_size", "size")
    }
    return [str(sums["files"]), decimal(sums["content_size"]), decimal(sums["size"])]


def show_cache(cache: Cache, console: Console) -> None:
    """Print the size of a cache, and when each environment in it was used last."""
    facts = Table.grid("", Column(overflow="fold"), padding=(0, 2))
    facts.add_row("cache", f"{cache.root} ({decimal(cache.size_bytes)})")
    facts.add_row("wheels, sources", f"{len(cache.packs)} ({decimal(sum(cache.packs.values()))})")
    facts.add_row("left behind", str(len(cache.leftovers)))
    apps = [one for one in cache.environments if one.app]
    chosen = len(cache.environments) - len(apps)
    if chosen:
        facts.add_row("choices of another interpreter", str(chosen))
    console.print(facts)
    environments = Table(title="Environments", title_justify="left")
    for heading in ("app", "interpreter", "packs", "raw", "last used"):
        justify: JustifyMethod = "right" if heading in ("packs", "raw") else "left"
        environments.add_column(heading, justify=justify, overflow="fold")
    for one in sorted(apps, key=lambda one: one.last_used, reverse=True):
        environments.add_row(
            one.app,
            one.path.name.rpartition("-")[0],
            str(len(one.packs)),
            decimal(one.size_bytes + sum(cache.packs.get(pack, 0) for pack in one.packs)),
            time.strftime("%Y-%m-%d", time.localtime(one.last_used)),
        )
    console.print(environments)


def show_pruned(pruned: Pruned, console: Console) -> None:
    """Print the files that were removed from a cache, and the files that were kept."""
    console.print(
        f"Removed {pruned.environments} environments, and {pruned.packs} wheels and sources: "
        f"{decimal(pruned.size_bytes)}.",
        soft_wrap=True,
    )
    if pruned.young:
        console.print(
            f"Kept {pruned.young} environments, wheels and sources that are less than a minute old: a start may be "
            "about to use them.",
            soft_wrap=True,
        )
    for path in pruned.in_use:
        console.print(f"Kept {path}: an app is running in it.", soft_wrap=True)


def show_repair(root: Path, repair: Repair, console: Console) -> None:
    """Print the damages of an installed app, and the directories that were removed."""
    if not repair.damages:
        console.print(f"Its installed files in {root} are as they were packed.", soft_wrap=True)
    for damage in repair.damages:
        console.print(f"{damage.directory} is damaged: {damage.problem}.", soft_wrap=True)
        for environment in damage.used_by:
            console.print(
                f"Stop the app that runs in {environment}, and verify again.", soft_wrap=True
            )
        if not damage.used_by:
            console.print("It was removed; the next start installs it again.", soft_wrap=True)
    for environment in repair.environments:
        console.print(
            f"The environment {environment} was removed, with all packages that its app has "
            "installed there; the next start makes it again.",
            soft_wrap=True,
        )


def show_diagnosis(found: Diagnosis, console: Console) -> None:
    """Print the parts of a start, and the problems of each part."""
    file, interpreter, variables, cache, environment = (part.facts for part in found.parts.values())
    texts: Dict[str, List[str | None]] = {
        "file": [str(file["path"])],
        "interpreter": [interpreter.get("path"), interpreter.get("name")],
        "variables": [f"{name}={value}" for name, value in variables.get("values", {}).items()],
        "cache": [cache.get("path")],
        "environment": [environment.get("path")],
    }
    if "size" in file:
        texts["file"] += [decimal(file["size"]), f"for {' '.join(file['platforms'])}"]
    if "found_first" in interpreter:
        texts["interpreter"].append(f"instead of {interpreter['found_first']}")
    if "found_by" in interpreter:
        texts["interpreter"].append(f"found by {interpreter['found_by']}")
    if cache.get("free") is not None:
        texts["cache"].append(f"{decimal(cache['free'])} free")
    if environment.get("path"):
        needed = decimal(cache.get("needed") or 0)
        is_there = environment["installed"]
        texts["environment"].append("installed" if is_there else f"to be installed: {needed}")
    for name, part in found.parts.items():
        text = ", ".join(filter(None, texts[name])) or "(none)"
        console.print(f"{name:<13}{text}", soft_wrap=True)
        for kind, lines in (("problem", part.problems), ("note", part.notes)):
            for line in lines:
                console.print(f"{'':13}{kind}: {line}", soft_wrap=True)
    count = len(found.problems)
    console.print(f"{count or 'No'} problem{'' if count == 1 else 's'}.")
