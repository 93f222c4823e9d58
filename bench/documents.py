"""Writes the tables into documents, between the marks `<!-- bench NAME -->` and `<!-- bench end -->`."""

from __future__ import annotations

import re
from pathlib import Path

from bench.find import Results
from bench.report import MAKERS, sections

MARKED = re.compile(r"(<!-- bench ([a-z]+) -->\n)(.*?)(<!-- bench end -->)", re.S)


def filled(text: str, results: Results) -> str:
    """The text with the tables of the results. Where there is nothing to say of a section, it says so."""
    found = sections(results)

    def section(match: re.Match[str]) -> str:
        start, name, _, end = match.groups()
        if name not in MAKERS:
            raise ValueError(f"there is no section {name!r}, only {sorted(MAKERS)}")
        if name not in found:
            return start + "\nNot measured.\n\n" + end
        tables = "\n".join(table.markdown() for table in found[name])
        return f"{start}\n{tables}\n{end}"

    return MARKED.sub(section, text)


def write(path: Path, results: Results) -> None:
    path.write_text(filled(path.read_text(), results))
