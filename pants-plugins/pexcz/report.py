"""Shows a person what is in a CZEX."""

from __future__ import annotations

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from pexcz.czexfile import Czex


def show(czex: Czex, console: Console) -> None:
    """Print the entry point, the constraints, the packs and the runtimes of a CZEX."""
    info, manifest = czex.info, czex.manifest
    facts = Table.grid(padding=(0, 2))
    facts.add_row("file", f"{czex.path} ({decimal(czex.size)})")
    facts.add_row("fingerprint", manifest["fingerprint"])
    facts.add_row(
        "entry point", info.get("script") or info.get("entry_point") or "(an interpreter)"
    )
    constraints = [constraint["text"] for constraint in manifest["interpreter_constraints"]]
    facts.add_row("interpreters", " or ".join(constraints) or "(any)")
    facts.add_row("mode", "venv" if info.get("venv") else "zipapp")
    facts.add_row("built by", "Pex " + (info.get("build_properties") or {}).get("pex_version", "?"))
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
